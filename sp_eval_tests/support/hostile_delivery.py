"""Whole deliveries made to do harm, and what must hold of any of them.

Every choice comes from one source of chance: a seed makes the same files again, and Hypothesis,
which hands in its own, makes a failing one small.
"""

from __future__ import annotations

import csv
import re
import tempfile
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random

import fastexcel
import polars as pl

from sp_eval.contracts.scheme_mapping import Brake, load_mapping
from sp_eval.ingest.delivery import take_in
from sp_eval.ingest.quarantine import write_quarantine
from sp_eval.ingest.reply import write_reply
from sp_eval.ingest.taken import TakenIn
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval_tests.support.hostile_books import book_file, spoil_book
from sp_eval_tests.support.hostile_cells import hostile_name, nhs_number
from sp_eval_tests.support.hostile_text import Table, spoil_bytes, spoil_rows, text_file

__all__ = ["Delivery", "faults_of", "make_delivery", "take_in_delivery"]

MONTH = "2019-04"
_PRACTICE = re.compile(r"practice_activity/L84\d{3}\.csv")


@dataclass
class Delivery:
    """Files by name; `rows`: (file, sheet) -> data rows, where they are beyond doubt.

    `planted`: every NHS number of the never-issued range that stands in a file or its name.
    """

    scheme: str
    files: dict[str, bytes] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    planted: set[str] = field(default_factory=set)


