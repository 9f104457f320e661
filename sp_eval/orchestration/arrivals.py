"""What lies in the landing folder and may be taken in: whole, of a known scheme, new in content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sp_eval.ingest.folder import UNFINISHED, is_litter

__all__ = ["Arrivals", "Seen", "look", "memory_from", "memory_to"]

SETTLED_SECONDS = 20.0
"""For so long a folder must not have changed, from one look to a later one."""

_SHORT = 16  # what is remembered stands on a page of the UI


@dataclass(frozen=True, slots=True)
class Seen:
    """A month's folder as it was seen: `signature` of names, sizes and times, and since when.

    `is_given`: it had settled, and was given out to be taken in.
    """

    signature: str
    since: float
    is_given: bool = False


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What one look found.

    `ready`: scheme, month and content digest of folders to take in now; `waiting` and `refused`
    sentences; `seen` what to remember until the next look, by `<scheme>/<month>`.
    """

    ready: tuple[tuple[str, str, str], ...]
    waiting: tuple[str, ...]
    refused: tuple[str, ...]
    seen: dict[str, Seen]


def look(landing: Path, before: dict[str, Seen], *, now: float) -> Arrivals:
    """Look at the landing folder and compare it with the look before.

    Parameters
    ----------
    before : what the last look remembered.
    now : seconds, of any clock that goes forward from look to look.
    """
    from sp_eval.ingest.landing import LandingEmptyError, content_digest, survey

    try:
        found = survey(landing)
    except LandingEmptyError as nothing:
        return Arrivals((), (), (str(nothing),), {})
    ready: list[tuple[str, str, str]] = []
    waiting: list[str] = []
    seen: dict[str, Seen] = {}
    for month in found.months:
        name = f"{month.scheme_code}/{month.month}"
        signature, files, unfinished = _signature(month.folder)
        last = before.get(name)
        if last is None or last.signature != signature:
            last = Seen(signature, now)
        if not files:
            waiting.append(f"{name}: waits, no file lies in it yet.")
        elif unfinished:
            waiting.append(f"{name}: waits, a file in it is still being copied or downloaded.")
        elif not last.is_given and now - last.since < SETTLED_SECONDS:
            waiting.append(f"{name}: waits until its files have stopped changing.")
        elif not last.is_given:
            digest = content_digest(month.folder)
            if _signature(month.folder)[0] == signature:
                last = Seen(signature, last.since, is_given=True)
                ready.append((month.scheme_code, month.month, digest))
            else:
                waiting.append(f"{name}: waits, it changed while it was read.")
        seen[name] = last
    return Arrivals(tuple(ready), tuple(waiting), (*found.refused, *found.notices), seen)


def _signature(folder: Path) -> tuple[str, int, bool]:
    """Names, sizes and times of all files below, digested; how many; whether one is unfinished."""
    digest = hashlib.sha256()
    files = list(_files(folder))
    for path, size, changed in files:
        digest.update(f"{path}\0{size}\0{changed}\n".encode())
    unfinished = any(path.lower().endswith(UNFINISHED) for path, _, _ in files)
    return digest.hexdigest()[:_SHORT], len(files), unfinished


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and not is_litter(path.name):
                known = path.stat()
                yield path.relative_to(folder).as_posix(), known.st_size, known.st_mtime_ns
        except OSError:  # gone between listing and looking: it will be seen another time
            yield path.name, -1, 0


def memory_from(text: str | None) -> dict[str, Seen]:
    """What the last look remembered, from text; nothing where there is none."""
    seen = {}
    for word in (text or "").split():
        name, _, rest = word.partition("=")
        signature, waits, since = rest.partition("@")
        seen[name] = Seen(signature, float(since or 0), is_given=not waits)
    return seen


def memory_to(seen: dict[str, Seen]) -> str:
    """The same as text, a word a month; neither a file's name nor a cell is in it."""
    return " ".join(
        f"{name}={one.signature}" + ("" if one.is_given else f"@{one.since:.0f}")
        for name, one in sorted(seen.items())
    )
