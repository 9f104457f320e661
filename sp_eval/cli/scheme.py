"""`sp-eval scheme check`: a delivery held against a mapping, with the lines to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console
from sp_eval.contracts.mapping_gaps import gaps_of
from sp_eval.contracts.mapping_lines import MappingLines
from sp_eval.contracts.open_questions import NOT_FOUND, OPEN, Question, columns_left, open_questions
from sp_eval.contracts.scheme_mapping import (
    DRAFT,
    SchemeMapping,
    mapped_schemes,
    mapping_file,
    read_mapping,
    schemes_folder,
)
from sp_eval.ingest.doubt import Doubt
from sp_eval.ingest.examination import Examined, examine
from sp_eval.ingest.landing import LandingEmptyError, month_of
from sp_eval.settings import project_root

__all__ = ["check_scheme_and_show"]

_MOST_PLACES = 5  # told again in the last line


def check_scheme_and_show(scheme: str, path: Path, *, mapping: Path | None = None) -> int:
    """Print what a mapping still asks, else what it leaves out or may misread; 1 if anything is.

    Rows that would be refused are told with their reasons; few of a reason are no fault of the
    mapping's.

    `mapping`: the file, where it is neither `mapping.yaml` nor a draft in the scheme's folder.
    """
    if not path.exists():
        raise LandingEmptyError(f"There is no file or folder {path}.")
    file = mapping or _file_of(scheme)
    if not file.is_file():
        raise RequestRefusedError(f"There is no file {file}.")
    _say(f"Lines are those of {_shown(file)}.")
    if asked := open_questions(file):
        return _ask(asked, file)
    read = _read(file, scheme)
    lines = MappingLines(file)
    dated = month_of(path)
    month = dated or datetime.now(UTC).strftime("%Y-%m")
    things: list[str] = []
    for gap in gaps_of(read) if path.is_dir() else ():
        line = lines.place(["datasets", gap.table, "columns", gap.place]) if gap.table else None
        _say(f"\n{gap.table or 'The scheme'}")
        _thing(things, line, gap.table or "the scheme", gap.place, gap.sentence)
    refused = 0
    for examined in examine(path, read, month=month, is_dated=dated is not None):
        _show(examined, lines, things)
        refused += examined.rows_refused
    _say(_in_all(things, refused))
    if file.name == DRAFT:
        _say(
            f"It is still a draft. When you are content, rename {_shown(file)} to mapping.yaml:"
            f" then 'sp-eval check' and 'sp-eval run' use it."
        )
    return 1 if things else 0


def _thing(things: list[str], line: int | None, of: str, place: str, sentence: str) -> None:
    """Print one thing to look at under its number, and keep where it is for the last line.

    `of`: the table, or the file that has none.
    """
    number = len(things) + 1
    _say(f"  {number}. {_at(line)}{f'{place}: ' if place else ''}{sentence}")
    where = ": ".join(filter(None, [of, place]))
    things.append(f"line {line} ({where})" if line else where)


def _in_all(things: list[str], refused: int) -> str:
    """What is left to look at and where to begin, or how many rows a run would refuse."""
    if things:
        count = "1 thing" if len(things) == 1 else f"{len(things):,} things"
        listed = "; ".join(things[:_MOST_PLACES])
        more = f"; and {len(things) - _MOST_PLACES} more" if len(things) > _MOST_PLACES else ""
        first = " Begin with 1, then run this again." if len(things) > 1 else ""
        return f"\n{count} to look at: {listed}{more}.{first}"
    if refused:
        rows = "1 row" if refused == 1 else f"{refused:,} rows"
        return (
            f"The mapping leaves nothing out; {rows} would be refused, for the reasons above. Are"
            " they slips of the sender, or does the mapping not know a word or a date?"
        )
    return "Nothing to look at."


def _file_of(scheme: str) -> Path:
    folder = schemes_folder() / scheme
    for file in (mapping_file(scheme), folder / DRAFT):
        if file.is_file():
            return file
    raise RequestRefusedError(
        f"There is no mapping for '{scheme}', and no draft of one; there are mappings for:"
        f" {', '.join(mapped_schemes())}. sp-eval scheme new {scheme} --from DELIVERY drafts one."
    )


def _read(file: Path, scheme: str) -> SchemeMapping:
    read = read_mapping(file)
    if read.scheme_code != scheme:
        raise RequestRefusedError(f"{_shown(file)} is of the scheme '{read.scheme_code}'.")
    return read


def _ask(asked: list[Question], file: Path) -> int:
    left = columns_left(file)
    for table, questions in groupby(asked, key=lambda one: one.table):
        _say(f"\n{table or 'The scheme'}")
        for one in questions:
            _say(f"  {_at(one.line)}{one.where}: {one.sentence}")
        if headings := left.get(table or ""):
            _say(f"  Its columns that nothing is made of so far: {', '.join(headings)}")
    if any(one.sentence.startswith("Not found.") for one in asked):
        _say(f"\n{NOT_FOUND}")
    lines = "1 line asks" if len(asked) == 1 else f"{len(asked)} lines ask"
    _say(
        f"\n{lines} something, the first is line {asked[0].line}. Answer each in {_shown(file)}:"
        f" write over the {OPEN}; then run this again."
    )
    return 1


def _show(examined: Examined, lines: MappingLines, things: list[str]) -> None:
    """Print a table's things to look at, numbered; the rest of what is told of it with a dash."""
    of = f" ({examined.table})" if examined.table else ""
    if examined.refused is not None:
        line = lines.table(examined.table) if examined.table else None
        _say(f"\n{examined.shown}{of}: cannot be used")
        _thing(things, line, examined.table or examined.shown, "", examined.refused)
        return
    if examined.doubts or examined.folded:
        refused = f", {examined.rows_refused:,} refused" if examined.rows_refused else ""
        _say(f"\n{examined.shown}{of}: {examined.rows:,} rows{refused}")
    for doubt in examined.doubts:
        line = _line(doubt, examined, lines)
        if doubt.kind == "slips":
            _say(f"  -  {_at(line)}{doubt.source}: {doubt.sentence}")
        else:
            _thing(things, line, examined.table or "", doubt.source, doubt.sentence)
    if examined.folded:
        name, rows, nowhere = examined.folded
        told = f", {nowhere:,} of them by the other tables of the same rows too" if nowhere else ""
        line = lines.place(["datasets", examined.table or "", "keep_when"])
        counted = "1 row is" if rows == 1 else f"{rows:,} rows are"
        _say(f"  -  {_at(line)}{counted} folded as '{name}': not counted in this table{told}.")


def _line(doubt: Doubt, examined: Examined, lines: MappingLines) -> int | None:
    if doubt.kind == "covers" and examined.table:
        return lines.place(["datasets", examined.table, "covers"])
    return lines.column(examined.table, doubt.source) if examined.table else None


def _at(line: int | None) -> str:
    return f"line {line}  " if line else ""


def _shown(file: Path) -> str:
    root = project_root()
    file = file.resolve()
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _say(sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
