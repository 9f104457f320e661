"""Whose level is what, and whom people of a level are compared with."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest

from sp_eval.cohort.build import read_eligible, read_history
from sp_eval.comparison.scheme_design import SchemeDesign, design_scheme
from sp_eval.comparison.subgroup_levels import level_numbers, levels_of
from sp_eval.study.design import Subgroup
from sp_eval.study.subgroups import division_of
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world

NAMES: tuple[Subgroup, ...] = ("earlier_use", "age", "sex", "deprivation", "ethnicity", "ltc_count")
STUDY = a_study(subgroups=[*NAMES, "carer"])


def numbers(name: Subgroup, values: list[object]) -> list[int]:
    column = level_numbers(pl.col("v"), division_of(name, "gp_contact"))
    return pl.DataFrame({"v": values}).select(column).to_series().to_list()


def test_levels_by_hand() -> None:
    assert numbers("age", [0, 49, 50, 64, 65, 79, 80, 104, None]) == [1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert numbers("sex", ["female", "male", "other", "unknown", None]) == [1, 2, 3, 3, 3]
    assert numbers("deprivation", [1, 2, 3, 4, 5, None]) == [1, 1, 2, 3, 3, 4]
    letters = ["A", "C", "D", "G", "H", "L", "M", "P", "R", "S", "Z", "99", None]
    assert numbers("ethnicity", letters) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6]
    assert numbers("ltc_count", [0, 1, 2, 3, 4, 11, None]) == [1, 2, 3, 3, 4, 4, 5]
    assert numbers("earlier_use", [0, 2, 3, 5, 6, 60]) == [1, 1, 2, 2, 3, 3]
    assert numbers("carer", [True, False, None]) == [1, 2, 3]


def test_earlier_use_counts_the_main_care_and_not_the_last_ninety_days() -> None:
    candidates = pl.DataFrame(
        {
            "candidate_id": [7, 8, 9], "age": [40, 60, None], "sex": ["female", "male", None],
            "imd_quintile": [1, 3, None], "ethnic_category": ["A", "H", "Z"],
            "ltc_count": [0, 2, None],
        }
    )  # fmt: skip
    history = pl.DataFrame(
        [
            (7, "gp_contact", "d30_0", 30), (7, "gp_contact", "d180_90", 2),
            (8, "gp_contact", "d180_90", 2), (8, "gp_contact", "d365_180", 4),
            (9, "ae_attendance", "d365_180", 9), (9, "gp_contact", "d90_60", 5),
        ],
        schema=["candidate_id", "outcome", "band", "quantity"], orient="row",
    )  # fmt: skip
    divisions = [division_of(name, "gp_contact") for name in (*NAMES, "carer")]
    found = levels_of(candidates, history, divisions, primary="gp_contact")
    assert found.columns == ["candidate_id", *NAMES]  # carers are known of people referred alone
    assert found["candidate_id"].to_list() == [7, 8, 9]
    assert found["earlier_use"].to_list() == [1, 3, 1]
    assert found["age"].to_list() == [1, 2, 5]
    assert found["ethnicity"].to_list() == [1, 3, 6]


@cache
def designed() -> tuple[SchemeDesign, pl.DataFrame]:
    conn = candidates_of(small_world().tables, STUDY)
    candidates, history = read_eligible(conn, "rotherham"), read_history(conn, "rotherham")
    conn.close()
    divisions = [division_of(name, "gp_contact") for name in NAMES]
    design = design_scheme(candidates, history, STUDY)
    return design, levels_of(design.candidates, history, divisions, primary="gp_contact")


@pytest.mark.parametrize("name", NAMES)
def test_sets_are_of_one_level_and_one_month(name: str) -> None:
    design, levels = designed()
    sets = design.subgroups.matched.filter(subgroup=name)
    assert sets.height > 300
    facts = levels.join(design.candidates.select("candidate_id", "index_month"), on="candidate_id")
    of_set = sets.join(facts, on="candidate_id").group_by("match_set").agg(
        pl.col(name).n_unique(), pl.col("index_month").n_unique(), pl.col("exposed").sum(),
        others=pl.col("weight").filter(~pl.col("exposed")).sum(),
    )  # fmt: skip
    assert of_set.select(name, "index_month", "exposed").unique().rows() == [(1, 1, 1)]
    assert of_set["others"].to_list() == pytest.approx([1.0] * of_set.height)
    told = sets.filter(~pl.col("exposed"))
    assert told["candidate_id"].n_unique() == told.height  # nobody serves twice in a month


def test_levels_are_told_of_every_eligible_person_referred() -> None:
    design, levels = designed()
    exposed = design.candidates.filter("is_exposed")["candidate_id"]
    told = design.subgroups.levels
    assert set(told["subgroup"]) == set(NAMES)
    for name in NAMES:
        own = told.filter(subgroup=name).sort("candidate_id")
        assert own["candidate_id"].to_list() == exposed.sort().to_list()
        expected = levels.filter(pl.col("candidate_id").is_in(exposed.implode()))
        assert own["level_number"].to_list() == expected.sort("candidate_id")[name].to_list()


def test_the_primary_sets_are_the_same_with_subgroups_and_without() -> None:
    conn = candidates_of(small_world().tables, STUDY)
    design = design_scheme(
        read_eligible(conn, "rotherham"), read_history(conn, "rotherham"), a_study()
    )
    conn.close()
    assert design.primary.matched.equals(designed()[0].primary.matched)
    assert design.subgroups.levels.is_empty()
    assert design.subgroups.matched.is_empty()


def test_more_people_find_others_where_everybody_gets_a_first_one_first() -> None:
    design, _ = designed()
    eligible = design.candidates.filter("is_exposed").height
    for name in ("sex", "age", "earlier_use"):
        own = design.subgroups.matched.filter(pl.col("subgroup") == name, pl.col("exposed"))
        assert own.height > 0.9 * eligible


def test_people_of_whom_it_is_not_known_are_compared_and_are_a_level_of_their_own() -> None:
    tables = dict(small_world().tables)
    row = pl.int_range(pl.len())
    tables["person"] = tables["person"].with_columns(
        birth_year=pl.when(row % 20 > 0).then("birth_year"),
        ltc_count=pl.when(row % 15 > 0).then("ltc_count"),
    )
    study = a_study(subgroups=["age", "ltc_count"])
    conn = candidates_of(tables, study)
    design = design_scheme(read_eligible(conn, "rotherham"), read_history(conn, "rotherham"), study)
    conn.close()
    assert design.primary.n_matched > 0.9 * design.primary.n_exposed
    assert design.primary.balance["smd_after"].is_finite().all()
    told = design.subgroups.levels.group_by("subgroup").agg(
        unknown=(pl.col("level_number") == 5).sum()
    )
    assert (told["unknown"] > 0).all()
