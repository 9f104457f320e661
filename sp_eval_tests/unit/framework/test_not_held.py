"""What a scheme does not send is said where an answer hangs on it."""

from __future__ import annotations

from sp_eval.cohort.build import read_eligible, read_history
from sp_eval.comparison.scheme_design import design_scheme
from sp_eval.framework.design_store import SchemeCompared
from sp_eval.framework.not_held import blind_spot, reason_not_held
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
