"""Errors people can do something about: one sentence, and nothing begun."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

import typer
from polars.exceptions import PanicException

from sp_eval.cli.show import errors
from sp_eval.operation.refusals import REFUSALS
from sp_eval.settings import project_root
from sp_eval.warehouse.query import QueryRefusedError

__all__ = ["INTERRUPTED", "NOTHING_BEGUN", "RequestRefusedError", "in_words", "plainly"]

NOTHING_BEGUN = 2
INTERRUPTED = 130


class RequestRefusedError(Exception):
    """What was asked on the command line cannot be done; the text is one sentence."""


_TOLD: tuple[type[Exception], ...] = (*REFUSALS, QueryRefusedError, RequestRefusedError)


@contextmanager
def plainly() -> Iterator[None]:
    """Turn an error into its sentence on the error stream and exit status 2.

    An error nobody foresaw is a defect: the sentence says where it arose and never what was being
    read, for the text of such errors may hold cells of the data.
    """
    try:
        yield
    except typer.Exit:
        raise
    except (Exception, KeyboardInterrupt, PanicException) as error:  # noqa: BLE001
        sentence, status = in_words(error)
        errors.print(sentence, style="bold", markup=False)
        raise typer.Exit(status) from None


def in_words(error: BaseException) -> tuple[str, int]:
    """One sentence for whoever runs it, and the exit status."""
    if isinstance(error, _TOLD):
        return str(error), NOTHING_BEGUN
    if foreseen := _foreseen(error):
        return foreseen
    return _of_the_system(error) if isinstance(error, OSError) else _defect(error), NOTHING_BEGUN


def _foreseen(error: BaseException) -> tuple[str, int] | None:
    """What lies behind an error of a library: Ctrl-C in a query, or a disk without room."""
    behind: BaseException | None = error
    while behind is not None:
        of_system = isinstance(behind, OSError)  # its text holds names of files
        said = "" if of_system else str(behind).lower()
        if isinstance(behind, KeyboardInterrupt) or "interrupt" in said:
            return "Interrupted; run it again to go on.", INTERRUPTED
        if getattr(behind, "errno", None) == ENOSPC or "no space left" in said:
            return "The disk is full; make room and run it again.", NOTHING_BEGUN
        behind = behind.__context__
    return None


def _of_the_system(error: OSError) -> str:
    """Say it as `/data/landing cannot be used: permission denied`."""
    what = error.strerror or type(error).__name__
    said = f"cannot be used: {what[:1].lower()}{what[1:]}."
    return f"{error.filename} {said}" if error.filename else f"A file or folder {said}"


def _defect(error: BaseException) -> str:
    root = project_root()
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root / "sp_eval")
    ]
    at = f" in {Path(own[-1].filename).relative_to(root)}, line {own[-1].lineno}" if own else ""
    return (
        f"This is a defect of sp_eval, not of your data ({type(error).__name__}{at}): what was"
        " published before still stands. Please report this line."
    )
