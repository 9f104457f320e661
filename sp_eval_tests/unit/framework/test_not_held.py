"""What a scheme does not send is said where an answer hangs on it."""

from __future__ import annotations

import polars as pl
import pytest

from sp_eval.cohort.build import read_eligible, read_history
from sp_eval.comparison.scheme_design import design_scheme
from sp_eval.contracts.mapping_verbs import ColumnRule
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.framework import scheme_rows as own_rows
from sp_eval.framework.design_store import SchemeCompared
from sp_eval.framework.gate import Check, Gate
from sp_eval.framework.not_held import blind_spot, columns_presumed, not_sent, reason_not_held
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.scheme_compared import gate_of
from sp_eval.study.outcomes import OUTCOMES
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world


def test_the_reason_is_the_mappings_own() -> None:
    told = reason_not_held("tower_hamlets", OUTCOMES["ae_attendance"])
    assert told is not None
    assert told.startswith("this scheme sends no hospital activity file: hospital data stay")
    assert reason_not_held("tower_hamlets", OUTCOMES["gp_contact"]) is None
    assert reason_not_held("nowhere", OUTCOMES["gp_contact"]) is None


def test_the_gate_stays_shut_where_gp_contacts_are_not_sent() -> None:
    assert blind_spot("rotherham") is None
    told = blind_spot("ways_to_wellness")
    assert told is not None
    study = a_study()
    conn = candidates_of(small_world().tables, study)
    design = design_scheme(read_eligible(conn, "rotherham"), read_history(conn, "rotherham"), study)
    seen, unseen = (
        gate_of(SchemeCompared(code, design, [], None), study)
        for code in ("rotherham", "ways_to_wellness")
    )
    assert seen is not None
    assert unseen is not None
    new = [check.name for check in unseen.checks if check not in seen.checks]
    assert new == ["busy_weeks_known"]
    assert not unseen.is_open
    assert told in (unseen.reason or "")


GP_AND_AE = a_study(outcomes=[{"name": "gp_contact", "role": "primary"}, {"name": "ae_attendance"}])


def reasons(rows: list[own_rows.Row]) -> dict[str, str]:
    return {row["outcome"]: row["withheld_reason"] for row in rows if row["role"] == "primary"}


def test_behind_a_shut_gate_what_is_not_sent_keeps_its_own_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_rows, "_described", lambda *_: [])
    shut = Gate((Check("matched_share", 0.8, 0.9, passed=False, sentence="Too few matched."),))
    maker = RowMaker(GP_AND_AE, "city_and_hackney", 100, "")
    told = reasons(
        own_rows.scheme_rows(maker, None, shut, None, frozenset({"gp_contact"}))  # type: ignore[arg-type]
    )
    assert told["gp_contact"] == shut.reason
    assert told["ae_attendance"].startswith("this scheme sends no hospital activity file")


def test_care_that_is_sent_is_not_said_to_lack_what_only_the_comparison_lacks() -> None:
    maker = RowMaker(GP_AND_AE, "ways_to_wellness", 100, "")
    reason = reason_not_held("ways_to_wellness", OUTCOMES["gp_contact"]) or ""
    alone = pl.DataFrame(schema={"outcome": pl.String})
    told = reasons(own_rows.not_answerable_rows(maker, reason, alone, frozenset()))
    assert told["gp_contact"] == reason
    before = "people are compared by GP and nurse contacts before referral, and this scheme sends"
    assert told["ae_attendance"].startswith(before)
    other = reasons(own_rows.not_answerable_rows(maker, "Nobody.", alone, frozenset()))
    assert other["ae_attendance"] == "Nobody."


def test_what_is_not_sent_is_named_by_table() -> None:
    assert not_sent("halton", OUTCOMES["gp_contact"]) == ("gp_contact", "person")
    assert not_sent("ways_to_wellness", OUTCOMES["ae_attendance"]) == ()
    assert not_sent("nowhere", OUTCOMES["ae_attendance"]) == ()


def test_what_a_mapping_says_of_every_row_is_told() -> None:
    mapping = load_mapping("city_and_hackney")
    presumed = columns_presumed(mapping)
    assert presumed["referral.route"] == "gp"
    assert presumed["outcome_response.instrument"] == "hads or eq5d5l or general_health"
    # of three tables of hospital care, one alone is of one kind
    assert "hospital_activity.activity" not in columns_presumed(load_mapping("rotherham"))
    everybody = ColumnRule(const=True)
    cases = mapping.datasets["cases"].model_copy(update={"columns": {"is_carer": everybody}})
    said = columns_presumed(mapping.model_copy(update={"datasets": {"cases": cases}}))
    assert said == {"referral.is_carer": "true"}
