"""The whole evaluation against the specification worked through by loops, on one small world."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from sp_eval.cohort.build import build_candidates, build_core, read_eligible, read_history
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.comparison.scheme_design import SchemeDesign, design_scheme
from sp_eval.evaluation import evaluate_tables
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import simulate
from sp_eval.warehouse.connection import open_memory
from sp_eval_tests.reference.literal_cohort import (
    COUNTED,
    candidate_rows,
    describe,
    fit_logit,
    match,
    read_people,
)
from sp_eval_tests.reference.literal_models import expected_ratio, fit_outcome
from sp_eval_tests.support.studies import a_study

COVERED = (date(2016, 4, 1), date(2019, 4, 1))
WINDOW = (30, 395)
OUTCOMES = (*COUNTED, "hospital_attendance", "emergency_bed_days")


@cache
def tables() -> dict[str, pl.DataFrame]:
    # Frequent deaths and moves, so that the edges of registration matter.
    settings = WorldSettings(
        people=1_200, referred=150, seed=78, practices=8, mortality=3.0, mobility=3.0,
        hazard_slope=0.45, consent_refused=0.03,
    )  # fmt: skip
    return simulate(settings).tables


@cache
def study() -> Any:
    return a_study(observed={"from": COVERED[0], "to": COVERED[1] - timedelta(days=1)})


@cache
def by_loops() -> dict[str, Any]:
    people = read_people(tables(), COVERED)
    seed, index = study().seed, study().index
    rows = candidate_rows(people, seed=seed, first=index.from_, last=index.to, covered=COVERED)
    names = describe(rows)
    for row, logit in zip(rows, fit_logit(rows, names), strict=True):
        row.logit = logit
    sets = match(rows, seed=seed)
    referring = {row.practice for row in rows if row.exposed}
    at_referring = [row for row in rows if row.practice in referring]
    kept = {id(row): dict(row.columns) for row in rows}
    describe(at_referring)  # the hazard's own percentiles
    logits = fit_logit(at_referring, names)
    hazards = {
        (row.person.number, row.month): float(1 / (1 + np.exp(-logit)))
        for row, logit in zip(at_referring, logits, strict=True)
    }
    for row in rows:
        row.columns = kept[id(row)]
    return {"rows": rows, "names": names, "sets": sets, "hazards": hazards}


@cache
def design() -> SchemeDesign:
    conn = open_memory()
    store_extracts(conn, tables(), observed=study().observed)
    build_core(conn)
    build_candidates(conn, study())
    found = design_scheme(
        read_eligible(conn, "rotherham"), read_history(conn, "rotherham"), study()
    )
    conn.close()
    return found


@cache
def estimates() -> pl.DataFrame:
    relaxed = {"matched_share": 0.5, "smd": 0.5, "weights_at_cap": 0.5, "effective_comparison": 0.1}
    return evaluate_tables(tables(), study().model_copy(
        update={"thresholds": study().thresholds.model_copy(update=relaxed)}
    ))  # fmt: skip


def test_candidates_are_the_same_people_on_the_same_days():
    ours = {
        (r["person_number"], r["index_date"], r["is_exposed"], r["practice_code"])
        for r in design().candidates.iter_rows(named=True)
    }
    theirs = {(r.person.number, r.index, r.exposed, r.practice) for r in by_loops()["rows"]}
    assert ours == theirs
    assert sum(r.exposed for r in by_loops()["rows"]) > 80


def test_scores_agree():
    number = design().candidates.select("candidate_id", "person_number", "index_month")
    ours = design().primary.matched.join(number, on="candidate_id")
    theirs = {(r.person.number, r.month): r.logit for r in by_loops()["rows"]}
    for row in ours.iter_rows(named=True):
        expected = theirs[row["person_number"], row["index_month"]]
        assert row["ps_logit"] == pytest.approx(expected, abs=1e-7)


def test_matched_sets_are_the_same():
    number = design().candidates.select("candidate_id", "person_number", "index_month")
    ours = design().primary.matched.join(number, on="candidate_id")
    found = {
        frozenset(zip(s["person_number"], s["index_month"], strict=True))
        for s in ours.partition_by("match_set")
    }
    theirs = {frozenset((r.person.number, r.month) for r in s) for s in by_loops()["sets"]}
    assert found == theirs
    assert len(theirs) > 60


def test_hazards_agree():
    ours = {
        (n, date((m - 1) // 12, (m - 1) % 12 + 1, 1)): h
        for n, m, h in design().hazards.select("person_number", "month", "hazard").iter_rows()
    }
    theirs = by_loops()["hazards"]
    assert ours.keys() == theirs.keys()
    assert all(ours[key] == pytest.approx(theirs[key], abs=1e-6) for key in ours)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_rate_ratio_difference_and_their_errors_agree(outcome):
    found = by_loops()
    exposed_practices = {r.practice for r in found["rows"] if r.exposed}
    theirs = fit_outcome(
        found["sets"], outcome, found["hazards"], window=WINDOW, covered=COVERED,
        by_practice=any(r.practice not in exposed_practices for r in found["rows"]),
    )  # fmt: skip
    own = estimates().filter(outcome=outcome, role="primary")
    ratio = own.filter(scale="rate_ratio").row(0, named=True)
    difference = own.filter(pl.col("scale") != "rate_ratio").row(0, named=True)
    from scipy import stats

    quantile = stats.t.ppf(0.975, 7)
    assert ratio["n_analysed"] == theirs.exposed_rows
    assert np.log(ratio["point"]) == pytest.approx(theirs.log_ratio, abs=1e-6)
    assert np.log(ratio["ci_high"] / ratio["point"]) == pytest.approx(
        quantile * theirs.se, rel=1e-5
    )
    assert difference["point"] == pytest.approx(theirs.difference, rel=1e-5)
    assert difference["ci_high"] - difference["point"] == pytest.approx(
        stats.norm.ppf(0.975) * theirs.difference_se, rel=1e-5
    )


@pytest.mark.parametrize("outcome", ["gp_contact", "hospital_attendance", "emergency_bed_days"])
def test_expected_from_selection_agrees(outcome):
    found = by_loops()
    theirs = expected_ratio(
        found["rows"], found["names"], outcome, found["hazards"], window=WINDOW, covered=COVERED
    )
    own = estimates().filter(outcome=outcome, method="expected_from_selection")
    assert own["point"].item() == pytest.approx(theirs, rel=5e-3)  # but for the ridge