@cache
def _sound() -> dict[str, dict[str, Table | dict[str, Table]]]:
    """Scheme -> file -> its table, or its sheets, of a small sound delivery."""
    found: dict[str, dict[str, Table | dict[str, Table]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_deliveries(Path(folder), people=200, referred=30, seed=2, month=MONTH)
        for scheme in ("rotherham", "gloucestershire"):
            base = Path(folder) / scheme / MONTH
            found[scheme] = {
                path.relative_to(base).as_posix(): _tables(path)
                for path in sorted(base.rglob("*"))
                if path.is_file()
            }
    return found


def _tables(path: Path) -> Table | dict[str, Table]:
    if path.suffix == ".xlsx":
        book = fastexcel.read_excel(path)
        return {
            name: _headed(
                [
                    [cell or "" for cell in row]
                    for row in book.load_sheet(name, header_row=None, dtypes="string")
                    .to_polars()
                    .rows()
                ],
                "",
            )
            for name in book.sheet_names
        }
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    delimiter = max(",;\t", key=text.splitlines()[0].count)
    return _headed(list(csv.reader(text.splitlines()[:60], delimiter=delimiter)), delimiter)


def _headed(rows: list[list[str]], delimiter: str) -> Table:
    widest = max(range(min(len(rows), 8)), key=lambda at: sum(map(bool, rows[at])))
    data = [row for row in rows[widest + 1 :][:40] if any(row) and row[0] != "Total"]
    return Table(delimiter, rows[widest], data)


def make_delivery(chance: Random) -> Delivery:
    """One to three files of a month, spoilt or made from nothing."""
    scheme = chance.choice(("rotherham", "gloucestershire"))
    made, sound = Delivery(scheme), _sound()[scheme]
    for name in chance.sample(sorted(sound), chance.choice((1, 1, 2, 3))):
        table = sound[name]
        if isinstance(table, dict):
            _add_book(made, name, table, chance)
        else:
            _add_text(made, name, table, chance)
    for data in made.files.values():
        made.planted.update(re.findall(r"(?<!\d)999\d{7}(?!\d)", data.decode("latin-1")))
    made.planted.discard("9" * 10)  # a dummy is nobody's, and stands in any long row of nines
    return made


def _add_text(made: Delivery, name: str, table: Table, chance: Random) -> None:
    kind, file = chance.random(), name
    if kind < 0.1:
        file = hostile_name(chance, ".csv", made.planted)
    elif kind < 0.13 and _PRACTICE.fullmatch(name):
        number = nhs_number(chance)
        made.planted.add(number)
        file = f"practice_activity/L84001 {number}.csv"
    if chance.random() < 0.06:
        made.files[file] = bytes(chance.randrange(256) for _ in range(chance.randrange(300)))
        return
    rows = spoil_rows(table, chance, made.planted)
    data, count = text_file(table, rows, chance, made.planted)
    if chance.random() < 0.3:
        data, count = spoil_bytes(data, chance), None
    made.files[file] = data
    if count is not None and file == name:
        made.rows[file, ""] = count


def _add_book(made: Delivery, name: str, sheets: dict[str, Table], chance: Random) -> None:
    file = name
    if chance.random() < 0.15:
        file = "VAR_SPS_" + hostile_name(chance, ".xlsx", made.planted)
    data, counts = book_file(sheets, chance, made.planted)
    if chance.random() < 0.5:
        data, counts = spoil_book(data, chance), {}
    made.files[file] = data
    if file == name:
        made.rows |= {(file, sheet): count for sheet, count in counts.items()}


def take_in_delivery(made: Delivery, folder: Path) -> tuple[TakenIn, list[str]]:
    """Write the files and take them in; what was told on the way with it."""
    month = folder / MONTH
    for name, data in made.files.items():
        path = month / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    told: list[str] = []
    taken = take_in(
        month,
        mapping=load_mapping(made.scheme).model_copy(update={"brake": Brake(refused_share=1)}),
        month=MONTH,
        key=b"a key for tests only",
        received_at=datetime(2019, 5, 1, tzinfo=UTC),
        progress=told.append,
    )
    return taken, told


def faults_of(
    made: Delivery, taken: TakenIn, told: list[str], folder: Path, *, workbooks: bool = True
) -> list[str]:
    """Return a sentence for everything that does not hold of a delivery taken in.

    `workbooks`: look into those that are written for the sender and for the quarantine, too.
    """
    found = [*_not_conserved(made, taken), *_out_of_place(made, taken, told)]
    return found + (_in_workbooks(made, taken, folder) if workbooks else [])


def _rows_handed_on(taken: TakenIn) -> dict[str, set[int]]:
    """delivery_id -> source rows of what was accepted."""
    rows: dict[str, set[int]] = {}
    for frame in taken.accepted.values():
        for place, row in frame.select("delivery_id", "source_row").unique().iter_rows():
            rows.setdefault(place, set()).add(row)
    return rows


def _not_conserved(made: Delivery, taken: TakenIn) -> list[str]:
    wrong, accepted = [], _rows_handed_on(taken)
    for row in taken.delivery.to_dicts():
        place, name = (row["file"], row["sheet"]), row["delivery_id"]
        parts = row["rows_accepted"] + row["rows_quarantined"] + row["rows_duplicate"]
        here = taken.rejection.filter(file=row["file"], sheet=row["sheet"])
        refused = set(here["row_number"].drop_nulls())
        if row["rows_in"] != parts:
            wrong.append("rows in and out do not add up")
        if refused and len(refused) != row["rows_quarantined"]:
            wrong.append("refused rows and reasons differ in number")
        if refused & accepted.get(name, set()):
            wrong.append("a row is accepted and refused")
        if row["status"] == "current" and place in made.rows:
            if row["rows_in"] != made.rows[place]:
                wrong.append(f"{row['rows_in']} rows counted of {made.rows[place]} written")
            if len(accepted.get(name, set())) > row["rows_accepted"]:
                wrong.append("more rows handed on than accepted")
    named = {row["file"] for row in taken.delivery.to_dicts()}
    if len(named - {"*"}) < len(made.files) - len(taken.notices):
        wrong.append("a file is in no ledger")
    return wrong


def _out_of_place(made: Delivery, taken: TakenIn, told: list[str]) -> list[str]:
    texts = [*told, *taken.notices, taken.stopped or ""]
    frames = [taken.delivery, taken.rejection, taken.resubmission, taken.declared_coverage,
              taken.tables, taken.folded, *taken.accepted.values()]  # fmt: skip
    found = [f"a number in what is told: {n}" for n in made.planted if _holds(texts, n)]
    for frame in frames:
        for column in frame.select(pl.col(pl.String)).iter_columns():
            cells = column.drop_nulls().unique().to_list()
            found += [f"a number in {column.name}" for n in made.planted if _holds(cells, n)]
    return found


def _holds(texts: list[str], number: str) -> bool:
    """Whether the digits stand in one of the texts, whatever stands between them."""
    return any(number in re.sub(r"[\W_]+", "", text) for text in texts)


def _in_workbooks(made: Delivery, taken: TakenIn, folder: Path) -> list[str]:
    reply, found = folder / "reply.xlsx", []
    write_reply(taken, reply)
    with zipfile.ZipFile(reply) as parts:
        text = b" ".join(parts.read(name) for name in parts.namelist()).decode()
    found += [f"a number in the reply: {n}" for n in made.planted if n in text]
    marked = folder / "marked.xlsx"
    write_reply(taken, marked, with_values=True)
    refused = write_quarantine(taken, folder / "quarantine")
    for path in (reply, marked, refused):
        if path is None:
            continue
        with zipfile.ZipFile(path) as parts:
            sheets = [parts.read(n) for n in parts.namelist() if n.startswith("xl/worksheets/")]
        if any(b"<f>" in sheet or b"<hyperlink" in sheet for sheet in sheets):
            found.append(f"a formula in {path.name}")
    return found
