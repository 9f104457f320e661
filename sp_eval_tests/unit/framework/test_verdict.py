"""Five words, and when each is said."""

from __future__ import annotations

import pytest

from sp_eval.framework.verdict import Verdict, verdict_of
from sp_eval.models.estimate import Estimate


def ratio(low: float | None, high: float | None) -> Estimate:
    return Estimate("matched_rate_ratio", "rate_ratio", 1.0, ci_low=low, ci_high=high)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.80, 0.90, "fewer"),
        (0.80, 0.999, "fewer"),  # wholly below 1, and not wholly inside the margin
        (0.80, 1.0, "cannot_tell"),
        (0.96, 0.99, "no_worthwhile_change"),  # below 1, but too little to matter
        (0.96, 1.04, "no_worthwhile_change"),
        (1.01, 1.04, "no_worthwhile_change"),
        (0.95, 1.04, "cannot_tell"),  # the margin's edge is outside
        (0.96, 1.05, "cannot_tell"),
        (0.951, 1.049, "no_worthwhile_change"),
        (0.90, 1.10, "cannot_tell"),
        (1.0, 1.2, "cannot_tell"),
        (1.001, 1.2, "more"),
        (1.10, 1.20, "more"),
        (None, None, "not_answerable"),
        (0.8, None, "not_answerable"),
    ],
)
def test_the_verdict_table(low: float | None, high: float | None, said: str) -> None:
    assert verdict_of(ratio(low, high), worthwhile=0.05) == said


def test_the_margin_is_the_outcomes_own() -> None:
    assert verdict_of(ratio(0.91, 1.09), worthwhile=0.1) is Verdict.NO_WORTHWHILE_CHANGE
    assert verdict_of(ratio(0.91, 1.09), worthwhile=0.05) is Verdict.CANNOT_TELL


def test_there_are_five_words() -> None:
    assert {str(v) for v in Verdict} == {
        "fewer", "more", "no_worthwhile_change", "cannot_tell", "not_answerable",
    }  # fmt: skip
