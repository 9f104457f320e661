"""A delivery held against a mapping: what is unmapped, empty, ambiguous or refused too often."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sp_eval.contracts.mapping_lines import MappingLines
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, schemes_folder
from sp_eval.ingest.examination import Examined, examine
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval_tests.support.runs import run_line

Make = Callable[..., SchemeMapping]
Write = Callable[..., Path]
HEAD = ["NHS", "Date", "Who", "How", "Came"]


@pytest.fixture
def look(
    gp_book: Make, csv_file: Write, tmp_path: Path, number: Callable[[int], str]
) -> Callable[..., dict[tuple[str, str], str]]:
    """(kind, column) -> sentence, for a file of these dates and further cells."""

    def run(
        days: Sequence[str],
        *,
        head: Sequence[str] = HEAD,
        more: Sequence[str] = (),
        **changes: str,
    ) -> dict[tuple[str, str], str]:
        rows = [[number(n), day, "GP", "Phone", "Y", *more] for n, day in enumerate(days)]
        csv_file("gp.csv", [list(head), *rows])
        (found,) = examine(tmp_path, gp_book(**changes), month="2019-12")
        assert found.refused is None
        return {(doubt.kind, doubt.source): doubt.sentence for doubt in found.doubts}

    return run


def test_a_sound_file_raises_no_doubt(look: Callable[..., dict[tuple[str, str], str]]) -> None:
    assert look(["03/04/2019", "25/04/2019", "04/04/2019"]) == {}


def test_dates_that_could_be_read_both_ways(
    look: Callable[..., dict[tuple[str, str], str]],
) -> None:
    told = look(["03/04/2019", "05/06/2019", "07/07/2019"])[("ambiguous", "Date")]
    assert "as in 03/04/2019; 2 could be read both ways. The mapping takes the day first" in told
    told = look(["03/04/2019", "05/06/2019"], dates="%m/%d/%Y")[("ambiguous", "Date")]
    assert "as in 04/03/2019" in told
    assert "takes the month first" in told
    assert look(["2019-04-03", "2019-06-05"], dates="%Y-%m-%d") == {}


def test_dates_that_speak_against_the_mapping(
    look: Callable[..., dict[tuple[str, str], str]],
) -> None:
    found = look(["04/25/2019", "05/06/2019", "06/30/2019"])
    assert "reads the day first, and 2 dates cannot be read so" in found[("ambiguous", "Date")]
    assert found[("refused", "Date")].startswith("2 rows (66.7%) are refused (rows 2, 4).")


def test_columns_that_nobody_speaks_of_or_that_are_empty(
    look: Callable[..., dict[tuple[str, str], str]],
) -> None:
    dates = ["25/04/2019", "26/04/2019"]
    found = look(dates, head=[*HEAD, "Postcode", "Born 1953"], more=["LS1", "x"])
    assert list(found) == [("unmapped", "Postcode")]
    assert "100% of its cells are filled" in found[("unmapped", "Postcode")]
    assert set(look(["", ""])) >= {("empty", "Date")}


def test_few_refusals_are_the_senders_slips_and_many_may_be_the_mappings(
    look: Callable[..., dict[tuple[str, str], str]],
) -> None:
    many = [f"{1 + n % 28:02d}/04/2019" for n in range(150)]
    few = look([*many, "31/02/2019"])
    assert list(few) == [("slips", "Date")]
    assert few[("slips", "Date")].startswith("1 row (0.7%) is refused (row 152). The date")
    found = look([*many, *["31/02/2019"] * 8])
    assert found[("refused", "Date")].startswith(
        "8 rows (5.1%) are refused (rows 152, 153, 154 ...). The date"
    )


def test_what_cannot_be_used_is_said_with_its_reason(
    gp_book: Make, csv_file: Write, tmp_path: Path
) -> None:
    csv_file("gp.csv", [["a", "b"], ["1", "2"]])
    csv_file("other.csv", [["a"]])
    found = {one.shown: one for one in examine(tmp_path, gp_book(), month="2019-04")}
    assert "No header row" in str(found["gp.csv"].refused)
    assert found["other.csv"].table is None
    (missing,) = examine(tmp_path / "none", gp_book(), month="2019-04")
    assert isinstance(missing, Examined)
    assert "it is not there" in str(missing.refused)


@pytest.mark.parametrize("scheme", ["rotherham", "gloucestershire"])
def test_the_lines_are_those_that_speak_of_the_column(scheme: str) -> None:
    path = schemes_folder() / scheme / "mapping.yaml"
    lines, text = MappingLines(path), path.read_text(encoding="utf-8").splitlines()
    for name, dataset in load_mapping(scheme).datasets.items():
        begun = lines.table(name)
        assert begun is not None
        assert text[begun - 1].strip() == f"{name}:"
        for source in dataset.source_columns:
            line = lines.column(name, source)
            assert line is not None
            assert line >= begun
            assert source in text[line - 1], (name, source)


def test_by_the_command(tmp_path: Path) -> None:
    write_deliveries(
        tmp_path, schemes=("rotherham",), people=300, referred=30, seed=2,
        faults=None, month="2019-04",
    )  # fmt: skip
    folder = tmp_path / "rotherham" / "2019-04"
    sound = run_line("scheme", "check", "rotherham", str(folder))
    assert (sound.status, "Nothing to look at." in sound.sentences()) == (0, True)
    file = folder / "SUS_OP.csv"
    head, *rows = file.read_text().splitlines()
    file.write_text("\n".join([f"{head},Ward", *(f"{row},7" for row in rows)]) + "\n")
    told = run_line("scheme", "check", "rotherham", str(folder))
    assert told.status == 1
    assert "Ward: The mapping does not speak of it; 100% of its cells" in told.sentences()
    assert re.search(r"1 thing to look at: line \d+ \(outpatients: Ward\)\.", told.sentences())
    assert run_line("scheme", "check", "nowhere", str(folder)).status == 2


def test_every_reason_is_told_with_its_rows_and_only_then_is_there_nothing_to_look_at(
    tmp_path: Path,
) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "scheme_code: testshire\ntitle: Testshire\nidentifier: pseudonym\ndatasets:\n"
        "  gp:\n    contract: gp_contact\n    file: gp.csv\n    identifier: NHS\n"
        "    columns:\n      person_key: {from: NHS}\n      practice_code: {const: A00001}\n"
        "      contact_date: {from: Date, parse: date}\n      staff: {const: gp}\n"
        "      mode: {const: telephone}\n      status: {const: attended}\n"
        "    covers: {sources: [gp_contact], from: 2019-01-01}\n"
        "absent: {person: a, referral: b, hospital_activity: c}\n"
    )
    days = [f"{1 + n % 28:02d}/04/2019" for n in range(3000)]
    days[5] = days[7] = "31/02/2019"
    rows = [f"P{n},{day}" for n, day in enumerate(days)]
    folder = tmp_path / "testshire" / "2019-04"
    folder.mkdir(parents=True)
    file = folder / "gp.csv"
    file.write_text("\n".join(["NHS,Date", *rows, "3000 rows"]) + "\n")
    command = ("scheme", "check", "testshire", str(file), "--mapping", str(mapping))
    told = run_line(*command)
    assert "gp.csv (gp): 3,001 rows, 3 refused" in told.sentences()
    assert (
        "Date: 2 rows (0.1%) are refused (rows 7, 9). The date does not exist" in told.sentences()
    )
    assert (
        "the row: 1 row (less than 0.1%) is refused (row 3,002). The row has more or fewer fields"
        in (told.sentences())
    )
    assert "leaves nothing out; 3 rows would be refused" in told.sentences()
    assert "Nothing to look at" not in told.sentences()
    assert told.status == 0


def visits_said_to_cover(covers: str) -> str:
    return (
        "scheme_code: testshire\ntitle: Testshire\nidentifier: pseudonym\ndatasets:\n"
        "  gp:\n    contract: gp_contact\n    file: gp.csv\n    identifier: NHS\n"
        "    keep_when: {when: {Kind: [v]}, folded_as: paper}\n"
        "    columns:\n      person_key: {from: NHS}\n      practice_code: {const: A00001}\n"
        "      contact_date: {from: Date, parse: date}\n      staff: {const: gp}\n"
        "      mode: {const: telephone}\n      status: {const: attended}\n"
        f"    covers: {{sources: [gp_contact], from: 2018-07-01{covers}}}\n"
        "absent: {person: a, referral: b, hospital_activity: c}\n"
    )


@pytest.mark.parametrize(
    ("covers", "things"),
    [("", 1), (", to: 2018-12-31", 0), (", months_behind: 3", 0), (", months_behind: 1", 1)],
)
def test_rows_that_end_before_they_are_said_to_are_told_with_the_line(
    tmp_path: Path, covers: str, things: int
) -> None:
    folder = tmp_path / "testshire" / "2019-04"
    folder.mkdir(parents=True)
    days = [f"{1 + n % 28:02d}/{7 + n % 6:02d}/2018" for n in range(600)]
    rows = [f"P{n},{day},{'p' if n < 60 else 'v'}" for n, day in enumerate(days)]
    (folder / "gp.csv").write_text("\n".join(["NHS,Date,Kind", *rows]) + "\n")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(visits_said_to_cover(covers))
    told = run_line("scheme", "check", "testshire", str(folder), "--mapping", str(mapping))
    assert "60 rows are folded as 'paper'" in told.sentences()
    assert told.status == (1 if things else 0)
    elsewhere = folder.rename(tmp_path / "undated")
    command = ("scheme", "check", "testshire", str(elsewhere), "--mapping", str(mapping))
    assert run_line(*command).status == 0
    if things:
        assert "say so: to: 2018-12-31;" in told.sentences()
        assert "1 thing to look at: line 17 (gp: covers)." in told.sentences()


def test_what_is_left_is_numbered_and_the_last_line_says_where_to_begin(tmp_path: Path) -> None:
    folder = tmp_path / "testshire" / "2019-04"
    folder.mkdir(parents=True)
    rows = [f"P{n},{1 + n % 28:02d}/03/2019,v,x," for n in range(100)]
    (folder / "gp.csv").write_text("\n".join(["NHS,Date,Kind,Extra,More", *rows]) + "\n")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(visits_said_to_cover(""))
    told = run_line("scheme", "check", "testshire", str(folder), "--mapping", str(mapping))
    text = told.sentences()
    assert "1. line 5 Extra: The mapping does not speak of it" in text
    assert "2. line 5 More: " in text
    assert "2 things to look at: line 5 (gp: Extra); line 5 (gp: More). Begin with 1" in text
