"""The national standard: every item has its column or a reason; codes are sound; pages are true.

`python -m sp_eval_tests.contract.test_information_standard` writes the page's table anew.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from sp_eval.contracts.codes import code_table, code_values, codes_of_list
from sp_eval.contracts.information_standard import covered_groups, standard_items
from sp_eval.contracts.mapping_verbs import Check
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.ingest.checks import check_faults
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.snomed import snomed_faults

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "information-standard.md"
BEGIN, END = "<!-- items -->", "<!-- end of items -->"


def items_table() -> str:
    """The items as the page tells them."""
    lines = ["| group | item | smallest set | column | how sure |", "|---|---|---|---|---|"]
    for row in code_table("information_standard"):
        columns = [f"`{column}`" for column in row["column"].split()]
        held = " or ".join(columns) or "none"
        told = f"{held}: {row['note']}" if row["note"] else held
        lines.append(
            f"| {row['group']} | {row['item']} | {row['minimum']} | {told} | {row['confidence']} |"
        )
    return "\n".join(lines)


def written_anew(text: str) -> str:
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{items_table()}\n{END}{rest.split(END)[1]}"


def test_every_item_has_a_column_that_is_there_or_a_reason() -> None:
    extract = {f"{n}.{c}" for n in contract_names("extract") for c in load_contract(n).names}
    for item in standard_items():
        assert extract.issuperset(item.columns)
        assert item.columns or item.note


def test_coverage_is_counted_by_group() -> None:
    found = {group.group: group for group in covered_groups()}
    assert list(found) == ["demographics", "needs and concerns", "support offered", "outcomes"]
    # counted by hand in the list: seven items, all of the smallest set, the name without a column
    people = found["demographics"]
    assert (people.items, people.held, people.minimum, people.minimum_held) == (7, 6, 7, 6)
    nothing = covered_groups(set())
    assert [group.held for group in nothing] == [0, 0, 0, 0]


def test_the_page_tells_the_items() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert written_anew(text) == text


def test_codes_are_sound_and_each_version_is_kept_once() -> None:
    rows = code_table("social_prescribing_code")
    codes = pl.DataFrame({"code": [row["code"] for row in rows if row["system"] == "SNOMED CT"]})
    broken = codes.select(
        fault.breaks.any().alias(fault.rule) for fault in snomed_faults(pl.col("code"))
    )
    assert not any(broken.row(0))
    keys = [(row["list"], row["version"], row["code"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert codes_of_list("referral/1") == ("871731000000106",)
    assert codes_of_list("referral/99") == ()


def test_a_mapping_may_hold_a_column_to_a_list() -> None:
    with pytest.raises(ValueError, match="there is no code list 'referrals/1'"):
        Check(code_list="referrals/1")
    dating = Dating("%Y-%m-%d", date(2019, 4, 30), from_workbook=False)
    faults = check_faults({"Code": Check(code_list="declined/1")}, dating)
    frame = pl.DataFrame({"Code": ["871711000000103", "871731000000106", None]})
    (only,) = list(faults)
    assert only.fault.rule == "unknown_code"
    assert frame.select(only.fault.breaks).to_series().to_list() == [False, True, False]


def test_words_of_activities_fall_into_the_shared_list_once_and_plainly() -> None:
    words = [row["word"] for row in code_table("activity_word")]
    assert len(set(words)) == len(words)
    assert words == [word.strip().lower() for word in words]
    assert set(code_values("activity_word.code")) <= set(code_values("activity_type.code"))
    assert {"alcohol", "smoking", "caring_role", "debt", "housing", "social_isolation"} <= set(
        code_values("need.code")
    )


def test_a_code_that_is_none_is_told_once() -> None:
    dating = Dating("%Y-%m-%d", date(2019, 4, 30), from_workbook=False)
    check = Check(code="snomed_ct", code_list="service/1")
    frame = pl.DataFrame(
        {"Code": ["871691000000100", "22298006", "8.71731E+14", "871731000000107"]}
    )
    found = frame.select(
        one.fault.breaks.alias(one.fault.rule) for one in check_faults({"Code": check}, dating)
    )
    told = [[rule for rule, breaks in row.items() if breaks] for row in found.to_dicts()]
    assert told == [[], ["unknown_code"], ["snomed_rounded"], ["snomed_bad_check_digit"]]


if __name__ == "__main__":
    PAGE.write_text(written_anew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
