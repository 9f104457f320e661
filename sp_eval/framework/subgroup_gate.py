"""The design gate asked of each level of a subgroup, before its outcome is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from sp_eval.comparison.balance import balance_table, effective_size
from sp_eval.comparison.scheme_design import PoolDesign, SchemeDesign
from sp_eval.framework.gate import Gate, judge_design
from sp_eval.study.design import Thresholds

__all__ = ["judge_levels", "note_of", "why_withheld"]

_LEAST_SHARE = 0.5  # with fewer it would be about the lesser part of them
_SAID = {
    "matched_share": "fewer than half of those who could be followed found similar people",
    "balance": "the groups of these people differ before referral by more than allowed",
}
_WAYS_ON = (
    ". Ways on: a longer period, so that more people are in this group; or read the estimate of"
    " everybody"
)


def judge_levels(
    design: SchemeDesign, matched: pl.DataFrame, eligible: Mapping[int, int], marks: Thresholds
) -> dict[int, Gate]:
    """The checks of the scheme's design, asked of each level.

    Gaps are in standard deviations of all eligible exposed, as the scheme's are. A level is never
    so large that chance need not be allowed for: what balances everybody balances no level by
    itself, so that chance is what a perfect design leaves. Of scarce people fewer find others of
    their own level: below the scheme's pass mark this is said beside the figure (`note_of`), below
    half there is none.

    Parameters
    ----------
    matched : the columns of `PoolDesign.matched`, and `level_number`.
    eligible : the number of eligible exposed by level.
    """
    known = design.covariates.frame
    exposed = design.candidates.filter("is_exposed").select("candidate_id")
    everybody = exposed.join(known, on="candidate_id", maintain_order="left")
    described = matched.join(known, on="candidate_id", suffix="_again", maintain_order="left")
    return {
        number: judge_design(
            _level_design(design, described.filter(level_number=number), people, everybody),
            marks.model_copy(update={"small_sample": people + 1, "matched_share": _LEAST_SHARE}),
            share_at_cap=0.0,
        )
        for number, people in sorted(eligible.items())
    }


def why_withheld(gate: Gate) -> str:
    """What failed and the ways on; no figure from which the number of people could be had back."""
    told = [_SAID.get(c.name, c.sentence) for c in gate.checks if not c.passed]
    return "; ".join(told) + _WAYS_ON


def note_of(gate: Gate, marks: Thresholds) -> str | None:
    """What must be said beside the figure of a level in which too many found nobody similar."""
    share = next(check.value for check in gate.checks if check.name == "matched_share")
    if share >= marks.matched_share:
        return None
    return (
        f"Fewer than {marks.matched_share:.0%} of these people found similar people of the same"
        " group; the figure is about those who did."
    )


def _level_design(
    design: SchemeDesign, described: pl.DataFrame, people: int, everybody: pl.DataFrame
) -> PoolDesign:
    comparison = described.filter(~pl.col("exposed"))["weight"].to_numpy()
    balance = design.primary.balance.select("covariate", "smd_after").clear()
    if described.height:
        balance = balance_table(
            described,
            exposed="exposed",
            covariates=design.covariates.all,
            weights="weight",
            reference=everybody,
        ).select("covariate", smd_after="smd")
    return replace(
        design.primary,
        matched=described,
        balance=balance,
        n_exposed=people,
        n_matched=described.height - len(comparison),
        effective_comparison=effective_size(comparison),
    )
