"""Why there is no answer, and the one thing to do about it, from the reason in the row."""

from __future__ import annotations

from sp_eval.framework.not_held import blind_spot
from sp_eval.report.words import obstacle, way_on


def test_where_gp_contacts_alone_are_lacking_they_alone_are_asked_for() -> None:
    told = blind_spot("ways_to_wellness")
    assert told is not None
    reason = f"{told}. Ways on: another comparison pool; report that the files cannot tell."
    plain = obstacle(reason)
    assert plain is not None
    assert plain.startswith("the scheme sends no GP contacts")
    assert not plain.endswith(".")
    assert way_on(reason) == "ask for the GP contacts of the whole area"
    of_hospital = (
        "people are compared by GP and nurse contacts before referral, and this scheme sends no"
        " GP contact file: none is kept"
    )
    assert way_on(of_hospital) == "ask for the GP contacts of the whole area"
    assert "register" in way_on("this scheme sends no GP contact file: none is kept")
