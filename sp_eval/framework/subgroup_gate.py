"""The design gate asked of each level of a subgroup, before its outcome is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from sp_eval.comparison.balance import balance_table, effective_size
from sp_eval.comparison.scheme_design import PoolDesign, SchemeDesign
from sp_eval.framework.gate import Gate, judge_design
from sp_eval.study.design import Thresholds

__all__ = ["judge_levels", "why_withheld"]

_WAYS_ON = (
    ". Ways on: a longer period, so that more people are in this group; or read the estimate of"
    " everybody"
)


def judge_levels(
    design: SchemeDesign, matched: pl.DataFrame, eligible: Mapping[int, int], marks: Thresholds
) -> dict[int, Gate]:
    """The scheme's own pass marks, asked of each level.

    Gaps are in standard deviations of all eligible exposed, as the scheme's are. A level is never
    so large that chance need not be allowed for: what balances everybody balances no level by
    itself, so that chance is all that a perfect design leaves.

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
            marks.model_copy(update={"small_sample": people + 1}),
            share_at_cap=0.0,
        )
        for number, people in sorted(eligible.items())
    }


def why_withheld(gate: Gate) -> str:
    """What failed and the ways on; no figure from which the number of people could be had back."""
    told = [
        "the groups of these people differ before referral by more than allowed"
        if check.name == "balance"
        else check.sentence
        for check in gate.checks
        if not check.passed
    ]
    return "; ".join(told) + _WAYS_ON


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
