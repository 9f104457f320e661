"""The brake: when a month must not be used until a named person has accepted it."""

from __future__ import annotations

from sp_eval.contracts.scheme_mapping import Brake
from sp_eval.ingest.refusal import plain_reason

__all__ = ["RIVALS", "braked"]

RIVALS = "Several files in the folder hold the same table, and only one can count."


def braked(
    limits: Brake, *, rows_in: int, rows_refused: int, usual: int | None, rivals: int = 1
) -> str | None:
    """Return the reason to stop for one file or sheet, or None.

    `usual`: rows this sender usually sends for this table, if known from other months.
    `rivals`: files in the folder that hold this table.
    """
    if rivals > 1:
        return plain_reason("brake", RIVALS)
    if rows_in and rows_refused > limits.refused_share * rows_in:
        detail = (
            f"{rows_refused:,} of {rows_in:,} rows are refused, more than"
            f" {limits.refused_share:.0%} of the file, so the month was stopped."
        )
        return plain_reason("brake", detail)
    if usual and rows_in < limits.share_of_usual_rows * usual:
        detail = (
            f"The file holds {rows_in:,} rows where about {usual:,} are usual,"
            " so the month was stopped."
        )
        return plain_reason("brake", detail)
    return None
