"""Receipts and replies of whole runs: who gets which, when they change, what they never hold."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import fastexcel
import pytest

from sp_eval_tests.support.runs import MONTH, Made, published, run_line

SCHEMES = ("rotherham", "gloucestershire")
NUMBER = re.compile(r"(?<!\d)\d{3}[- .]?\d{3}[- .]?\d{4}(?!\d)")
DATE = re.compile(r"(?<!\d)\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?!\d)|\d{4}-\d{2}-\d{2}")


def folder(home: Path, scheme: str) -> Path:
    return home / "receipts" / scheme / MONTH


def texts(path: Path) -> Iterator[str]:
    if path.suffix != ".xlsx":
        yield path.read_text(encoding="utf-8")
        return
    book = fastexcel.read_excel(path)
    for sheet in book.sheet_names:
        frame = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()
        for column in frame.iter_columns():
            yield from column.drop_nulls()


def state(home: Path) -> dict[str, tuple[str, int]]:
    return {
        str(p.relative_to(home)): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns)
        for p in sorted((home / "receipts").rglob("*"))
        if p.is_file()
    }


def receipt(home: Path, scheme: str) -> str:
    return " ".join((folder(home, scheme) / "receipt.txt").read_text(encoding="utf-8").split())


@pytest.fixture
def spoilt(narrow: Made, tmp_path: Path) -> Made:
    return narrow.copy_to(tmp_path)


def test_each_delivery_has_its_receipt_with_the_ledgers_own_counts(narrow: Made) -> None:
    for scheme in SCHEMES:
        files = {p.name for p in folder(narrow.home, scheme).iterdir()}
        assert files == {"receipt.html", "receipt.txt", "reply.xlsx"}
        ((rows, used),) = published(
            narrow.home,
            f"""select sum(rows_in), sum(rows_accepted) from published.delivery
            where scheme_code = '{scheme}'""",
            "release",
        )
        told = receipt(narrow.home, scheme)
        assert f"{used:,} of {rows:,} rows used" in told
        assert "Learned so far: " in told
        page = (folder(narrow.home, scheme) / "receipt.html").read_text(encoding="utf-8")
        assert page.count("<dt>") <= 10


def test_what_was_learned_is_the_releases_own_figure(narrow: Made) -> None:
    for scheme in SCHEMES:
        rows = published(
            narrow.home,
            f"""select verdict, point, ci_low, ci_high from published.estimate
            where scheme_code = '{scheme}' and outcome = 'gp_contact' and role = 'primary'
            and scale = 'rate_difference_per_1000_person_years' and status = 'released'""",
            "release",
        )
        told = receipt(narrow.home, scheme)
        for verdict, point, low, high in rows:
            shown = [point] if verdict in ("fewer", "more") else [low, high]
            assert all(f"{abs(figure) / 10:,.0f}" in told for figure in shown), told


def test_nothing_new_rewrites_nothing(spoilt: Made) -> None:
    before = state(spoilt.home)
    again = spoilt.run_again()
    assert "nothing was written" in again.sentences()
    assert state(spoilt.home) == before


def test_a_lost_receipt_comes_back_and_a_corrected_delivery_gets_a_new_one(spoilt: Made) -> None:
    before = state(spoilt.home)
    (folder(spoilt.home, "rotherham") / "receipt.txt").unlink()
    spoilt.run_again()
    assert {k: v[0] for k, v in state(spoilt.home).items()} == {k: v[0] for k, v in before.items()}
    path = spoilt.landing / "rotherham" / MONTH / "SUS_AE.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("ARRIVALDATE", "WHEN"))
    spoilt.run_again()
    told = receipt(spoilt.home, "rotherham")
    assert "SUS_AE.csv: The column 'ARRIVALDATE' is missing." in told
    assert "What to do: Send the files named above again" in told
    mine = state(spoilt.home)
    theirs = [k for k in mine if "gloucestershire" in k and k.endswith("reply.xlsx")]
    assert [mine[k] == before[k] for k in theirs] == [True]


def test_a_stopped_month_says_what_to_do(spoilt: Made) -> None:
    path = spoilt.landing / "rotherham" / MONTH / "SUS_AE.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    late = [row.replace("/201", "/291") if n % 4 == 0 else row for n, row in enumerate(rows)]
    path.write_text("\n".join([header, *late]) + "\n", encoding="utf-8")
    spoilt.run_again()
    told = receipt(spoilt.home, "rotherham")
    assert "Nothing of this delivery is used yet." in told
    assert "waiting until the month is put right" in told
    assert "until then earlier figures stand" in told
    assert "Thank you" in receipt(spoilt.home, "gloucestershire")


def test_no_number_name_date_or_cell_of_a_person_is_in_them(narrow: Made) -> None:
    cells: set[str] = set()
    for path in narrow.landing.glob("*/*/*.csv"):
        lines = path.read_bytes().decode("cp1252", errors="replace").splitlines()[1:]
        cells |= {cell for line in lines for cell in line.split(",") if NUMBER.fullmatch(cell)}
    hub = narrow.landing / "gloucestershire" / MONTH / "SP_hub_referrals.csv"
    rows = [line.split(",") for line in hub.read_bytes().decode("cp1252").splitlines()]
    names = {row[rows[0].index("Client name")] for row in rows[1:]} - {""}
    assert len(names) > 20
    for path in (narrow.home / "receipts").rglob("*"):
        if not path.is_file():
            continue
        whole = "\n".join(texts(path))
        assert not NUMBER.search(whole), path.name
        assert not DATE.search(whole), path.name
        assert [name for name in names if name in whole] == [], path.name
        assert [cell for cell in cells if cell in whole] == [], path.name


def test_a_death_known_only_from_the_register_is_never_told(narrow: Made) -> None:
    late = published(
        narrow.home,
        """select scheme_code, count(*), min(reason) from published.rejection
        where rule = 'referral_after_death' group by all""",
    )
    assert late, "the world plants referrals after death"
    for scheme, count, reason in late:
        assert reason == (
            "The row cannot be used with this number and date. Check the number and the date."
        )
        listed = list(texts(folder(narrow.home, scheme) / "reply.xlsx"))
        assert sum(text == reason for text in listed) >= count
    for path in (narrow.home / "receipts").rglob("*.*"):
        whole = "\n".join(texts(path)).lower()
        for word in ("death", "died", "dead", "deceased", "after_", "another scheme", "moved"):
            assert word not in whole, (path.name, word)


def test_the_checks_are_published_in_both_files_alike(narrow: Made) -> None:
    asked = "from published.delivery_check order by all"
    rows = published(narrow.home, asked, "release")
    assert len(rows) > 80
    assert rows == published(narrow.home, asked)
    told = receipt(narrow.home, "rotherham")
    with duckdb.connect(str(narrow.home / "work" / "warehouse.duckdb"), read_only=True) as conn:
        odd = conn.execute(
            """select sentence from meta.delivery_check
            where status = 'unusual' and scheme_code = 'rotherham'"""
        ).fetchall()
    assert ("Please check" in told) is bool(odd)


def test_check_says_what_the_receipt_says(narrow: Made) -> None:
    told = run_line("check", str(narrow.landing / "rotherham" / MONTH), "--scheme", "rotherham")
    printed = [line for line in told.out.splitlines() if line.startswith("Not used: ")]
    on_receipt = receipt(narrow.home, "rotherham")
    assert printed
    assert all(" ".join(line.split()) in on_receipt for line in printed[:4])
