"""SNOMED CT identifiers: known ones sound, every slip seen, a spreadsheet's rounding named.

The three codes of social prescribing are those of NHS England's reference set; the others are
well-known concepts. Verhoeff's tables are typed in as published, and followed digit by digit.
"""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sp_eval.ingest.snomed import snomed_faults

REFERRED, DECLINED, OFFERED = "871731000000106", "871711000000103", "871691000000100"
KNOWN = (
    REFERRED, DECLINED, OFFERED, "22298006", "80891009", "73211009", "38341003", "195967001",
    "900000000000207008", "999000011000000103",
)  # fmt: skip
D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
P = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def rules(*texts: str | None) -> list[str | None]:
    """The rule each text breaks, or None."""
    frame = pl.DataFrame({"code": texts}, schema={"code": pl.String})
    faults = list(snomed_faults(pl.col("code")))
    seen = frame.select(fault.breaks.alias(fault.rule) for fault in faults)
    assert seen.null_count().row(0) == (0, 0)
    rows = seen.to_dicts()
    assert all(sum(row.values()) <= 1 for row in rows)
    return [next((rule for rule, breaks in row.items() if breaks), None) for row in rows]


def sum_of(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total = int(D[total][int(P[place % 8][int(digit)])])
    return total


def test_known_codes_and_blanks_are_sound() -> None:
    assert rules(*KNOWN, None) == [None] * (len(KNOWN) + 1)
    assert all(sum_of(code) == 0 for code in KNOWN)
    assert sum_of("2363") == 0  # Verhoeff's own example: 3 is the check digit of 236


@pytest.mark.parametrize(
    "text", ["8.71731E+14", "8.71731e14", "9E+17", "900000000000207000", "871731000000106000"]
)
def test_what_a_spreadsheet_rounds_is_named(text: str) -> None:
    assert rules(text) == ["snomed_rounded"]


@pytest.mark.parametrize(
    "text",
    ["871731000000107", "12345", "0" + REFERRED, REFERRED + " ", "", "x", "-22298006", "22298006.0",
     "1" * 19, "２２２９８００６", "E+14"],
)  # fmt: skip
def test_anything_else_is_a_bad_code(text: str) -> None:
    assert rules(text) == ["snomed_bad_check_digit"]


@given(st.sampled_from(KNOWN), st.data())
def test_one_wrong_digit_or_two_swapped_are_seen(code: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != code[at]]))
    wrong = [code[:at] + other + code[at + 1 :]]
    if at and code[at] != code[at - 1]:
        wrong.append(code[: at - 1] + code[at] + code[at - 1] + code[at + 1 :])
    assert None not in rules(*wrong)


@given(st.lists(st.from_regex(r"[1-9][0-9]{5,17}", fullmatch=True), min_size=1, max_size=30))
def test_it_agrees_with_the_tables_followed_by_hand(codes: list[str]) -> None:
    partitions = {"00", "01", "02", "10", "11", "12"}
    sound = [sum_of(code) == 0 and code[-3:-1] in partitions for code in codes]
    assert [rule is None for rule in rules(*codes)] == sound


def test_a_check_digit_makes_any_stem_sound() -> None:
    stems = [f"{number}0{kind}" for number in range(1000, 1050) for kind in (0, 1, 2)]
    made = [next(s + c for c in "0123456789" if sum_of(s + c) == 0) for s in stems]
    assert rules(*made) == [None] * len(made)
