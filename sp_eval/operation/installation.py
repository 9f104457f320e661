"""Whether what is installed is what the project was tested with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement

from sp_eval import __version__
from sp_eval.settings import project_root

__all__ = ["Mark", "locked_packages", "look_at_packages", "look_at_python", "look_at_reports"]

Mark = Literal["OK", "attention", "wrong"]
Line = tuple[Mark, str, str, str]  # the fields of a finding: mark, what, found, what to do
_PYTHONS = ((3, 11), (3, 13))
_MOST_NAMED = 8
_AS_TOLD = "Install anew from requirements.txt, as docs/how_to/run-every-month.md says."


def look_at_python() -> Line:
    """Tell which Python this is, and whether it is one that was tested."""
    told = f"{sys.version.split()[0]} in {sys.prefix}; sp_eval {__version__}"
    if _PYTHONS[0] <= sys.version_info[:2] <= _PYTHONS[1]:
        return "OK", "Python", told, ""
    return "wrong", "Python", told, "Install Python 3.11, 3.12 or 3.13."


def look_at_packages() -> Iterator[Line]:
    """Hold each installed package against the version that is locked."""
    path = project_root() / "requirements.txt"
    if not path.exists():
        told = "requirements.txt is not here, so versions are not compared"
        yield "attention", "packages", told, "Call it from a full copy of the project."
        return
    missing, other, locked = [], [], locked_packages(path)
    for name, wanted in locked.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            missing.append(name)
        else:
            if found != wanted:
                other.append(f"{name} {found} (locked: {wanted})")
    if missing:
        yield "wrong", "packages", f"not installed: {_some(missing)}", _AS_TOLD
    if other:
        yield "attention", "packages", f"other versions than tested: {_some(other)}", _AS_TOLD
    if not missing and not other:
        yield "OK", "packages", f"all {len(locked)} as locked", ""


def locked_packages(path: Path) -> dict[str, str]:
    """Name -> version of the packages a requirements file locks for this system."""
    locked = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.removesuffix("\\").strip()
        if not text or text.startswith(("#", "-")):
            continue
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue
        if wanted.marker is None or wanted.marker.evaluate():
            locked[wanted.name] = str(wanted.specifier).removeprefix("==")
    return locked


def look_at_reports() -> Line:
    """Tell whether what draws pictures and prints pages is there."""
    missing = [name for name in ("altair", "vl_convert", "jinja2", "typst") if not find_spec(name)]
    if missing:
        return "wrong", "reports", f"not installed: {', '.join(missing)}", _AS_TOLD
    return "OK", "reports", "pictures and PDF are made here, no browser is needed", ""


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
