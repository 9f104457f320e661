"""The release written anywhere: for a shared drive, a web page or an archive, with checksums."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from sp_eval.operation.release_files import build_release_files, place_release_files
from sp_eval.operation.release_folder import file_hash
from sp_eval.settings import Settings
from sp_eval.warehouse.snapshot import put_in_place, run_id_of

__all__ = ["CHECKSUMS", "ExportRefusedError", "export_release"]

CHECKSUMS: Final = "SHA256SUMS"


class ExportRefusedError(Exception):
    """The release cannot be written there; the text is one sentence that says what to do."""


def export_release(settings: Settings, out: Path) -> list[Path]:
    """Write `release.duckdb`, the workbook, the folder and their checksums into `out`.

    Everything is made from one copy of the release, so that a run in between changes nothing of
    it. Files of an earlier export are replaced; others in the folder are left alone.

    Returns
    -------
    The files written, the checksums last.

    Raises
    ------
    ExportRefusedError : nothing is published yet, or the folder cannot take the files.
    """
    release = settings.published / "release.duckdb"
    if run_id_of(release) is None:
        raise ExportRefusedError(
            f"Nothing is published in {settings.home} yet; run `sp-eval run` first."
        )
    _refuse_place(settings, out)
    out.mkdir(parents=True, exist_ok=True)
    aside = out / "export.part"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        return _write(release, out, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(release: Path, out: Path, aside: Path) -> list[Path]:
    aside.mkdir()
    copy = aside / release.name
    shutil.copyfile(release, copy)
    made = build_release_files(copy, aside / "files")
    places = [out / path.relative_to(aside / "files") for path in made]
    sums = [(file_hash(path), path.relative_to(aside / "files").as_posix()) for path in made]
    sums.append((file_hash(copy), release.name))
    lines = [
        f"{value.removeprefix('sha256:')}  {name}\n" for value, name in sorted(sums, key=_name)
    ]
    (aside / CHECKSUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
    left = put_in_place({out / release.name: copy})
    left += place_release_files(aside / "files", made, out)
    left += [] if left else put_in_place({out / CHECKSUMS: aside / CHECKSUMS})
    if left:
        raise ExportRefusedError(
            f"{left[0]} is open in another program and was not replaced; close it there and"
            " export again."
        )
    return [out / release.name, *places, out / CHECKSUMS]


def _name(entry: tuple[str, str]) -> str:
    return entry[1]


def _refuse_place(settings: Settings, out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ExportRefusedError(f"{out} is a file; name a folder.")
    if out.resolve() == settings.published.resolve():
        raise ExportRefusedError(f"{out} is where the release lies already; name another folder.")
