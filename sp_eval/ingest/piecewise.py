"""The verdict on every row of a text file, piece by piece: memory does not grow with its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from sp_eval.ingest.ahead import ahead
from sp_eval.ingest.conform import Conformed, conform_rows
from sp_eval.ingest.contract_rows import ContractRows, code_column
from sp_eval.ingest.folder import Found
from sp_eval.ingest.gate import Gated
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.parse import Dating
from sp_eval.ingest.part_values import TOLD, Answer, PartValues
from sp_eval.ingest.parts import Part
from sp_eval.ingest.raw import TextTable
from sp_eval.ingest.raw_table import RawTable
from sp_eval.ingest.repeats import Repeats, cells_again
from sp_eval.ingest.rows import Rows, joined
from sp_eval.ingest.source import Belonging, pseudonymise

__all__ = ["judge_pieces"]


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
    with ThreadPoolExecutor(1) as beside:
        learnt = beside.submit(judge.learn)
        duplicate = repeats.found(again)
        learnt.result()
    return judge.verdict(duplicate)


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
        self._learnt: dict[int, Answer] = {}
        self._row = [pl.Series("row", [], pl.UInt32)]
        self._faults = [pl.DataFrame(schema=TOLD)]
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
        """Judge the next rows of the file, but for what hangs on the texts of one column."""
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
        for number, part in enumerate(self._parts):
            codes = part.codes(cells)
            if codes is None:
                answer = part.of_rows(cells)
                columns += answer.values.get_columns()
                self._note(answer, index)
            else:
                columns.append(codes.alias(code_column(number)))
        self._pieces.append(pl.DataFrame(columns))

    def _note(self, answer: Answer, index: pl.Series) -> None:
        """Keep what an answer says of the rows numbered in `index`."""
        if answer.faults.height:
            at = index.gather(answer.faults["index"]).alias("index")
            self._faults.append(answer.faults.with_columns(at))
        self._folded.append(index.gather(answer.folded))

    def _note_texts(self, number: int, answer: Answer) -> None:
        """Keep what is said of the texts of a part for each row in which they stand."""
        told = pl.concat([answer.faults["index"], answer.folded]).to_numpy()
        is_told = np.zeros(answer.values.height, dtype=bool)
        is_told[told] = True
        for piece in self._pieces if len(told) else ():
            if code_column(number) not in piece.columns:
                continue
            codes = piece[code_column(number)]
            at = pl.Series(np.flatnonzero(is_told[codes.to_numpy()]))
            rows = pl.DataFrame([piece["__index"].gather(at), codes.gather(at).alias("code")])
            faults = rows.join(answer.faults, left_on="code", right_on="index")
            self._faults.append(faults.select(pl.col("__index").alias("index"), "source", "rule"))
            is_folded = rows["code"].is_in(answer.folded.implode())
            self._folded.append(rows["__index"].filter(is_folded))

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

    def learn(self) -> None:
        """Work out the texts that were met."""
        for number, part in enumerate(self._parts):
            if part.is_by_text:
                self._learnt[number] = part.of_texts()

    def verdict(self, duplicate: pl.Series) -> Gated:
        """Put everything together, once `learn` is done; duplicates are counted before any rule."""
        if not self._pieces:
            self.add(joined([], width=self._header.width))
        for number, answer in self._learnt.items():
            self._note_texts(number, answer)
        values = {number: answer.values for number, answer in self._learnt.items()}
        faults, folded = pl.concat(self._faults).unique(), pl.concat(self._folded)
        if folded.len():
            others = folded.implode()
            self._pieces = [p.filter(~p["__index"].is_in(others)) for p in self._pieces]
        if duplicate.any():
            faults = faults.filter(~duplicate.gather(faults["index"]))
            folded = folded.filter(~duplicate.gather(folded))
        return Gated(
            dataset=self._dataset,
            rows=ContractRows(self._names, self._pieces, values),
            row=pl.concat(self._row),
            duplicate=duplicate,
            faults=faults.sort("index", "source", "rule"),
            folded=folded,
            written=dict(self._header.written),
        )
