"""A column under another name: the likely one proposed, the line to add, earlier months kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.taken import TakenIn

Make = Callable[..., SchemeMapping]
Take = Callable[..., TakenIn]
Write = Callable[..., Path]


@pytest.fixture
def rows(number: Callable[[int], str]) -> list[list[str]]:
    return [[number(n), f"{n + 1:02d}/04/2019", "GP", "Phone", "Y"] for n in range(5)]


@pytest.fixture
def refused(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]]
) -> Callable[..., tuple[str, tuple[str, ...]]]:
    """What is said of a file with these headings, and of how to go on."""

    def run(headings: Sequence[str], cells: Sequence[Sequence[str]] = ()) -> Any:
        csv_file("gp.csv", [list(headings), *(cells or rows)])
        taken = take(gp_book())
        assert set(taken.rejection["rule"]) == {"column_missing"}
        (reason,) = set(taken.rejection["reason"])
        return reason, taken.notices

    return run


def lines_in(notices: Sequence[str]) -> list[dict[str, str]]:
    """The lines to add, read as YAML would read them in the mapping."""
    found = [notice.partition("renamed: ")[2] for notice in notices if "renamed: " in notice]
    return [one for line in found for one in yaml.safe_load(line)]


def test_the_line_proposed_makes_the_month_readable_and_leaves_the_earlier_ones(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]], refused: Any
) -> None:
    new = ["NHS", "Date seen", "Who", "How", "Came"]
    reason, notices = refused(new)
    assert "'Date seen' may be 'Date' under another name: what it holds fits." in reason
    assert "add to 'gp' in data_contracts/schemes/testshire/mapping.yaml" in " ".join(notices)
    lines = lines_in(notices)
    assert lines == [{"column": "Date", "to": "Date seen", "from": "2019-04"}]
    mended = gp_book(renamed=lines)
    assert take(mended).delivery["rows_accepted"].to_list() == [5]
    csv_file("gp.csv", [["NHS", "Date", "Who", "How", "Came"], *rows])
    earlier = [[row[0], "01/03/2019", *row[2:]] for row in rows]
    back = take(mended)  # and when the old heading comes back: a line for the list there is
    assert back.rejection["rule"].to_list() == ["column_missing"]
    (told,) = (one for one in back.notices if "from 2019-04 on" in one)
    assert "'Date' is called so again from 2019-04 on, add to the list 'renamed' of 'gp'" in told
    assert told.endswith('mapping.yaml:  {column: "Date", to: "Date", from: 2019-04}')
    csv_file("gp.csv", [["NHS", "Date", "Who", "How", "Came"], *earlier])
    assert take(mended, month="2019-03").delivery["rows_accepted"].to_list() == [5]


def test_a_name_may_change_more_than_once(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]]
) -> None:
    steps = [{"column": "Who", "to": "Seen by", "from": "2019-03"},
             {"column": "Who", "to": "Clinician", "from": "2019-01"}]  # fmt: skip
    mapping = gp_book(renamed=steps)
    earlier = [[row[0], "01/12/2018", *row[2:]] for row in rows]
    for month, heading in (("2018-12", "Who"), ("2019-02", "Clinician"), ("2019-04", "Seen by")):
        csv_file("gp.csv", [["NHS", "Date", heading, "How", "Came"], *earlier])
        assert take(mapping, month=month).delivery["rows_accepted"].to_list() == [5], month


def test_cells_alone_tell_where_only_one_column_fits(refused: Any, rows: list[list[str]]) -> None:
    reason, _ = refused(["NHS", "Kontakt", "Who", "How", "Came"])
    assert "'Kontakt' may be 'Date' under another name: what it holds fits." in reason
    two = [[*row, row[1]] for row in rows]
    reason, notices = refused(["NHS", "Kontakt", "Who", "How", "Came", "Typed in"], two)
    assert "may be" not in reason
    assert lines_in(notices) == []


def test_a_heading_spelt_alike_whose_cells_are_of_another_kind_is_not_proposed(
    refused: Any, rows: list[list[str]]
) -> None:
    odd = [[row[0], "no idea", *row[2:]] for row in rows]
    reason, notices = refused(["NHS", "Dates", "Who", "How", "Came"], odd)
    assert "may be" not in reason
    assert lines_in(notices) == []


def test_an_empty_column_is_proposed_by_its_heading_alone(
    refused: Any, rows: list[list[str]]
) -> None:
    reason, _ = refused(
        ["NHS", "Dates", "Who", "How", "Came"], [[row[0], "", *row[2:]] for row in rows]
    )
    assert "'Dates' may be 'Date' under another name. Add" in reason


def test_two_columns_renamed_at_once_are_told_apart_by_what_they_hold(refused: Any) -> None:
    reason, notices = refused(["NHS", "Date", "Practitioner", "Manner", "Came"])
    assert "'Practitioner' may be 'Who'" in reason
    assert "'Manner' may be 'How'" in reason
    assert {one["column"]: one["to"] for one in lines_in(notices)} == {
        "Who": "Practitioner",
        "How": "Manner",
    }


def test_numbers_of_people_are_known_by_their_form_and_never_quoted(
    refused: Any, rows: list[list[str]]
) -> None:
    reason, notices = refused(["Patient", "Date", "Who", "How", "Came"])
    assert "'Patient' may be 'NHS'" in reason
    said = reason + " ".join(notices)
    assert not any(row[0] in said for row in rows)


def test_a_table_with_layouts_wants_another_layout_and_no_line(
    gp_book: Make, take: Take, csv_file: Write, rows: list[list[str]]
) -> None:
    names = ("NHS", "Date", "Who", "How", "Came")
    mapping = gp_book(layouts={"A": {"columns": {name: name for name in names}}})
    csv_file("gp.csv", [["NHS", "Date seen", "Who", "How", "Came"], *rows])
    taken = take(mapping)
    assert "'Date seen' may be 'Date'" in taken.rejection["reason"].item()
    assert lines_in(taken.notices) == []


@pytest.mark.parametrize(
    ("renamed", "more", "told"),
    [
        ([{"column": "Whom", "to": "x", "from": "2019-01"}], {}, "nothing else speaks of"),
        ([{"column": "Who", "to": "Date", "from": "2019-01"}], {}, "the same heading"),
        ([{"column": "Who", "to": "x", "from": "2019-01"},
          {"column": "Who", "to": "y", "from": "2019-01"}], {}, "renamed twice"),
        ([{"column": "Who", "to": "x", "from": "2019-13"}], {}, "pattern"),
        ([{"column": "Who", "to": "x", "from": "2019-01"}],
         {"layouts": {"A": {"columns": {n: n for n in ("NHS", "Date", "Who", "How", "Came")}}}},
         "add a layout"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    gp_book: Make, renamed: list[dict[str, str]], more: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        gp_book(renamed=renamed, **more)
