"""`sp-eval scheme check`: a delivery held against a mapping, with the lines to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sp_eval.cli.show import console
from sp_eval.contracts.mapping_lines import MappingLines
from sp_eval.contracts.scheme_mapping import load_mapping, mapping_file
from sp_eval.ingest.doubts import Doubt
from sp_eval.ingest.examination import Examined, examine
from sp_eval.ingest.landing import LandingEmptyError, month_of
from sp_eval.settings import project_root

__all__ = ["check_scheme_and_show"]


def check_scheme_and_show(scheme: str, path: Path) -> int:
    """Print what is unmapped, empty, ambiguous or often refused; return 1 if anything is."""
    mapping = load_mapping(scheme)
    if not path.exists():
        raise LandingEmptyError(f"There is no file or folder {path}.")
    month = month_of(path) or datetime.now(UTC).strftime("%Y-%m")
    file = mapping_file(scheme)
    lines = MappingLines(file)
    _say(f"Lines are those of {file.relative_to(project_root()).as_posix()}.")
    found = 0
    for examined in examine(path, mapping, month=month):
        found += _show(examined, lines)
    things = "1 thing" if found == 1 else f"{found:,} things"
    _say(f"{things} to look at." if found else "Nothing to look at.")
    return 1 if found else 0


def _show(examined: Examined, lines: MappingLines) -> int:
    of = f" ({examined.table})" if examined.table else ""
    if examined.refused is not None:
        line = lines.table(examined.table) if examined.table else None
        _say(f"\n{examined.shown}{of}: cannot be used")
        _say(f"  {_at(line)}{examined.refused}")
        return 1
    if examined.doubts:
        _say(f"\n{examined.shown}{of}: {examined.rows:,} rows")
    for doubt in examined.doubts:
        _say(f"  {_at(_line(doubt, examined, lines))}{doubt.source}: {doubt.sentence}")
    return len(examined.doubts)


def _line(doubt: Doubt, examined: Examined, lines: MappingLines) -> int | None:
    return lines.column(examined.table, doubt.source) if examined.table else None


def _at(line: int | None) -> str:
    return f"line {line}  " if line else ""


def _say(sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
