"""The design of one scheme's comparison: pools, hazards, samples."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

from sp_eval.cohort.build import read_eligible, read_history
from sp_eval.comparison.propensity import NotConvergedError
from sp_eval.comparison.scheme_design import SchemeDesign, design_scheme
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world


@cache
def eligible(last: date = date(2018, 3, 31)) -> tuple[pl.DataFrame, pl.DataFrame]:
    conn = candidates_of(small_world().tables, a_study(index={"to": last}))
    found = read_eligible(conn, "rotherham"), read_history(conn, "rotherham")
    conn.close()
    return found


@cache
def designed(pool: str = "area", last: date = date(2018, 3, 31)) -> SchemeDesign:
    study = a_study(
        comparison={"pool": pool}, index={"to": last},
        estimators={"sensitivity": ["matched_non_referring"]},
    )  # fmt: skip
    return design_scheme(*eligible(last), study)


def pool_of(pool: str) -> pl.DataFrame:
    matched = designed(pool).primary.matched.filter(~pl.col("exposed"))
    return matched.join(designed(pool).candidates, on="candidate_id")


def test_pools_hold_whom_they_say() -> None:
    assert set(pool_of("area")["is_referring_practice"]) == {True, False}
    assert set(pool_of("non_referring_practices")["is_referring_practice"]) == {False}
    assert set(pool_of("referring_practices")["is_referring_practice"]) == {True}
    assert designed("area").primary.pool_has_non_referring
    assert not designed("referring_practices").primary.pool_has_non_referring


def test_the_other_pool_is_made_only_beside_another() -> None:
    assert designed("area").other is not None
    assert designed("area").other.pool == "non_referring_practices"
    assert designed("non_referring_practices").other is None
    without = design_scheme(*eligible(), a_study(estimators={"sensitivity": []}))
    assert without.other is None


def test_matching_stays_within_calendar_months() -> None:
    design = designed()
    months = design.candidates.select("candidate_id", "index_month")
    sets = design.primary.matched.join(months, on="candidate_id")
    assert (
        sets.group_by("match_set").agg(pl.col("index_month").n_unique())["index_month"].to_list()
        == [1] * sets["match_set"].n_unique()
    )


def test_hazards_are_of_referring_practices_and_of_all_months_also_after_the_last_index_date() -> (
    None
):
    last = date(2017, 10, 31)
    design = designed(last=last)
    rows = eligible(last)[0].filter("is_referring_practice")
    assert design.hazards.height == rows.height
    month = pl.col("index_month")
    months = rows.select((month.dt.year() * 12 + month.dt.month()).unique().sort()).to_series()
    assert set(design.hazards["month"]) == set(months)
    assert max(months) == 2018 * 12 + 3
    assert design.candidates["index_month"].max() == date(2017, 10, 1)


def test_expected_referrals_by_the_hazard_are_those_that_were() -> None:
    design = designed()
    referred = eligible()[0].filter("is_exposed").height
    assert design.hazards["hazard"].sum() == pytest.approx(referred, rel=1e-6)


def test_the_sample_is_of_people_not_referred_in_the_study() -> None:
    design = designed()
    rows = design.sample.join(design.candidates, on="candidate_id")
    assert rows.height == design.candidates.filter(~pl.col("is_exposed")).height
    assert not rows["is_exposed"].any()


def test_the_effective_size_is_of_the_matched_comparison_rows() -> None:
    primary = designed().primary
    weights = primary.matched.filter(~pl.col("exposed"))["weight"].to_numpy()
    assert primary.effective_comparison == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert weights.sum() == pytest.approx(primary.n_matched)
    assert primary.n_exposed == designed().candidates.filter("is_exposed").height


def test_balance_covers_the_lag_columns_whatever_the_study_names() -> None:
    named = ["age", "sex", "deprivation", "ltc_count", "history_total"]
    design = design_scheme(*eligible(), a_study(comparison={"covariates": named}))
    full = designed()
    assert set(design.primary.balance["covariate"]) == set(full.primary.balance["covariate"])
    assert "gp_contact_d30_0" in set(design.primary.balance["covariate"])
    matched, other = design.primary.matched, full.primary.matched
    assert not matched.equals(other)  # the score itself takes only what is named


def test_exact_columns_are_kept_to() -> None:
    design = design_scheme(
        *eligible(), a_study(comparison={"exact": ["calendar_month", "sex", "imd_quintile"]})
    )
    people = design.candidates.select("candidate_id", "sex", "imd_quintile", "index_month")
    sets = design.primary.matched.join(people, on="candidate_id").group_by("match_set")
    kinds = sets.agg(pl.col("sex", "imd_quintile", "index_month").n_unique())
    assert kinds.drop("match_set").max().row(0) == (1, 1, 1)


def test_nobody_referred_is_no_design() -> None:
    candidates, history = eligible()
    with pytest.raises(NotConvergedError):
        design_scheme(candidates.filter(~pl.col("is_exposed")), history, a_study())


def test_nobody_near_enough_leaves_a_design_without_a_match() -> None:
    candidates, history = eligible()
    far = a_study(comparison={"caliper_sd": 1e-9})
    design = design_scheme(candidates, history, far)
    assert design.primary.n_matched < design.primary.n_exposed
    assert np.isfinite(design.primary.effective_comparison)
