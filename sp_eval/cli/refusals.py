"""Errors people can do something about: one sentence, and nothing begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from sp_eval.cli.show import errors
from sp_eval.contracts.odcs import ContractError
from sp_eval.ingest.key import KeyRefusedError
from sp_eval.ingest.landing import LandingEmptyError
from sp_eval.operation.intake import OtherKeyError
from sp_eval.operation.lock import RunningElsewhereError
from sp_eval.study.protocol import InvalidStudyError
from sp_eval.warehouse.connection import WarehouseBusyError
from sp_eval.warehouse.query import QueryRefusedError

__all__ = ["NOTHING_BEGUN", "plainly"]

NOTHING_BEGUN = 2
_TOLD = (
    ContractError,
    InvalidStudyError,
    KeyRefusedError,
    LandingEmptyError,
    OtherKeyError,
    QueryRefusedError,
    RunningElsewhereError,
    WarehouseBusyError,
    FileExistsError,
    NotADirectoryError,
    PermissionError,
)


@contextmanager
def plainly() -> Iterator[None]:
    """Turn an expected error into its sentence on the error stream and exit status 2."""
    try:
        yield
    except _TOLD as error:
        errors.print(str(error), style="bold", markup=False)
        raise typer.Exit(NOTHING_BEGUN) from None
