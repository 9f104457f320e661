"""Taking in one month of a delivery written by a test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.ingest.delivery import TakenIn, take_in

__all__ = ["taken"]


def taken(folder: Path, scheme: str, month: str = "2019-04") -> TakenIn:
    """Take in `<folder>/<scheme>/<month>` as received early in April 2019, with nothing before."""
    return take_in(
        folder / scheme / month,
        mapping=load_mapping(scheme),
        month=month,
        key=b"only for tests, never for people",
        received_at=datetime(2019, 4, 5, tzinfo=UTC),
    )
