"""No NHS number and no client's name anywhere under the home but in quarantine."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import fastexcel
import pytest

from sp_eval_tests.support.runs import MONTH, Ended, Made, narrow_study, run_line

# Ten digits plain, or spaced or hyphenated as people write them; also a point or a hard space.
NUMBER = re.compile("(?<![0-9])[0-9]{3}[-  .]?[0-9]{3}[-  .]?[0-9]{4}(?![0-9])")
SCHEMES = ("rotherham", "gloucestershire")


def digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def cells(path: Path) -> Iterator[str]:
    if path.suffix == ".xlsx":
        book = fastexcel.read_excel(path)
        for sheet in book.sheet_names:
            frame = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
            for column in frame.iter_columns():
                yield from column.drop_nulls()
    else:
        yield from path.read_bytes().decode("cp1252", errors="replace").splitlines()


def numbers_of(landing: Path) -> set[str]:
    """Everybody's number in the files as sent; dummies of one digit are nobody's."""
    found = set()
    for path in landing.glob("*/*/**/*"):
        if path.is_file():
            found |= {digits(n) for text in cells(path) for n in NUMBER.findall(text)}
    return {number for number in found if len(set(number)) > 1}


def is_issued(number: str) -> bool:
    """Tell whether the check digit fits: the last of ten, from the nine before it."""
    weighted = sum(int(digit) * (10 - at) for at, digit in enumerate(number[:9]))
    return (11 - weighted % 11) % 11 == int(number[9])


def names_of(landing: Path) -> set[str]:
    hub = (landing / "gloucestershire" / MONTH / "SP_hub_referrals.csv").read_bytes()
    rows = [line.split(",") for line in hub.decode("cp1252").splitlines()]
    names = {row[rows[0].index("Client name")] for row in rows[1:]}
    book = fastexcel.read_excel(landing / "rotherham" / MONTH / "VAR_SPS_Apr19.xlsx")
    sheet = book.load_sheet("Referrals", header_row=None, dtypes="string").to_polars()
    at = next(
        n for n, column in enumerate(sheet.iter_columns()) if "Client Name" in column.to_list()
    )
    below = sheet.to_series(at).to_list()
    names |= set(below[below.index("Client Name") + 1 :])
    return {name for name in names if name and len(name) > 4}


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of a file: every column of a database as text, the bytes of any other."""
    if path.suffix != ".duckdb":
        yield path.name, path.read_bytes().decode("latin-1")
        return
    with duckdb.connect(str(path), read_only=True) as conn:
        columns = conn.execute(
            """select c.schema_name, c.table_name, c.column_name
            from duckdb_columns() as c
            semi join duckdb_tables() as t on c.table_oid = t.table_oid
            where c.database_name = current_database()"""
        ).fetchall()
        assert columns
        for schema, table, column in columns:
            values = conn.execute(
                f"""select string_agg(distinct "{column}"::varchar, chr(10))
                from "{schema}"."{table}" """
            ).fetchall()
            yield f"{path.name}: {schema}.{table}.{column}", values[0][0] or ""
        yield f"{path.name}: names", "\n".join(".".join(names) for names in columns)
    # dropped rows may stay in a database's free blocks, uncompressed text among them
    yield f"{path.name}: bytes", path.read_bytes().decode("latin-1")


def leaks(folder: Path, numbers: set[str], names: set[str]) -> list[tuple[str, str]]:
    any_name = re.compile("|".join(map(re.escape, sorted(names))))
    as_bytes = re.compile("|".join(re.escape(n.encode().decode("latin-1")) for n in sorted(names)))
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_relative_to(folder / "quarantine"):
            continue
        for where, text in texts(path):
            found += [(where, n) for n in NUMBER.findall(text) if digits(n) in numbers]
            found += [(where, n) for n in any_name.findall(text) + as_bytes.findall(text)]
        found += [(path.name, n) for n in NUMBER.findall(path.name) if digits(n) in numbers]
    return found


def printed(ended: Ended, numbers: set[str], names: set[str]) -> list[str]:
    text = ended.out + ended.err
    return [n for n in NUMBER.findall(text) if digits(n) in numbers] + [
        name for name in names if name in text
    ]


def test_after_a_run(whole: Made) -> None:
    numbers, names = numbers_of(whole.landing), names_of(whole.landing)
    assert len(numbers) > 2_500
    assert len(names) > 200
    assert leaks(whole.home, numbers, names) == []
    assert printed(whole.ended, numbers, names) == []


def test_the_search_finds_what_is_there(whole: Made, tmp_path: Path) -> None:
    numbers, names = numbers_of(whole.landing), names_of(whole.landing)
    number, name = sorted(numbers)[7], sorted(names)[7]
    spaced = f"{number[:3]} {number[3:6]}-{number[6:]}"
    (tmp_path / "log.txt").write_text(f"row of {spaced} and {name}", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "x.duckdb")) as conn:
        conn.execute("create table note as select $1 as text, $2::bigint as n", [name, number])
    found = leaks(tmp_path, numbers, names)
    assert {what for _, what in found} >= {spaced, name, number}
    assert {where.split(":")[0] for where, _ in found} == {"log.txt", "x.duckdb"}


