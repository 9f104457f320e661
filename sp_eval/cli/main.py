"""`sp-eval`: every command, its options, and what it prints."""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sp_eval import __version__
from sp_eval.cli.looking import HomeOption, doctor, quality, status
from sp_eval.cli.scheme_app import scheme_app
from sp_eval.synthetic.styles import EXAMPLE, STYLES

__all__ = ["app", "main"]

app = typer.Typer(
    name="sp-eval",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "The common evaluation framework for social prescribing: extracts in, comparable and"
        " honest estimates out. Exit status 0: all taken in and every primary estimate released;"
        " 1: something refused, missing or withheld, all the rest done; 2: nothing begun."
    ),
)
contract_app = typer.Typer(no_args_is_help=True, help="Look at contracts.")
app.add_typer(contract_app, name="contract")
app.add_typer(scheme_app, name="scheme")
reference_app = typer.Typer(
    no_args_is_help=True, help="Load public files that everybody may look up, and look them up."
)
app.add_typer(reference_app, name="reference")
SchemeOption = Annotated[
    list[str] | None, typer.Option("--scheme", help="Only this scheme; may be repeated.")
]


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class Snapshot(StrEnum):
    RELEASE = "release"
    RESEARCH = "research"


@app.callback(invoke_without_command=True)
def _version(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"sp-eval {__version__}")
        raise typer.Exit


@app.command()
def run(
    landing: Annotated[
        Path | None,
        typer.Option(help="Folder of deliveries, <scheme>/<YYYY-MM>/ (<home>/landing)."),
    ] = None,
    home: HomeOption = None,
    study: Annotated[
        list[Path] | None, typer.Option(help="A study file; may be repeated (all in studies/).")
    ] = None,
    scheme: SchemeOption = None,
    month: Annotated[str | None, typer.Option(help="Only deliveries of this month.")] = None,
) -> None:
    """Take in what was received, evaluate every study, and publish."""
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.run import run_and_show

    with plainly():
        status = run_and_show(
            home=home, landing=landing, studies=study or (), schemes=scheme or (), month=month
        )
    raise typer.Exit(status)


@app.command()
def check(
    *,
    path: Annotated[Path, typer.Argument(help="A file, or a folder with one month's files.")],
    scheme: Annotated[str, typer.Option(help="The scheme whose mapping applies.")],
    reply: Annotated[
        Path | None,
        typer.Option(help="Write a workbook for the sender: what to mend, without values."),
    ] = None,
    values: Annotated[
        bool,
        typer.Option(
            "--values", help="Put the refused rows into it, to be corrected there and sent back."
        ),
    ] = False,
) -> None:
    """Say what would be used and refused, and why; nothing is loaded or kept."""
    from sp_eval.cli.check import check_and_show
    from sp_eval.cli.refusals import plainly

    with plainly():
        status = check_and_show(path, scheme=scheme, reply=reply, values=values)
    raise typer.Exit(status)


@app.command()
def pseudonymise(
    path: Annotated[Path, typer.Argument(help="Your file: a workbook, or text with fields.")],
    column: Annotated[str, typer.Option(help="The heading of the NHS number.")],
    key: Annotated[
        Path, typer.Option(help="File with your own secret; it is made if it is not there.")
    ],
    out: Annotated[Path, typer.Option(help="File to write, of the same kind.")],
    empty: Annotated[
        list[str] | None,
        typer.Option(help="Heading whose cells are emptied, as a name; may be repeated."),
    ] = None,
) -> None:
    """Replace the NHS numbers in a file before it is sent; nothing else is kept of it."""
    from sp_eval.cli.pseudonymise import pseudonymise_and_show
    from sp_eval.cli.refusals import plainly

    with plainly():
        status = pseudonymise_and_show(path, out, column=column, key=key, empty=empty or ())
    raise typer.Exit(status)


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="Folder to write into; it becomes a landing folder.")],
    scheme: Annotated[
        list[str] | None,
        typer.Option(
            "--scheme",
            help=f"A scheme's style, may be repeated: {', '.join(STYLES)}; or all."
            f" If none is named: {' and '.join(EXAMPLE)}.",
        ),
    ] = None,
    people: Annotated[
        int | None,
        typer.Option(min=200, max=2_000_000, help="People registered, a scheme; 4,000 by default."),
    ] = None,
    referred: Annotated[
        int | None, typer.Option(min=20, help="People referred, about; 300 by default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another world.")] = 1,
    effect: Annotated[
        list[str] | None,
        typer.Option(help="True rate ratio of an outcome, as gp_contact=0.85; may be repeated."),
    ] = None,
    faults: Annotated[
        float, typer.Option(min=0, max=20, help="Times the usual rate of faults; 0 for none.")
    ] = 1.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Share of rows with one fault, as date_future=0.01; may be repeated."),
    ] = None,
    form: Annotated[
        str, typer.Option(help="raw: as the schemes send; contract: one Parquet file a contract.")
    ] = "raw",
    hidden_driver: Annotated[
        float,
        typer.Option(
            min=0, max=2, help="Strength of a flare no file records; it misleads every comparison."
        ),
    ] = 0.0,
) -> None:
    """Write synthetic deliveries whose truth is known."""
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.synth import write_and_show

    with plainly():
        write_and_show(
            out,
            schemes=scheme or (),
            people=people,
            referred=referred,
            seed=seed,
            effects=effect or (),
            usual_faults=faults,
            faults=fault or (),
            form=form,
            hidden_driver=hidden_driver,
        )


