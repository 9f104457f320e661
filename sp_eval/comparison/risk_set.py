"""Rolling entry: each exposed person matched in that month to people not exposed so far."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import polars as pl

from sp_eval.comparison.method_warning import USE_ONCE, MethodWarning
from sp_eval.comparison.nearest import Order, match_nearest
from sp_eval.comparison.outcome_guard import refuse_outcomes
from sp_eval.comparison.units import check_ids, check_names, with_exposed

__all__ = ["match_risk_set"]


def match_risk_set(
    candidates: pl.DataFrame,
    *,
    exposed: str,
    score: str,
    month: str = "index_month",
    exact: Sequence[str] = (),
    ratio: int = 1,
    caliper: float | None = None,
    order: Order = "largest",
    use_once: bool = False,
    id: str = "person_key",  # noqa: A002
    seed: int | None = None,
    draw: str | None = None,
) -> pl.DataFrame:
    """Match each exposed person within the month of exposure, to people not yet exposed by then.

    Parameters
    ----------
    candidates : one row a person and calendar month in which the person could be analysed.
        `exposed` Boolean: true in the month of exposure, which a person has once at most; none of
        their rows is later than that. `score` as known in that month.
    month : column of the month: dates are taken by their calendar month, anything else as it is.
    use_once : a comparison person serves once in the whole study, months in their order. Known
        to mislead, and warned of. Otherwise a person serves once a month, in any number of months;
        standard errors must then allow for it.
    exact, ratio, caliper, order, id, seed, draw : as for `match_nearest`, within the month.

    Returns
    -------
    `month` (as named), `match_set` (the exposed person's id), `id`, `exposed`, `distance`,
    `weight`, by month. A person may be a comparison in one month and exposed in a later one, but
    is never in one's own set.

    Raises
    ------
    ValueError : as `match_nearest`; two rows of a person and month; a person exposed twice, or
        still a candidate after exposure.

    Warns
    -----
    MethodWarning : `use_once`.

    Assumes
    -------
    Given the score and the month, who is exposed now and who not yet differ by chance. Nothing is
    asked of what comes later: to leave out the later exposed would pick by the future (in
    simulation a rate ratio 6.7% too high). Source: Li, Propert & Rosenbaum (2001), Journal of the
    American Statistical Association 96:870, doi 10.1198/016214501753208573; Lu (2005), Biometrics
    61:721, doi 10.1111/j.1541-0420.2005.00356.x.
    """
    refuse_outcomes(candidates.columns)
    check_names(candidates, [score, *exact, *([draw] if draw else [])])
    rows = _by_month(candidates, exposed, id, month)
    if use_once:
        warnings.warn(USE_ONCE, MethodWarning, stacklevel=2)
    used = rows[id].clear()
    matched = []
    for part in rows.partition_by(month, maintain_order=True) or [rows]:
        found = match_nearest(
            part.filter(pl.col(exposed) | ~pl.col(id).is_in(used.implode())),
            exposed=exposed,
            score=score,
            exact=exact,
            ratio=ratio,
            caliper=caliper,
            order=order,
            id=id,
            seed=seed,
            draw=draw,
        )
        if use_once:
            used = pl.concat([used, found.filter(~pl.col("exposed"))[id]])
        own_month = part[month].gather(np.zeros(found.height, dtype=np.int64))
        matched.append(found.select(own_month, pl.all()))
    return pl.concat(matched)


def _by_month(candidates: pl.DataFrame, exposed: str, person: str, month: str) -> pl.DataFrame:
    """The rows by month, otherwise as they stood; nobody twice in one, or at risk once exposed."""
    check_names(candidates, [person, month])
    candidates = with_exposed(candidates, exposed)
    if candidates[month].dtype in (pl.Date, pl.Datetime):
        candidates = candidates.with_columns(pl.col(month).dt.truncate("1mo"))
    check_ids(candidates, [person, month])
    own = candidates.filter(exposed).select(person, pl.col(month).alias("__exposed_in"))
    twice = own.height - own[person].n_unique()
    if twice:
        raise ValueError(f"{twice} persons are exposed in more than one month: keep the first")
    late = candidates.join(own, on=person).filter(pl.col(month) > pl.col("__exposed_in")).height
    if late:
        raise ValueError(
            f"{late} rows are of persons already exposed in an earlier month, who are no longer at "
            "risk: drop a person's rows after the month of exposure"
        )
    return candidates.sort(month, maintain_order=True)
