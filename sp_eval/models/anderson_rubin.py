"""Which effects of an instrument are not rejected: right however weak the instrument."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["AndersonRubin", "anderson_rubin"]


@dataclass(frozen=True, slots=True)
class AndersonRubin:
    """The effects that a test of each does not reject.

    `kind` "inside": those from `low` to `high`; "outside": all but those between; "everything":
    none is rejected (`low` and `high` None).
    """

    kind: Literal["inside", "outside", "everything"]
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def anderson_rubin(
    effect: float, uptake: float, *, errors: tuple[float, float], correlation: float, reach: float
) -> AndersonRubin:
    """Solve (a - b p)^2 <= reach^2 var(a - b p) for the effects b of one instrument.

    Parameters
    ----------
    effect, uptake : a and p, what the instrument does to the outcome and to what it is meant to
        move. errors : their standard errors. correlation : of the two.
    reach : how many standard errors still count as near, such as 1.96.

    Source: Anderson & Rubin (1949), Annals of Mathematical Statistics 20:46, doi
    10.1214/aoms/1177730090; for robust errors Andrews, Stock & Sun (2019), Annual Review of
    Economics 11:727, doi 10.1146/annurev-economics-080218-025643.
    """
    # In units of the errors, so that neither drowns the other.
    one, other = (error if error > 0 else 1.0 for error in errors)
    a, p, square = effect / one, uptake / other, reach**2
    terms = (
        p * p - square * (errors[1] > 0),
        square * correlation - a * p,
        a * a - square * (errors[0] > 0),
    )
    root = terms[1] ** 2 - terms[0] * terms[2]
    if root < 0 or terms[0] == 0:
        return AndersonRubin("everything")
    ends = [(-terms[1] + side * np.sqrt(root)) / terms[0] for side in (-1, 1)]
    low, high = sorted(float(end) * one / other for end in ends)
    return AndersonRubin("inside" if terms[0] > 0 else "outside", low, high)
