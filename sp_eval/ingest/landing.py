"""What lies in the landing folder: schemes, months, and their bytes' digest."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sp_eval.contracts.scheme_mapping import known_layouts, mapped_schemes
from sp_eval.ingest.folder import is_litter, why_sealed
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.told_name import told_name

__all__ = [
    "Landing",
    "LandingEmptyError",
    "ReceivedMonth",
    "content_digest",
    "month_of",
    "survey",
]

_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
_LINK = (
    "refused, it is a link that leads out of the landing folder, and was not opened; put the files"
    " themselves there."
)
_SEALED = "refused, what was held of the month stands; a folder of it cannot be read"


class LandingEmptyError(Exception):
    """There is nothing to take in; the text is one sentence."""


@dataclass(frozen=True, slots=True, order=True)
class ReceivedMonth:
    """One scheme's folder of one month."""

    scheme_code: str
    month: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Landing:
    """What was found.

    `months` in order of scheme and month; `notices` folders passed over; `refused` folders with
    months of schemes that have no mapping.
    """

    months: tuple[ReceivedMonth, ...]
    notices: tuple[str, ...]
    refused: tuple[str, ...]


def survey(landing: Path, *, schemes: Iterable[str] = (), month: str | None = None) -> Landing:
    """Find the deliveries in `landing/<scheme_code>/<YYYY-MM>/`.

    Raises
    ------
    LandingEmptyError : the folder is absent, or holds no delivery (of those asked for).
    """
    if not landing.is_dir():
        raise LandingEmptyError(f"The landing folder {landing} does not exist.")
    wanted, known = set(schemes), {*mapped_schemes(), *known_layouts()}
    months: list[ReceivedMonth] = []
    notices = [_outside(path.name) for path in _files(landing)]
    refused: list[str] = []
    for folder in sorted(path for path in landing.iterdir() if path.is_dir()):
        name = told_name(folder.name)
        if (why := _why_unfit(landing, folder, below=False)) is not None:
            refused.append(f"{name}: {why}")
            continue
        try:
            folders = sorted(path for path in folder.iterdir() if path.is_dir())
            stray = [_outside(f"{folder.name}/{path.name}") for path in _files(folder)]
        except OSError as error:
            refused.append(f"{name}: refused, the folder cannot be read: {error.strerror}.")
            continue
        found = [path for path in folders if _MONTH.match(path.name)]
        if not found:
            notices.append(f"{name}: passed over, it holds no folder of a month (YYYY-MM).")
        elif folder.name not in known:
            refused.append(_unmapped(name, known))
        elif not wanted or folder.name in wanted:
            unfit = {path: why for path in found if (why := _why_unfit(landing, path))}
            refused += [f"{name}/{path.name}: {why}" for path, why in unfit.items()]
            months += [ReceivedMonth(folder.name, p.name, p) for p in found if p not in unfit]
            stray += [_outside(f"{folder.name}/{p.name}") for p in folders if p not in found]
            notices += stray
    months = [m for m in months if month is None or m.month == month]
    if not months and not refused:
        raise LandingEmptyError(
            f"The landing folder {landing} holds no delivery"
            + (f" of {', '.join(sorted(wanted))}" if wanted else "")
            + (f" for {month}" if month else "")
            + "; put files into <landing>/<scheme_code>/<YYYY-MM>/."
        )
    return Landing(tuple(months), tuple(notices), tuple(refused))


def _unmapped(name: str, known: set[str]) -> str:
    return (
        f"{name}: refused, there is no mapping for this scheme; write"
        f" data_contracts/schemes/{name}/mapping.yaml or rename the folder"
        f" (mapped: {', '.join(sorted(known))})."
    )


def _why_unfit(landing: Path, folder: Path, *, below: bool = True) -> str | None:
    """Why a folder is not read: it lies elsewhere, or what lies `below` it cannot all be seen."""
    if not folder.resolve().is_relative_to(landing.resolve()):
        return _LINK
    why = why_sealed(folder) if below else None
    return f"{_SEALED}: {why}." if why else None


def _files(folder: Path) -> list[Path]:
    """The files that lie in a folder itself, but for those programs leave behind."""
    return sorted(path for path in folder.iterdir() if path.is_file() and not is_litter(path.name))


def _outside(place: str) -> str:
    return f"{told_name(place)}: passed over, it lies in no folder of a month (YYYY-MM)."


def month_of(path: Path) -> str | None:
    """The month named by the folder a path is, or lies in; None if none is."""
    names = [path.resolve().name, *(parent.name for parent in path.resolve().parents)]
    return next((name for name in names if _MONTH.match(name)), None)


def content_digest(folder: Path) -> str:
    """SHA-256 over the names and bytes of every file below a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(os.fsencode(path.relative_to(folder).as_posix()))
        digest.update(b"\0")
        try:
            digest.update(bytes.fromhex(TextFile(path).sha256))
        except OSError:
            digest.update(b"unreadable")
    return digest.hexdigest()
