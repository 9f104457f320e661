"""The report of each study, made from the release alone, replaced at once or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.settings import project_root
from sp_eval.warehouse.connection import open_file, transaction
from sp_eval.warehouse.snapshot import put_in_place, run_id_of
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["write_reports"]

_FILES = ("index.html", "first_page.pdf")


def write_reports(run: Run) -> None:
    """Write the reports anew if the release or their making has changed, or one is missing."""
    release = run.settings.published / "release.duckdb"
    folder = run.settings.home / "reports"
    published = run_id_of(release)
    if published is None:
        return
    inputs = digest("report", published, definitions_hash(), _templates_hash())
    with open_file(run.settings.warehouse) as conn:
        held = is_done(conn, "report", "", inputs)
    if held and _all_there(folder, release):
        return
    run.told("writing the reports")
    run.has_worked = True
    _write(release, folder)
    with open_file(run.settings.warehouse) as conn, transaction(conn):
        record_done(conn, "report", "", inputs)


def _all_there(folder: Path, release: Path) -> bool:
    from sp_eval.report.release import studies_of

    files = [folder / "index.html"]
    for study in studies_of(release):
        files += [folder / study / name for name in _FILES]
    return all(file.exists() for file in files)


def _write(release: Path, folder: Path) -> None:
    """Make everything before anything is replaced; the list of reports last."""
    from sp_eval.report.facts import first_screen
    from sp_eval.report.page import index_page, report_page
    from sp_eval.report.release import read_release, studies_of
    from sp_eval.report.sheet import first_page

    made: dict[Path, bytes] = {}
    screens = []
    for study in studies_of(release):
        rows = read_release(release, study)
        screens.append(first_screen(rows))
        page, sheet = report_page(rows, screens[-1]).encode(), first_page(screens[-1])
        made |= {folder / study / name: c for name, c in zip(_FILES, (page, sheet), strict=True)}
    made[folder / "index.html"] = index_page(screens).encode()
    asides = {path: _aside(path, content) for path, content in made.items()}
    put_in_place(asides)
    _take_away_others(folder, made)


def _take_away_others(folder: Path, made: Mapping[Path, bytes]) -> None:
    """Take away reports of studies the release no longer holds: nothing of it backs their figures.

    Anything else somebody put there stays.
    """
    for name in _FILES:
        for path in sorted(folder.glob(f"*/{name}")):
            if path not in made:
                path.unlink()
                with suppress(OSError):  # not empty: not ours alone
                    path.parent.rmdir()


def _aside(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.part")
    aside.write_bytes(content)
    return aside


def _templates_hash() -> str:
    templates = project_root() / "sp_eval" / "report" / "templates"
    files = sorted(path for path in templates.iterdir() if path.is_file())
    return digest(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
