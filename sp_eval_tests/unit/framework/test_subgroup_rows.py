"""Rows of `published.subgroup`: what is found of whom, what is withheld, and why."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import polars as pl
import pytest

from sp_eval.cohort.build import build_core, read_carers
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.contracts.frames import conform, failures, polars_schema
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import compare, estimate, subgroups_of
from sp_eval.framework.design_store import load_compared
from sp_eval.framework.subgroup_gate import judge_levels, why_withheld
from sp_eval.study.design import StudyDesign
from sp_eval.study.subgroups import division_of
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import World, simulate
from sp_eval.warehouse.connection import Connection, open_memory
from sp_eval_tests.support.studies import a_study

NAMES = ["earlier_use", "age", "sex", "deprivation", "ethnicity", "ltc_count", "carer"]
GP_ONLY = {"outcomes": [{"name": "gp_contact", "role": "primary", "worthwhile": 0.05}]}
CONTRACT = load_contract("subgroup", "published")
FIGURES = ("point", "ci_low", "ci_high")


@cache
def world(scheme: str = "rotherham") -> World:
    return simulate(
        WorldSettings(
            scheme_code=scheme, people=3_500, referred=330, seed=6, hazard_slope=0.4,
            effects={"gp_contact": 1.0},
        )
    )  # fmt: skip


def built(tables: dict[str, pl.DataFrame]) -> Connection:
    conn = open_memory()
    store_extracts(conn, tables)
    build_core(conn)
    return conn


def rows_of(tables: dict[str, pl.DataFrame], study: StudyDesign) -> pl.DataFrame:
    conn = built(tables)
    compare(conn, study)
    rows = subgroups_of(conn, study, estimate(conn, study, run_id="run"))
    conn.close()
    return conform(pl.DataFrame(rows, schema=polars_schema(CONTRACT)), CONTRACT)


@cache
def found() -> pl.DataFrame:
    return rows_of(world().tables, a_study(subgroups=NAMES, **GP_ONLY))


@cache
def differing() -> pl.DataFrame:
    """Of women referred, half of the contacts from referral on are taken away; of men none."""
    tables = dict(world().tables)
    women = tables["person"].filter(pl.col("sex") == "female")["person_key"].unique()
    first = tables["referral"].group_by("person_key").agg(pl.col("referral_date").min())
    helped = first.filter(pl.col("person_key").is_in(women.implode()))
    contacts = tables["gp_contact"].join(helped, on="person_key", how="left", maintain_order="left")
    after = (contacts["contact_date"] >= contacts["referral_date"]).fill_null(value=False)
    dropped = after.to_numpy() & (np.random.default_rng(2).random(len(after)) < 0.5)
    tables["gp_contact"] = contacts.filter(pl.Series(~dropped)).drop("referral_date")
    return rows_of(tables, a_study(subgroups=NAMES, **GP_ONLY))


def test_a_difference_between_groups_is_found_among_seven_looks() -> None:
    sex = differing().filter(subgroup="sex")
    assert sex["p_holm"][0] < 0.01
    ratios = dict(sex.select("level", "point").iter_rows())
    assert ratios["women"] < 0.65
    assert 0.8 < ratios["men"] < 1.25
    others = differing().filter(pl.col("subgroup") != "sex")
    assert others["p_holm"].drop_nulls().min() > 0.05  # type: ignore[operator]


def test_where_nothing_differs_nothing_is_found() -> None:
    tested = found().drop_nulls("p_interaction")
    assert tested["subgroup"].n_unique() >= 5
    assert tested["p_holm"].min() > 0.05  # type: ignore[operator]
    assert (tested["p_holm"] >= tested["p_interaction"]).all()
    assert (tested["p_bh"] >= tested["p_interaction"]).all()
    assert (tested["p_bh"] <= tested["p_holm"]).all()
    alike = tested.group_by("subgroup").agg(pl.col("p_interaction", "p_holm", "p_bh").n_unique())
    assert alike.drop("subgroup").unique().rows() == [(1, 1, 1)]


@pytest.mark.parametrize("made", [found, differing])
def test_rows_keep_their_contract_and_are_each_level_once(made) -> None:
    assert failures(made(), CONTRACT).is_empty()
    for name in NAMES:
        levels = division_of(name, "gp_contact").levels
        told = made().filter(subgroup=name)
        expected = [n for n, level in enumerate(levels, start=1) if level.is_known]
        assert told["level_number"].to_list()[: len(expected)] == expected
        assert set(told["level"]) <= {level.label for level in levels}
    assert set(made()["outcome"]) == {"gp_contact"}


@pytest.mark.parametrize("made", [found, differing])
def test_released_levels_have_figures_and_withheld_ones_a_reason(made) -> None:
    shown, kept = made().filter(status="released"), made().filter(status="withheld")
    assert shown.select(pl.col(FIGURES).is_not_null().all()).row(0) == (True,) * 3
    assert kept.select(pl.col(FIGURES).is_null().all()).row(0) == (True,) * 3
    assert (shown["largest_gap"] <= shown["gap_allowed"]).all()
    assert (shown["events_exposed"] >= 10).all()
    assert kept["withheld_reason"].str.len_chars().min() > 20  # type: ignore[operator]


def test_sets_divided_by_their_referred_person_are_unlike_and_those_matched_anew_are_not() -> None:
    """Of primary sets divided by age, similar people are of any age: hence the second match."""
    study = a_study(subgroups=["age"], **GP_ONLY)
    conn = built(world().tables)
    compare(conn, study)
    design = load_compared(conn, "rotherham").design
    conn.close()
    assert design is not None
    levels = design.subgroups.levels.select("level_number", match_set="candidate_id")
    eligible = dict(levels.group_by("level_number").len().iter_rows())
    gates = [
        judge_levels(design, sets.join(levels, on="match_set"), eligible, study.thresholds)
        for sets in (design.primary.matched, design.subgroups.matched.drop("subgroup"))
    ]
    gaps = [
        [next(c.value for c in gate.checks if c.name == "balance") for gate in one.values()]
        for one in gates
    ]
    assert not any(gate.passed for n, gate in gates[0].items() if n != 2)
    assert max(gaps[0]) > 1
    assert max(gaps[1]) < 0.6
    assert sum(gate.passed for gate in gates[1].values()) >= 3
    for gate in gates[0].values():
        if not gate.passed:
            assert "differ before referral by more than allowed" in why_withheld(gate)
            assert "Ways on:" in why_withheld(gate)
            assert not re.search(r"\d", why_withheld(gate))


def test_a_level_nobody_of_whom_has_similar_people_is_withheld() -> None:
    study = a_study(subgroups=["age"], **GP_ONLY)
    conn = built(world().tables)
    compare(conn, study)
    design = load_compared(conn, "rotherham").design
    conn.close()
    assert design is not None
    sets = design.subgroups.matched.drop("subgroup").with_columns(level_number=pl.lit(1))
    gates = judge_levels(design, sets.clear(), {1: 30}, study.thresholds)
    assert not gates[1].passed
    assert "fewer than half of those who could be followed" in why_withheld(gates[1])


def test_people_of_a_level_add_up_to_everybody_eligible() -> None:
    sums = found().group_by("subgroup").agg(pl.col("n_eligible", "n_analysed").sum())
    assert sums["n_eligible"].n_unique() == 1
    assert (sums["n_analysed"] <= sums["n_eligible"]).all()
    assert (sums["n_analysed"] > 0.8 * sums["n_eligible"]).all()


def test_too_few_found_similar_is_said_beside_the_figure() -> None:
    shown = found().filter(status="released")
    share = shown["n_analysed"] / shown["n_eligible"]
    told = shown["notes"].str.contains("found similar people").fill_null(value=False)
    # who found somebody may still have no day in the window
    assert (share.filter(told) < 0.92).all()
    assert (share.filter(~told) > 0.88).all()


def test_carers_are_as_the_referral_that_starts_the_clock_says() -> None:
    conn = built(world().tables)
    compare(conn, a_study(subgroups=["carer"], **GP_ONLY))
    told = read_carers(conn, "rotherham")
    conn.close()
    first = (
        world().tables["referral"]
        .sort("referral_date").group_by("person_key", maintain_order=True).first()
    )  # fmt: skip
    assert told["person_number"].n_unique() == told.height
    assert told["is_carer"].sum() == pytest.approx(first["is_carer"].sum(), abs=4)


def test_a_scheme_whose_mapping_has_no_carers_says_why() -> None:
    tables = dict(world("gloucestershire").tables)
    tables["referral"] = tables["referral"].with_columns(is_carer=pl.lit(None, dtype=pl.Boolean))
    rows = rows_of(tables, a_study(subgroups=["sex", "carer"], **GP_ONLY))
    carers = rows.filter(subgroup="carer")
    assert carers["level"].to_list() == ["yes", "no"]
    assert set(carers["withheld_reason"]) == {
        "the files do not tell who is in this group: the hubs do not record it"
    }
    assert carers["p_interaction"].null_count() == 2
    sex = rows.filter(subgroup="sex")
    assert sex["p_holm"].to_list() == sex["p_interaction"].to_list()  # one look


def test_a_mapped_column_that_is_blank_is_not_told_as_absent() -> None:
    tables = dict(world().tables)
    tables["referral"] = tables["referral"].with_columns(is_carer=pl.lit(None, dtype=pl.Boolean))
    tables["person"] = tables["person"].with_columns(ethnic_category=pl.lit("Z"))
    rows = rows_of(tables, a_study(subgroups=["carer", "ethnicity"], **GP_ONLY))
    assert set(rows["withheld_reason"]) == {
        "the files tell of nobody whether they are in this group"
    }


def test_carers_not_recorded_are_estimated_and_take_no_part_in_the_test() -> None:
    tables = dict(world().tables)
    third = pl.int_range(pl.len()) % 3 == 0
    tables["referral"] = tables["referral"].with_columns(
        pl.when(~third).then("is_carer").alias("is_carer")
    )
    rows = rows_of(tables, a_study(subgroups=["carer"], **GP_ONLY))
    assert rows["level"].to_list() == ["yes", "no", "not recorded"]
    assert rows.filter(level="not recorded")["n_eligible"].item() > 100
    assert rows.filter(level="not recorded")["status"].item() == "released"


def test_a_scheme_without_an_answer_has_none_for_any_group() -> None:
    shut = a_study(
        subgroups=["sex", "carer"],
        comparison={"covariates": ["age", "sex", "deprivation", "ltc_count", "history_total"]},
        **GP_ONLY,
    )
    rows = rows_of(world().tables, shut)
    assert rows.height == 4
    assert set(rows["status"]) == {"withheld"}
    assert all("differ most before referral" in reason for reason in rows["withheld_reason"])
    tables = dict(world().tables)
    tables["referral"] = tables["referral"].clear()
    nobody = rows_of(tables, a_study(subgroups=["sex"], **GP_ONLY))
    assert set(nobody["withheld_reason"]) == {
        "no referral of this scheme was received, or none could be used"
    }


def test_a_study_without_subgroups_has_no_rows() -> None:
    assert rows_of(world().tables, a_study(**GP_ONLY)).is_empty()


def test_a_gate_opened_by_hand_is_said_beside_every_level() -> None:
    by_hand = a_study(
        subgroups=["sex"],
        comparison={"covariates": ["age", "sex", "deprivation", "ltc_count", "history_total"]},
        override={"by": "A. Person", "reason": "asked for by the board, to see the figures"},
        **GP_ONLY,
    )
    rows = rows_of(world().tables, by_hand)
    for note in rows.filter(status="released")["notes"]:
        assert "decided by A. Person" in note
    withheld = rows.filter(status="withheld")["withheld_reason"]
    assert all("differ before referral" in reason for reason in withheld)