@app.command()
def template(
    dataset: Annotated[str, typer.Argument(help="The contract, as referral or gp_contact.")],
    out: Annotated[Path, typer.Option(help="File to write: .xlsx or .csv.")],
) -> None:
    """Write a blank sheet with every column of a contract, for a sender to fill."""
    from sp_eval.cli.refusals import plainly
    from sp_eval.contracts.odcs import load_contract
    from sp_eval.contracts.template import write_template

    with plainly():
        write_template(load_contract(dataset), out)
    typer.echo(f"Written: {out}")


@contract_app.command("diff")
def contract_diff(
    old: Annotated[
        Path, typer.Argument(help="The earlier *.odcs.yaml file, or a name: as last released.")
    ],
    new: Annotated[
        Path | None, typer.Argument(help="The later one (that of the same name in use here).")
    ] = None,
) -> None:
    """Say what tightens, what loosens, and whether the version says so."""
    from sp_eval.cli.contract import diff_and_show
    from sp_eval.cli.refusals import plainly

    with plainly():
        status = diff_and_show(old, new)
    raise typer.Exit(status)


@app.command()
def standard(scheme: SchemeOption = None) -> None:
    """Say what of the national information standard the contracts and each scheme hold."""
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.standard import standard_and_show

    with plainly():
        status = standard_and_show(scheme)
    raise typer.Exit(status)


@reference_app.command("load")
def reference_load(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with <source>/<vintage>/ (<home>/reference).")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Load the editions that are new or changed, each whole or not at all."""
    from sp_eval.cli.reference import load_and_show
    from sp_eval.cli.refusals import plainly

    with plainly():
        status = load_and_show(folder, home)
    raise typer.Exit(status)


@reference_app.command("list")
def reference_list(home: HomeOption = None) -> None:
    """Say which editions are held, and which sources can be loaded."""
    from sp_eval.cli.reference import list_and_show
    from sp_eval.cli.refusals import plainly

    with plainly():
        list_and_show(home)


@reference_app.command("network")
def reference_network(
    at: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day, YYYY-MM-DD.")],
    practice: Annotated[
        list[str] | None, typer.Argument(help="Codes of practices (all if none is given).")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    home: HomeOption = None,
) -> None:
    """Say which primary care network each practice was in on a day, and whether it was open."""
    from sp_eval.cli.reference import show_networks
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.show import print_frame

    with plainly():
        print_frame(show_networks(home, at.date(), practice or ()), form)


@reference_app.command("deprivation")
def reference_deprivation(
    area: Annotated[list[str], typer.Argument(help="Codes of small areas (LSOA).")],
    areas_of: Annotated[int, typer.Option(help="The census the codes are of: 2011 or 2021.")],
    index: Annotated[
        int | None, typer.Option(help="Year of the index (the newest of these areas).")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    home: HomeOption = None,
) -> None:
    """Say how deprived areas are; areas of one census are never looked up in another's index."""
    from sp_eval.cli.reference import show_deprivation
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.show import print_frame

    with plainly():
        print_frame(show_deprivation(home, area, lsoa_year=areas_of, imd_year=index), form)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL, as: from published.estimate")],
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    snapshot: Annotated[Snapshot, typer.Option(help="Which published file.")] = Snapshot.RELEASE,
    home: HomeOption = None,
) -> None:
    """Put a question to a published file."""
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.show import print_frame
    from sp_eval.settings import Settings
    from sp_eval.warehouse.query import query_snapshot

    settings = Settings.from_environment(home=home)
    with plainly():
        found = query_snapshot(settings.published / f"{snapshot}.duckdb", sql)
        print_frame(found, form)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    home: HomeOption = None,
) -> None:
    """Write the release anywhere: database, workbook, Parquet and CSV, with checksums."""
    from sp_eval.cli.export import export_and_show
    from sp_eval.cli.refusals import plainly

    with plainly():
        export_and_show(out, home=home)


@app.command()
def withdraw(
    scheme: Annotated[str, typer.Option(help="The scheme.")],
    month: Annotated[str, typer.Option(help="The month of the delivery, YYYY-MM.")],
    reason: Annotated[str, typer.Option(help="Why it must not be used, in a sentence.")],
    by: Annotated[str, typer.Option(help="Who says so.")],
    home: HomeOption = None,
) -> None:
    """Have a month that was taken in not be used any more; the next run takes it out."""
    from sp_eval.cli.refusals import plainly
    from sp_eval.cli.withdraw import withdraw_and_show

    with plainly():
        withdraw_and_show(scheme=scheme, month=month, reason=reason, by=by, home=home)


for command in (status, quality, doctor):
    app.command()(command)


@app.command()
def ui(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 3000,
) -> None:
    """Open the Dagster UI on this machine only; end it with Ctrl-C."""
    from sp_eval.cli.ui import serve_apart

    raise typer.Exit(serve_apart(home, port))


def main() -> None:
    """Run the command line; an interrupted command ends with status 130 and one line."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("Interrupted; run it again to go on.", err=True)
        sys.exit(130)
