"""One run: what it was asked, what it may use, and what it met on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sp_eval import __version__
from sp_eval.settings import Settings, project_root
from sp_eval.study.design import StudyDesign

__all__ = ["Run", "definitions_hash", "digest"]

_NO_PART = ("cli", "orchestration")


@dataclass(slots=True)
class Run:
    """The state of one run.

    `problems` are sentences about what was refused, missing or withheld; `notices` about what was
    passed over; `rows` what each table holds after the step that writes it.
    """

    settings: Settings
    studies: tuple[StudyDesign, ...]
    schemes: tuple[str, ...] = ()
    month: str | None = None
    told: Callable[[str], None] = lambda _: None
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    has_worked: bool = False

    @property
    def run_id(self) -> str:
        """Names the run: its start to the microsecond, UTC."""
        return self.started_at.strftime("%Y%m%dT%H%M%S%fZ")

    def study_file(self, study: StudyDesign) -> Path:
        return self.settings.work / f"{study.study_id}.duckdb"


def digest(*parts: str) -> str:
    """SHA-256 of the parts, in order."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@cache
def definitions_hash() -> str:
    """A digest of everything that decides numbers besides data and study.

    The SQL, the contracts, the code of the package and its version: when one changes, work done
    before is done again. The two doors have no part in it.
    """
    root = project_root()
    doors = [root / "sp_eval" / name for name in _NO_PART]
    paths = [
        *sorted((root / "sql").rglob("*.sql")),
        *sorted((root / "data_contracts").rglob("*.*ml")),
        *sorted((root / "data_contracts").rglob("*.csv")),
        *sorted(
            path
            for path in (root / "sp_eval").rglob("*.py")
            if not any(path.is_relative_to(door) for door in doors)
        ),
    ]
    return digest(__version__, *(hashlib.sha256(p.read_bytes()).hexdigest() for p in paths))