def test_quarantine_is_for_its_owner_alone_and_holds_the_raw_rows(whole: Made) -> None:
    folder = whole.home / "quarantine"
    assert folder.stat().st_mode & 0o777 == 0o700
    books = sorted(folder.iterdir())
    assert [book.name for book in books] == [f"{s}_{MONTH}.xlsx" for s in sorted(SCHEMES)]
    numbers = numbers_of(whole.landing)
    for book in books:
        assert book.stat().st_mode & 0o777 == 0o600
        held = {digits(n) for text in cells(book) for n in NUMBER.findall(text)}
        assert len(held & numbers) > 50


def test_private_folders_are_private(whole: Made) -> None:
    assert (whole.home / "work").stat().st_mode & 0o077 == 0


@pytest.fixture
def numbers_everywhere(whole: Made, tmp_path: Path) -> Path:
    """Deliveries with NHS numbers where none belongs: names of files and sheets, heads, texts."""
    landing = tmp_path / "landing"
    shutil.copytree(whole.landing, landing)
    one, two, *more = [n for n in sorted(numbers_of(whole.landing)) if is_issued(n)][:40]
    own, other = (landing / scheme / MONTH for scheme in SCHEMES)
    (own / f"letter of {one}.txt").write_text(f"about {two}", encoding="utf-8")
    (own / f"SUS_AE {one[:3]} {one[3:6]} {one[6:]}.csv").write_text("A,B\n1,2\n", encoding="utf-8")
    swap(
        other / "SP_activities.csv", "Organisation", [f"for {n[:3]} {n[3:6]} {n[6:]}" for n in more]
    )
    swap(other / "SP_costs.csv", "Line", [f"grant {n}" for n in more[:4]])
    heads = (other / "hospital_activity.csv").read_text(encoding="utf-8").splitlines()
    heads = [f"{line},{more[at % 30]}" for at, line in enumerate(heads)]
    (other / "hospital_activity.csv").write_text("\n".join(heads) + "\n", encoding="utf-8")
    book = own / "VAR_SPS_Apr19.xlsx"
    with zipfile.ZipFile(book) as read, zipfile.ZipFile(own / "new", "w") as write:
        for part in read.namelist():
            data = read.read(part)
            if part == "xl/workbook.xml":
                data = data.replace(b'name="Wellbeing"', f'name="{one}"'.encode())
            write.writestr(part, data)
    (own / "new").replace(book)
    return landing


def swap(path: Path, column: str, values: list[str]) -> None:
    """Write values into the first rows of a column."""
    rows = [line.split(",") for line in path.read_bytes().decode("cp1252").splitlines()]
    at = rows[0].index(column)
    for row, value in zip(rows[1:], values, strict=False):
        row[at] = value
    path.write_bytes("\n".join(",".join(row) for row in rows).encode("cp1252") + b"\n")


def test_numbers_where_none_belongs(numbers_everywhere: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    ended = run_line("run", "--landing", str(numbers_everywhere), "--home", str(home),
                     "--study", str(narrow_study(tmp_path / "narrow.yaml")))  # fmt: skip
    assert ended.status == 1
    numbers, names = numbers_of(numbers_everywhere), names_of(numbers_everywhere)
    assert leaks(home, numbers, names) == []
    assert printed(ended, numbers, names) == []
    with duckdb.connect(str(home / "published" / "research.duckdb"), read_only=True) as conn:
        rules = dict(
            conn.execute(
                """select file, count(*) from published.rejection
                where rule = 'identifier_in_text' group by file"""
            ).fetchall()
        )
    assert rules == {"SP_activities.csv": 38, "SP_costs.csv": 4}


def test_neither_check_nor_its_reply_tells_a_number(
    numbers_everywhere: Path, tmp_path: Path
) -> None:
    numbers, names = numbers_of(numbers_everywhere), names_of(numbers_everywhere)
    for scheme in SCHEMES:
        reply = tmp_path / "replies" / f"{scheme}.xlsx"
        reply.parent.mkdir(exist_ok=True)
        ended = run_line("check", str(numbers_everywhere / scheme / MONTH), "--scheme", scheme,
                         "--reply", str(reply))  # fmt: skip
        assert ended.status == (1 if scheme == "rotherham" else 0)
        assert printed(ended, numbers, names) == []
        told = "\n".join(cells(reply))
        assert len(told) > 2_000
        assert [n for n in NUMBER.findall(told) if digits(n) in numbers] == []
        assert [name for name in names if name in told] == []
