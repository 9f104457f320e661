"""Results as people read them in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import polars as pl
import polars.selectors as cs
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from sp_eval.pipeline import STEPS, Step
from sp_eval.study.outcomes import INSTRUMENTS, OUTCOMES
from sp_eval.warehouse.query import QueryRefusedError

__all__ = [
    "Steps",
    "console",
    "errors",
    "following",
    "print_frame",
    "show_estimates",
    "show_places",
    "show_sentences",
]

_WIDE = None if sys.stdout.isatty() else 120
console = Console(highlight=False, soft_wrap=True, width=_WIDE)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

_WORDS = {
    "fewer": "FEWER",
    "more": "MORE",
    "no_worthwhile_change": "NO WORTHWHILE CHANGE",
    "cannot_tell": "CANNOT TELL",
    "not_answerable": "NOT ANSWERABLE",
}
_DOING = {
    "take_in": "Reading and checking what was received",
    "look_for_changes": "Looking for changes since the deliveries before",
    "bring_together": "Bringing all schemes into one form",
    "compare_people": "Finding similar people who were not referred",
    "judge_designs": "Judging whether the groups are alike",
    "estimate_differences": "Estimating the difference made",
    "try_others": "Trying other ways of comparing",
    "publish": "Publishing",
    "report": "Writing the report",
    "write_receipts": "Writing the receipts",
    "write_quality_pages": "Writing the pages on quality",
}


class Steps:
    """A progress bar over the steps of a run; each sentence told shows beside it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("Starting", total=len(STEPS), detail="")
        self._done = -1

    def begin(self, step: Step) -> None:
        self._done += 1
        self._progress.update(
            self._task, completed=self._done, description=_DOING[step.name], detail=""
        )
        if not self._progress.console.is_terminal:
            self._progress.console.print(f"{_DOING[step.name]} ...")

    def tell(self, sentence: str) -> None:
        self._progress.update(self._task, detail=escape(sentence))  # a file may be named [/b]

    def end(self) -> None:
        self._progress.update(self._task, completed=len(STEPS), description="Done", detail="")


@contextmanager
def following() -> Iterator[Steps]:
    """Show progress on the error stream, so that what a command prints can be piped."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    with Progress(*columns, console=errors, transient=True) as progress:
        steps = Steps(progress)
        yield steps
        steps.end()


def show_sentences(title: str, sentences: tuple[str, ...], *, most: int = 20) -> None:
    """Print sentences under a title, the first `most` of them."""
    if not sentences:
        return
    errors.print(f"[bold]{title}[/bold]")
    for sentence in sentences[:most]:
        errors.print(f"  - {sentence}", markup=False)
    if len(sentences) > most:
        errors.print(f"  ... and {len(sentences) - most} more, all in published.rejection")


def show_estimates(
    estimates: pl.DataFrame, *, truth: Mapping[str, Mapping[str, float]] | None = None
) -> None:
    """Print, for each scheme, the three figures that add up and the verdict.

    Parameters
    ----------
    estimates : rows of `published.estimate`.
    truth : scheme -> outcome -> true rate ratio, shown beside where known.
    """
    for (study, scheme), rows in estimates.group_by("study_id", "scheme_code", maintain_order=True):
        title = f"{scheme} ({study}): use of care per 100 people a year"
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        heads = ["", "before", "without", "with", "change", "verdict", "ratio (95% interval)"]
        for head in [*heads, *(["truth"] if truth else [])]:
            is_text = head in ("", "verdict")
            justify: Literal["left", "right"] = "left" if is_text else "right"
            table.add_column(head, justify=justify, no_wrap=not is_text)
        counted = rows.filter(pl.col("outcome").is_in(list(OUTCOMES)))
        for (outcome,), own in counted.group_by("outcome", maintain_order=True):
            known = (truth or {}).get(str(scheme), {}).get(str(outcome))
            table.add_row(*_line(str(outcome), own), *([_number(known, 2)] if truth else []))
        console.print(table)
        _show_change(rows)
    withheld = estimates.filter(pl.col("role") == "primary", pl.col("status") == "withheld")
    for row in withheld.unique(["scheme_code", "withheld_reason"], maintain_order=True).to_dicts():
        console.print(f"{row['scheme_code']}: withheld: {row['withheld_reason']}", markup=False)


def _show_change(rows: pl.DataFrame) -> None:
    """Print the change in each questionnaire that was answered."""
    changed = rows.filter(pl.col("method") == "paired_change", pl.col("status") == "released")
    for row in changed.iter_rows(named=True):
        console.print(
            f"  {INSTRUMENTS[row['outcome']].label}: {row['point']:+.2f}"
            f" ({row['ci_low']:+.2f} to {row['ci_high']:+.2f}) from first to last answer among"
            f" {row['n_analysed']:,} of {row['n_referred']:,} people; described, not an effect.",
            markup=False,
        )


def show_places(places: Mapping[str, Path]) -> None:
    """Print where things lie."""
    width = max(len(name) for name in places)
    console.print("[bold]Where things lie[/bold]")
    for name, path in places.items():
        console.print(f"  {name:<{width}}  {path}", markup=False)


def _line(outcome: str, rows: pl.DataFrame) -> list[str]:
    def of(method: str, scale: str) -> dict[str, Any]:
        found = rows.filter(pl.col("method") == method, pl.col("scale") == scale).to_dicts()
        return found[0] if found else {}

    rate = "rate_per_1000_person_years"
    before = of("observed_before", rate).get("point")
    without = of("expected_without_scheme", rate).get("point")
    after = of("observed_after", rate).get("point")
    ratio = of("matched_rate_ratio", "rate_ratio")
    label = OUTCOMES[outcome].label if outcome in OUTCOMES else outcome
    # of the figures as printed, so that a reader who subtracts gets the same
    difference = (
        None if after is None or without is None else round(after / 10, 1) - round(without / 10, 1)
    )
    interval = (
        "-"
        if ratio.get("point") is None
        else f"{ratio['point']:.2f} ({ratio['ci_low']:.2f} to {ratio['ci_high']:.2f})"
    )
    figures = [_per_hundred(value) for value in (before, without, after)]
    signed = "-" if difference is None else f"{difference:+.1f}"
    return [label, *figures, signed, _WORDS.get(str(ratio.get("verdict")), "-"), interval]


def _per_hundred(value: float | None) -> str:
    return _number(None if value is None else value / 10, 1)


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _as_text(frame: pl.DataFrame, form: str) -> str:
    binary = any(kind == pl.Binary for kind in frame.dtypes)  # polars panics on these
    try:
        if not binary:
            if form == "csv":
                return frame.write_csv()
            # polars would write a decimal as text
            return frame.with_columns(cs.decimal().cast(pl.Float64)).write_json() + "\n"
    except pl.exceptions.PolarsError:
        pass
    raise QueryRefusedError(
        f"A column cannot be written as {form}; turn it into text in the query, as name::varchar."
    )


def print_frame(frame: pl.DataFrame, form: str) -> None:
    """Print rows as a table, CSV or JSON; Parquet goes to the output as bytes.

    Raises
    ------
    QueryRefusedError : a column of a kind that the form does not hold.
    """
    if form in ("csv", "json"):
        sys.stdout.write(_as_text(frame, form))
    elif form == "parquet":
        frame.write_parquet(sys.stdout.buffer)
    else:
        table = Table()
        for name in frame.columns:
            table.add_column(name, overflow="fold")
        for row in frame.iter_rows():
            table.add_row(*("" if value is None else str(value) for value in row))
        Console(width=None if sys.stdout.isatty() else 10_000, highlight=False).print(table)
        sys.stdout.flush()
