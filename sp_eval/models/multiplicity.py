"""Many answers at once: p-values adjusted for their number, and whether subgroups differ."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from sp_eval.models.effects import QUESTION, Estimates, effects_of, on_scale
from sp_eval.models.estimate import Estimate
from sp_eval.models.heterogeneity import cochran_q

__all__ = ["Interaction", "benjamini_hochberg", "holm", "interaction"]

_OF_SUBGROUPS = tuple(column for column in QUESTION if column != "population")


@dataclass(frozen=True, slots=True)
class Interaction:
    """Whether estimates of independent subgroups differ by more than chance.

    `q` Cochran's Q on `degrees_of_freedom`, and its `p_value`. `contrast`: of two, the first over
    the second for ratios, the first less the second for differences; None of more than two.
    """

    q: float
    degrees_of_freedom: int
    p_value: float
    contrast: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        contrast = None if self.contrast is None else self.contrast.to_dict()
        return asdict(replace(self, contrast=None)) | {"contrast": contrast}


def holm(p: ArrayLike, *, families: Sequence[Hashable] | None = None) -> NDArray[np.float64]:
    """Adjust p-values so that the chance of any false alarm in a family stays below the level.

    Parameters
    ----------
    p : (n,) p-values, 0 to 1. families : (n,) the family of each; one family where not given.

    Returns
    -------
    (n,) adjusted p-values in the order given, at most 1: compare each with the level wanted.

    Raises
    ------
    ValueError : a value that is no p-value, a null, or families of another length.

    Assumes
    -------
    Nothing about how the tests depend on one another. Families are named before looking.

    Source: Holm, Scandinavian Journal of Statistics 1979;6:65-70, jstor 4615733.
    """
    return _adjusted(p, _step_down, families)


def benjamini_hochberg(
    p: ArrayLike, *, families: Sequence[Hashable] | None = None
) -> NDArray[np.float64]:
    """Adjust p-values so that of what is called a finding at most that share is expected false.

    Parameters, returns and errors as `holm`.

    Assumes
    -------
    Tests independent of one another or positively dependent. For what is explored: a primary
    outcome asks for `holm`.

    Source: Benjamini and Hochberg, JRSS B 1995;57:289-300, doi
    10.1111/j.2517-6161.1995.tb02031.x; by scipy.
    """
    return _adjusted(p, stats.false_discovery_control, families)


def interaction(estimates: Estimates, *, ci_level: float = 0.95) -> Interaction:
    """Test whether estimates of subgroups differ.

    Parameters
    ----------
    estimates : two or more, one a subgroup; see `effects_of`. They must be of one question so far
        as is said, but for the population. ci_level : of the interval of the contrast of two.

    Raises
    ------
    ValueError : fewer than two, or estimates of different questions.

    Assumes
    -------
    Subgroups that share no person; about normal, on the log scale for ratios; errors known. That
    one subgroup's interval leaves 1 out and another's does not, is no sign that they differ.

    Source: Altman and Bland, BMJ 2003;326:219, doi 10.1136/bmj.326.7382.219; of more than two,
    Cochran's Q (`cochran_q`), which for two is the square of their z.
    """
    found = effects_of(estimates, alike=_OF_SUBGROUPS)
    test = cochran_q(found.points.tolist(), found.errors.tolist())
    contrast = None
    if len(found.points) == 2:
        difference = float(found.points[0] - found.points[1])
        error = sqrt(float((found.errors**2).sum()))
        reach = float(stats.norm.ppf(0.5 + ci_level / 2)) * error
        contrast = Estimate(
            method="interaction",
            scale=f"ratio_of_{found.scale}" if found.scale.endswith("ratio") else found.scale,
            point=on_scale(difference, found.scale),
            ci_low=on_scale(difference - reach, found.scale),
            ci_high=on_scale(difference + reach, found.scale),
            ci_level=ci_level,
            p_value=test.p_value,
            standard_error=error,
        )
    return Interaction(test.q, test.degrees_of_freedom, test.p_value, contrast)


def _adjusted(
    p: ArrayLike,
    adjust: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    families: Sequence[Hashable] | None,
) -> NDArray[np.float64]:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("p-values must lie between 0 and 1: leave out those that are not known")
    named = [None] * len(values) if families is None else list(families)
    if len(named) != len(values):
        raise ValueError("'families' must name one family for each p-value")
    adjusted = np.empty_like(values)
    for family in dict.fromkeys(named):
        member = np.array([name == family for name in named])
        adjusted[member] = adjust(values[member])
    return adjusted


def _step_down(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each times the number of those no smaller; never below one that is smaller."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    times = np.arange(len(p), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(times * p[order]))
    return adjusted
