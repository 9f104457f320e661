"""`sp-eval scheme`: its commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["scheme_app"]

scheme_app = typer.Typer(no_args_is_help=True, help="Draft and check the mapping of a scheme.")


@scheme_app.command("check")
def scheme_check(
    scheme: Annotated[str, typer.Argument(help="The scheme whose mapping is looked at.")],
    path: Annotated[Path, typer.Argument(help="A file, or a folder with one month's files.")],
    mapping: Annotated[
        Path | None,
        typer.Option(help="The mapping file, where it is not in the scheme's own folder."),
    ] = None,
) -> None:
    """Say what a mapping asks, leaves out, may misread, or refuses too often, with its lines."""
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.scheme import check_scheme_and_show

    with plainly():
        status = check_scheme_and_show(scheme, path, mapping=mapping)
    raise typer.Exit(status)


@scheme_app.command("new")
def scheme_new(
    scheme: Annotated[str, typer.Argument(help="Code of the new scheme, as halton.")],
    delivery: Annotated[
        Path, typer.Option("--from", help="A file, or a folder with one month's files.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="File to write; usually a draft in the scheme's folder.")
    ] = None,
    taken: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            metavar="FILE=CONTRACT",
            help="Take a file, or 'FILE, sheet NAME', for that contract; given twice for a file, it"
            " is two tables. In a draft that is there already they take the place of those of the"
            " same file and sheet, and nothing else of it is changed.",
        ),
    ] = None,
) -> None:
    """Draft a mapping from a delivery: guesses with their reasons, questions where none is sure.

    Exit status 0: a draft of every file; 1: of some; 2: nothing was written.
    """
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.scheme_new import draft_and_show

    with plainly():
        status = draft_and_show(scheme, delivery, out=out, taken=taken or ())
    raise typer.Exit(status)
