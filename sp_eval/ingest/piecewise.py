"""The verdict on every row of a text file, piece by piece: memory does not grow with its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from sp_eval.ingest.ahead import ahead
from sp_eval.ingest.conform import Conformed, conform_rows
from sp_eval.ingest.contract_rows import ContractRows, code_column
from sp_eval.ingest.fault import FAULTS
from sp_eval.ingest.folder import Found
from sp_eval.ingest.gate import Gated
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.part_values import PartValues
from sp_eval.ingest.parts import Part
from sp_eval.ingest.raw import TextTable
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.repeats import Repeats, cells_again
from sp_eval.ingest.rows import Rows, joined
from sp_eval.ingest.source import Belonging, pseudonymise

__all__ = ["judge_pieces"]

_TOLD = {name: FAULTS[name] for name in ("index", "source", "rule")}


def judge_pieces(
    table: TextTable,
    found: Found,
    parts: tuple[Part, ...],
    pseudonymiser: Pseudonymiser,
    *,
    last_day: date,
) -> Gated:
    """Judge every row of a text file of a dataset that comes in `parts`.

    The result is that of `source.pseudonymise`, `conform.conform_rows` and `gate.gate` on all
    rows at once. Raises `FileRefusedError` once all rows are read, if they are not to be used.
    """
    judge = _Judge(table, found, parts, pseudonymiser, last_day)
    belonging = Belonging(found.dataset, table.header, found.path_values)
    repeats = Repeats(table.header.width)
    is_whole = not (table.header.missing or table.header.repeated)
    for rows in ahead(table.pieces()):
        if is_whole:
            judge.add(rows)
            belonging.add(rows.cells, rows.wrong_width)
            repeats.add(rows)
    table.require_sound(last_day)
    belonging.require(rows_in=table.rows_in)
    again = judge.codes if judge.codes_are_cells else lambda: cells_again(ahead(table.pieces()))
    return judge.verdict(repeats.found(again))


class _Judge:
    def __init__(
        self,
        table: TextTable,
        found: Found,
        parts: tuple[Part, ...],
        pseudonymiser: Pseudonymiser,
        last_day: date,
    ) -> None:
        self._header, self._dataset = table.header, found.dataset
        self._dating = Dating(table.dates, last_day, from_workbook=False)
        self._path_values: Mapping[str, str] = found.path_values
        self._people = pseudonymiser
        self._of = parts
        self._parts = [PartValues(part, self._conform_by(part)) for part in parts]
        self._names = found.dataset.declared.names
        self._pieces: list[pl.DataFrame] = []
        self._row = [pl.Series("row", [], pl.UInt32)]
        self._faults = [pl.DataFrame(schema=_TOLD)]
        self._folded = [pl.Series([], dtype=pl.UInt32)]
        self._rows_in = 0

    def _conform_by(self, part: Part) -> Callable[[pl.DataFrame], Conformed]:
        """Return what works out one part for a frame of its source columns."""
        positions = {name: at for at, name in enumerate(part.sources)}

        def conform(cells: pl.DataFrame) -> Conformed:
            height = cells.height
            table = RawTable(
                cells=cells.rename({name: f"c{at}" for name, at in positions.items()}),
                row=pl.int_range(height, dtype=pl.UInt32, eager=True),
                wrong_width=pl.repeat(False, height, dtype=pl.Boolean, eager=True),
                header=replace(self._header, positions=positions),
                dates=self._dating.style,
                from_workbook=False,
            )
            source = pseudonymise(table, part.dataset, self._people, is_distinct=True)
            return conform_rows(
                source,
                part.dataset,
                dating=self._dating,
                path_values=self._path_values,
                contract=part.contract,
            )

        return conform

    def add(self, rows: Rows) -> None:
        """Judge the next rows of the file."""
        height, wrong = rows.row.len(), rows.wrong_width
        index = pl.int_range(self._rows_in, self._rows_in + height, dtype=pl.UInt32, eager=True)
        self._rows_in += height
        self._row.append(rows.row)
        read = {f"c{at}": name for name, at in self._header.positions.items()}
        cells = rows.cells.select(list(read)).rename(read)
        if wrong.any():
            self._faults.append(
                index.filter(wrong)
                .to_frame("index")
                .with_columns(source=pl.lit(None, pl.String), rule=pl.lit("field_count"))
            )
            index, cells = index.filter(~wrong), cells.filter(~wrong)
        columns = [index.alias("__index")]
        folded = None
        codings = {
            str(n): e for n, part in enumerate(self._parts) if (e := part.coding) is not None
        }
        coded = cells.select(**codings)
        for number, part in enumerate(self._parts):
            answer = part.of(cells, coded[str(number)] if str(number) in codings else None)
            if answer.codes is None:
                columns += answer.values.get_columns()
            else:
                columns.append(answer.codes.alias(code_column(number)))
            if answer.faults.height:
                at = index.gather(answer.faults["index"]).alias("index")
                self._faults.append(answer.faults.with_columns(at))
            if answer.folded.len():
                folded = index.gather(answer.folded)
        piece = pl.DataFrame(columns)
        if folded is not None:
            self._folded.append(folded)
            piece = piece.filter(~piece["__index"].is_in(folded.implode()))
        self._pieces.append(piece)

    @property
    def codes_are_cells(self) -> bool:
        """Whether the codes of the pieces tell every cell of the file."""
        told = {
            source
            for n, part in enumerate(self._of)
            if all(code_column(n) in piece.columns for piece in self._pieces)
            for source in part.sources
        }
        height = sum(piece.height for piece in self._pieces)
        return len(told) == self._header.width and height == self._rows_in

    def codes(self) -> Iterator[pl.DataFrame]:
        """Yield the codes of the cells of all rows, piece by piece."""
        for piece in self._pieces:
            yield piece.drop("__index")

    def verdict(self, duplicate: pl.Series) -> Gated:
        """Put everything together; duplicates are counted before any other rule."""
        if not self._pieces:
            self.add(joined([], width=self._header.width))
        faults, folded = pl.concat(self._faults).unique(), pl.concat(self._folded)
        if duplicate.any():
            faults = faults.filter(~duplicate.gather(faults["index"]))
            folded = folded.filter(~duplicate.gather(folded))
        values = {n: part.values for n, part in enumerate(self._parts)}
        return Gated(
            dataset=self._dataset,
            rows=ContractRows(self._names, self._pieces, values),
            row=pl.concat(self._row),
            duplicate=duplicate,
            faults=faults.sort("index", "source", "rule"),
            folded=folded,
            written=dict(self._header.written),
        )
