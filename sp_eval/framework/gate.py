"""The design gate: what must hold of a comparison before any outcome is read."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from sp_eval.comparison.covariate_names import in_words
from sp_eval.comparison.scheme_design import PoolDesign
from sp_eval.framework.diagnostic import tenths
from sp_eval.models.weight_facts import WeightFacts
from sp_eval.study.design import Override, Thresholds

__all__ = ["Check", "Fact", "Gate", "facts_in_words", "judge_design"]


@dataclass(frozen=True, slots=True)
class Check:
    """One pass mark: `value` against `limit`, and the sentence that says it."""

    name: str
    value: float
    limit: float
    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to know of a comparison that has no pass mark."""

    name: str
    value: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Gate:
    """All checks of one scheme's design, and the facts shown beside them.

    `override`: who had the estimates shown though a check failed, and why, if anybody had.
    """

    checks: tuple[Check, ...]
    facts: tuple[Fact, ...] = ()
    override: Override | None = None

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def is_open(self) -> bool:
        """Whether outcomes may be read: passed, or opened by somebody who says why."""
        return self.passed or self.override is not None

    @property
    def note(self) -> str | None:
        """What prints beside each number for ever where the gate was opened by hand."""
        if self.passed or self.override is None:
            return None
        failed = "; ".join(check.sentence for check in self.checks if not check.passed)
        return (
            f"The groups were not alike enough ({failed}). Shown all the same, as decided by"
            f" {self.override.by}: {self.override.reason.rstrip('.')}."
        )

    @property
    def reason(self) -> str | None:
        """Why estimates are withheld, and the ways on; None when every check passed."""
        failed = [check.sentence for check in self.checks if not check.passed]
        if not failed:
            return None
        return (
            "; ".join(failed)
            + ". Ways on: another comparison pool, a different set of covariates or a wider"
            " period; report that the files cannot tell; or have a named person open the gate with"
            " a written reason ('override' in the study), which then prints beside each number."
        )


def facts_in_words(facts: WeightFacts) -> tuple[Fact, ...]:
    """How far the comparison rests on few people, or on people referred later."""
    later, largest, uses = (
        facts.share_referred_later,
        facts.largest_weight,
        facts.largest_uses,
    )
    return (
        Fact(
            "share_referred_later",
            later,
            f"{tenths(later)} of the similar people were themselves referred later, and count"
            " until the month of their referral",
        ),
        Fact("largest_weight", largest, f"the largest weight of a month is {largest:.1f}"),
        Fact("largest_uses", float(uses), f"one person serves in at most {uses} sets"),
    )


def judge_design(design: PoolDesign, thresholds: Thresholds, *, share_at_cap: float) -> Gate:
    """Judge a matched design by primary_estimator.md clause 10.

    Parameters
    ----------
    share_at_cap : share of the comparison people's monthly weights that reach the cap, 0 to 1.
    """
    share = design.n_matched / design.n_exposed if design.n_exposed else 0.0
    limit = _smd_limit(design, thresholds)
    gap, difference = _worst(design, limit, thresholds)
    size = design.effective_comparison
    need = thresholds.effective_comparison * design.n_exposed
    return Gate(
        (
            Check(
                "matched_share",
                share,
                thresholds.matched_share,
                share >= thresholds.matched_share,
                _shared(share, thresholds),
            ),
            Check(
                "balance",
                gap,
                limit,
                gap <= limit,
                difference,
            ),
            Check(
                "effective_comparison",
                size,
                need,
                size >= need,
                _sized(size, design, thresholds),
            ),
            Check(
                "weights_at_cap",
                share_at_cap,
                thresholds.weights_at_cap,
                share_at_cap < thresholds.weights_at_cap,
                f"{share_at_cap:.2%} of the weights for people referred later reach their cap "
                f"(less than {thresholds.weights_at_cap:.0%} needed)",
            ),
        )
    )


def _shared(share: float, thresholds: Thresholds) -> str:
    least = f"at least {thresholds.matched_share:.0%}"
    if share >= thresholds.matched_share:
        return f"{least} of those who could be followed found similar people, as needed"
    return f"{tenths(share)} of those who could be followed found similar people ({least} needed)"


def _sized(size: float, design: PoolDesign, thresholds: Thresholds) -> str:
    times = size / design.n_exposed if design.n_exposed else 0.0
    return (
        f"the similar people count for {_floor(times, 10):.1f} times as many people as were"
        f" referred (at least {thresholds.effective_comparison:.1f} times needed)"
    )


def _worst(design: PoolDesign, limit: float, thresholds: Thresholds) -> tuple[float, str]:
    """The largest gap of all columns after matching, and the sentence that says it."""
    if design.balance.is_empty() or design.n_matched == 0:
        return float("inf"), "nobody is left in whom the groups could be compared"
    row = design.balance.sort(design.balance["smd_after"].abs(), descending=True).row(0, named=True)
    gap = abs(row["smd_after"])
    shown = f"{limit:.3f}"
    if limit > thresholds.smd:  # made of the number of people: finer, it would give that back
        shown = f"{(ceil if gap <= limit else floor)(limit * 100) / 100:.2f}"
    return gap, (
        f"the groups differ most before referral in {in_words(row['covariate'])}: {gap:.3f}"
        f" standard deviations (at most {shown})"
    )


def _floor(value: float, parts: int) -> float:
    """Down to one of so many parts, so that what falls short never reads as enough.

    No finer, and never a number of people: these sentences also go where counts are hidden.
    """
    return floor(value * parts) / parts


def _smd_limit(design: PoolDesign, thresholds: Thresholds) -> float:
    """The largest gap allowed; wider in small schemes, where chance alone exceeds the usual."""
    if design.n_exposed >= thresholds.small_sample or design.effective_comparison <= 0:
        return thresholds.smd
    chance = 2.5 * float(np.sqrt(1 / max(1, design.n_exposed) + 1 / design.effective_comparison))
    return max(thresholds.smd, chance)
