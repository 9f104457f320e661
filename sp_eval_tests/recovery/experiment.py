"""Worlds with a known truth, evaluated again and again: how far off, and how often covered.

`python -m sp_eval_tests.recovery.experiment --seeds 20 --out table.parquet` runs every world and
prints the table; the tests beside it assert the same table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from sp_eval.cohort.build import build_core
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.evaluation import compare, estimate
from sp_eval.study.design import StudyDesign
from sp_eval.synthetic.settings import AFFECTED, SCHEMES, WorldSettings
from sp_eval.synthetic.world import World, simulate
from sp_eval.warehouse.connection import open_memory
from sp_eval_tests.support.studies import a_study

__all__ = ["KINDS", "Kind", "evaluate_world", "replicate", "summarise"]

COUNTED = (*AFFECTED, "emergency_bed_days", "hospital_attendance")
_NONE = dict.fromkeys(AFFECTED, 1.0)


@dataclass(frozen=True)
class Kind:
    """A kind of world; `settings` are those of `WorldSettings` that differ from the default."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


KINDS = (
    Kind("fewer"),
    Kind("no effect", {"effects": _NONE}),
    Kind("more", {"effects": {**_NONE, "gp_contact": 1.15, "ae_attendance": 1.10}}),
    Kind("gentle hazard", {"hazard_slope": 0.35}),
    Kind("steady people", {"swing_sd": 0.0}),
    Kind("wilder people", {"swing_sd": 1.2, "frailty_shape": 0.7}),
    Kind("trend and two thirds refer", {"trend_per_year": 0.05, "referring_share": 0.67}),
)


def evaluate_world(world: World, study: StudyDesign) -> pl.DataFrame:
    """Rows of `published.estimate` for the study's own windows and for those without a washout.

    The design is made once; only the window after differs. `days` says which window.
    """
    conn = open_memory()
    try:
        store_extracts(conn, world.tables, observed=study.observed)
        build_core(conn)
        compare(conn, study)
        rows = []
        for washout in (30, 1):
            windows = study.windows.model_copy(update={"washout_days": washout})
            other = study.model_copy(update={"windows": windows})
            found = estimate(conn, other, run_id="")
            rows.append(found.with_columns(days=pl.lit(f"days_{washout}_{washout + 365}")))
        return pl.concat(rows)
    finally:
        conn.close()


def replicate(kind: Kind, *, seed: int, scheme: str, people: int, referred: int) -> pl.DataFrame:
    """One world of a kind against its truth: one row an outcome and window."""
    settings = WorldSettings(
        scheme_code=scheme, people=people, referred=referred, seed=seed, **kind.settings
    )
    world = simulate(settings)
    found = evaluate_world(world, a_study())
    rows = []
    for days in ("days_30_395", "days_1_366"):
        truth = world.truth["analysable"][days]["outcomes"]
        for outcome in COUNTED:
            own = found.filter(pl.col("outcome") == outcome, pl.col("days") == days)
            rows.append(
                {"kind": kind.name, "scheme": scheme, "seed": seed, "days": days}
                | {"outcome": outcome}
                | _against(own, truth[outcome], df=settings.practices - 1)
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def _against(own: pl.DataFrame, truth: dict[str, float], *, df: int) -> dict[str, Any]:
    ratio = own.filter(role="primary", scale="rate_ratio").row(0, named=True)
    difference = own.filter(role="primary", scale="rate_difference_per_1000_person_years").row(
        0, named=True
    )
    expected = own.filter(method="expected_from_selection").row(0, named=True)
    naive = own.filter(method="before_after").row(0, named=True)
    row: dict[str, Any] = {
        "status": ratio["status"],
        "reason": ratio["withheld_reason"],
        "true": truth["true_rate_ratio"],
        "naive": naive["point"],
        "expected_fall": expected["point"],
        "true_fall": truth["before_after_ratio_without_scheme"],
        "fall_low": expected["ci_low"],
        "fall_high": expected["ci_high"],
    }
    if ratio["status"] == "released":
        low, high = np.log(ratio["ci_low"]), np.log(ratio["ci_high"])
        row |= {
            "error": float(np.log(ratio["point"] / truth["true_rate_ratio"])),
            "se": float((high - low) / 2 / stats.t.ppf(0.975, df)),
            "covered": bool(ratio["ci_low"] <= truth["true_rate_ratio"] <= ratio["ci_high"]),
            "verdict": ratio["verdict"],
            "difference_error": difference["point"]
            - truth["true_rate_difference_per_1000_person_years"],
            "difference_covered": difference["ci_low"]
            <= truth["true_rate_difference_per_1000_person_years"]
            <= difference["ci_high"],
        }
    return row


def summarise(rows: pl.DataFrame) -> pl.DataFrame:
    """Mean log error, its Monte Carlo error, coverage, SD over SE, and error of the fall."""
    fall = pl.col("expected_fall") - pl.col("true_fall")
    return (
        rows.group_by("kind", "days", "outcome", maintain_order=True)
        .agg(
            n=pl.col("error").count(),
            withheld=(pl.col("status") == "withheld").sum(),
            mean_error=pl.col("error").mean(),
            mc_error=pl.col("error").std() / pl.col("error").count().sqrt(),
            coverage=pl.col("covered").mean(),
            sd=pl.col("error").std(),
            se=pl.col("se").mean(),
            difference_coverage=pl.col("difference_covered").mean(),
            fall_bias=fall.mean(),
            fall_mc_error=fall.std() / fall.count().sqrt(),
        )
        .with_columns(sd_over_se=pl.col("sd") / pl.col("se"))
    )


def every(
    kinds: tuple[Kind, ...], *, seeds: range, people: int, referred: int
) -> Iterator[pl.DataFrame]:
    """Replicate each kind for each seed and scheme, seeds first so that a stop loses least."""
    for seed in seeds:
        for kind in kinds:
            for scheme in SCHEMES:
                yield replicate(kind, seed=seed, scheme=scheme, people=people, referred=referred)


def main() -> None:
    """Run and print; each replicate is added to the file as it comes."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--first", type=int, default=1001)
    asked.add_argument("--people", type=int, default=20_000)
    asked.add_argument("--referred", type=int, default=1_500)
    asked.add_argument("--kinds", default=",".join(k.name for k in KINDS))
    asked.add_argument("--out", type=Path, required=True)
    given = asked.parse_args()
    kinds = tuple(k for k in KINDS if k.name in given.kinds.split(","))
    found: list[pl.DataFrame] = []
    seeds = range(given.first, given.first + given.seeds)
    for rows in every(kinds, seeds=seeds, people=given.people, referred=given.referred):
        found.append(rows)
        pl.concat(found, how="diagonal_relaxed").write_parquet(given.out)
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200):
        print(summarise(pl.concat(found, how="diagonal_relaxed")))  # noqa: T201


if __name__ == "__main__":
    main()
