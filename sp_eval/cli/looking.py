"""The commands that say how things stand: `status`, `quality`, `doctor`, with their options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["HomeOption", "doctor", "quality", "status"]

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Where everything is kept (SP_EVAL_HOME, ./var).")
]


class Shown(StrEnum):
    TABLE = "table"
    JSON = "json"


def status(
    form: Annotated[Shown, typer.Option("--format", help="How to print.")] = Shown.TABLE,
    home: HomeOption = None,
) -> None:
    """Say what is published, from which deliveries, how old, and what is missing or due.

    Exit status 0: all well; 1: something missing, refused or withheld; 2: nothing published.
    """
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.status import show_status

    with plainly():
        code = show_status(home, as_json=form is Shown.JSON)
    raise typer.Exit(code)


def quality(
    scheme: Annotated[str, typer.Option(help="The scheme whose delivery is looked at.")],
    month: Annotated[str, typer.Option(help="The month of the delivery, YYYY-MM.")],
    home: HomeOption = None,
    landing: Annotated[
        Path | None, typer.Option(help="Where deliveries lie; usually <home>/landing.")
    ] = None,
    study: Annotated[
        list[Path] | None, typer.Option(help="A study file; may be repeated (all in studies/).")
    ] = None,
) -> None:
    """Say how good a delivery is, and what its refused rows do to the main estimate.

    Exit status 0: every table is in use; 1: one failed; 2: nothing of it was taken in.
    """
    from sp_eval.cli.quality import quality_and_show
    from sp_eval.cli.refusals import plainly

    with plainly():
        code = quality_and_show(
            scheme=scheme, month=month, home=home, landing=landing, studies=study or ()
        )
    raise typer.Exit(code)


def doctor(
    home: HomeOption = None,
    landing: Annotated[
        Path | None, typer.Option(help="Where deliveries lie; usually <home>/landing.")
    ] = None,
) -> None:
    """Look whether everything needed to run is there, and say what to do where it is not.

    Exit status 0: nothing is wrong; 1: something is.
    """
    from sp_eval.cli.doctor import show_doctor
    from sp_eval.cli.refusals import plainly

    with plainly():
        code = show_doctor(home, landing)
    raise typer.Exit(code)
