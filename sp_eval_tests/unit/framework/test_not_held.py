"""What a scheme does not send is said where an answer hangs on it."""

from __future__ import annotations

from sp_eval.framework.not_held import blind_spot, reason_not_held
from sp_eval.framework.rows import RowMaker
from sp_eval.models.estimate import Estimate
from sp_eval.study.outcomes import OUTCOMES
from sp_eval_tests.support.studies import a_study


def test_the_reason_is_the_mappings_own() -> None:
    told = reason_not_held("tower_hamlets", OUTCOMES["ae_attendance"])
    assert told is not None
    assert told.startswith("this scheme sends no hospital activity file: hospital data stay")
    assert reason_not_held("tower_hamlets", OUTCOMES["gp_contact"]) is None
    assert reason_not_held("nowhere", OUTCOMES["gp_contact"]) is None


def test_a_comparison_without_gp_contacts_says_which_way_it_leans() -> None:
    assert blind_spot("rotherham") is None
    study = a_study()
    found = Estimate(
        method="matched_rate_ratio", scale="rate_ratio", point=1.1, ci_low=1.0, ci_high=1.2,
        ci_level=0.95, p_value=0.05, n_analysed=100, n_comparison=500, events_exposed=50,
        person_years_exposed=100.0,
    )  # fmt: skip
    for scheme, says in (("ways_to_wellness", True), ("rotherham", False)):
        maker = RowMaker(study, scheme, 100, "run")
        notes = maker.released(study.primary, found, role="primary")["notes"] or ""
        assert ("leans towards more care" in notes) is says
