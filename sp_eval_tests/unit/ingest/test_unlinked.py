"""Rows that may lack an identifier by their sender's own rules: kept, and linked to nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]
Told = Callable[[TakenIn], set[tuple[int | None, str, str | None]]]
Number = Callable[[int], str]

HEAD = ["Ref", "NHS", "Date", "Who"]
NOT_SENT = (
    "practice_code", "primary_need", "secondary_needs", "outcome", "first_contact_date",
    "closed_date", "closure_reason", "is_carer", "has_consent",
)  # fmt: skip
REFERRALS: dict[str, Any] = {
    "contract": "referral",
    "file": "r.csv",
    "identifier": "NHS",
    "reference": "Ref",
    "unlinked_when": {"Who": "Self"},
    "columns": {
        "referral_id": {"from": "Ref"},
        "person_key": {"from": "NHS"},
        "referral_date": {"from": "Date", "parse": "date"},
        "route": {"from": "Who", "recode": {"GP": "gp", "Self": "self"}},
        **{name: {"absent": "not supplied"} for name in NOT_SENT},
    },
}


def test_a_row_without_number_is_kept_only_where_the_mapping_says_so(
    mapping: Make, take: Take, csv_file: Write, told: Told, number: Number
) -> None:
    rows = [
        ["R1", number(1), "01/06/2017", "Self"],
        ["R2", "", "02/06/2017", "Self"],
        ["R3", "", "03/06/2017", "Self"],
        ["R4", "", "04/06/2017", "GP"],
        ["R5", "1234567890", "05/06/2017", "Self"],
    ]
    csv_file("r.csv", [HEAD, *rows])
    taken = take(mapping(referrals=REFERRALS))
    assert told(taken) == {(5, "nhs_missing", "NHS"), (6, "nhs_bad_check_digit", "NHS")}
    kept = taken.accepted["referral"]
    assert kept["source_row"].to_list() == [2, 3, 4]
    assert kept["person_key"].n_unique() == 3
    # the same reference gives the same key, so that a later delivery changes nothing
    assert take(mapping(referrals=REFERRALS)).accepted["referral"].equals(kept)


def test_it_asks_for_a_reference_in_place_of_the_number(gp_book: Make) -> None:
    with pytest.raises(ValueError, match="unlinked_when needs an identifier, and a reference"):
        gp_book(unlinked_when={"Who": "GP"})
