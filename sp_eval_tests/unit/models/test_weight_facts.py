"""How far a comparison rests on few people, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from sp_eval.comparison.covariates import Covariates
from sp_eval.comparison.scheme_design import PoolDesign, SchemeDesign
from sp_eval.models.weight_facts import weight_facts
from sp_eval.study.windows import Window

MAY = 2017 * 12 + 5


def a_design() -> SchemeDesign:
    """One set in May and one in June; person 12 serves in both and is referred in August."""
    candidates = pl.DataFrame(
        {
            "candidate_id": [1, 2, 3, 4],
            "person_number": [11, 12, 12, 13],
            "index_month": [date(2017, 5, 1), date(2017, 5, 1), date(2017, 6, 1), date(2017, 6, 1)],
            "index_date": [date(2017, 5, 9), date(2017, 5, 9), date(2017, 6, 9), date(2017, 6, 9)],
            "first_referral_date": [date(2017, 5, 9), date(2017, 8, 2), date(2017, 8, 2), None],
            "is_exposed": [True, False, False, False],
        }
    )
    matched = pl.DataFrame(
        {
            "candidate_id": [1, 2, 3, 4],
            "match_set": [1, 1, 9, 9],
            "exposed": [True, False, False, False],
            "weight": [1.0, 1.0, 0.5, 0.5],
        }
    )
    hazards = pl.DataFrame(
        [(12, MAY + 1, 0.5), (12, MAY + 2, 0.92), (13, MAY + 2, 0.96)],
        schema={"person_number": pl.Int64, "month": pl.Int32, "hazard": pl.Float64},
        orient="row",
    )
    pool = PoolDesign("area", matched, pl.DataFrame(), 2, 2, 2.0, pool_has_non_referring=True)
    nothing = Covariates(pl.DataFrame(), {}, ())
    return SchemeDesign(candidates, nothing, pool, None, hazards, pl.DataFrame())


def test_facts_by_hand() -> None:
    found = weight_facts(a_design(), Window(1, 60))
    # Months 0 to 2 of each row. Row 2: 1, 2, 25; row 3: 1, 12.5, gone; row 4: 1, 25, 25.
    assert found.largest_weight == pytest.approx(25)
    assert found.share_at_cap == pytest.approx(3 / 8)
    assert found.largest_uses == 2
    assert found.share_referred_later == pytest.approx(1 / 2)


def test_a_referral_after_the_window_is_no_later_referral() -> None:
    assert weight_facts(a_design(), Window(1, 30)).share_referred_later == 0


def test_nobody_matched_weighs_nothing() -> None:
    design = a_design()
    empty = replace(design, primary=replace(design.primary, matched=design.primary.matched.clear()))
    assert weight_facts(empty, Window(1, 60)).largest_uses == 0
