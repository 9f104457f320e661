"""The quality of one scheme's month, asked for: the effect of its refused rows worked out too."""

from __future__ import annotations

import polars as pl

from sp_eval.operation.core_tables import is_brought_together
from sp_eval.operation.lock import writer
from sp_eval.operation.quality_pages import write_quality_pages
from sp_eval.operation.refusals import QualityNotKnownError
from sp_eval.operation.refused_effect import effects_kept, weigh_refused_rows
from sp_eval.operation.run import Run
from sp_eval.warehouse.connection import open_file
from sp_eval.warehouse.contract_tables import has_table
from sp_eval.warehouse.frames import read_frame

__all__ = ["quality_asked"]


def quality_asked(
    run: Run, scheme: str, month: str
) -> tuple[pl.DataFrame, list[dict[str, object]]]:
    """Work out the effect of refused rows, write the page, and return states and effects.

    Raises
    ------
    QualityNotKnownError : nothing of the month was taken in, or no run was done since it
        changed.
    RunningElsewhereError : another run holds the lock.
    """
    if not run.settings.warehouse.exists():
        raise QualityNotKnownError("No run was done in this home yet: do sp-eval run first.")
    with writer(run.settings.work):
        rows = _states(run, scheme, month)
        if int(rows["rows_refused"].sum()):
            weigh_refused_rows(run, scheme, month)
        write_quality_pages(run)
        with open_file(run.settings.warehouse) as conn:
            return rows, effects_kept(conn, scheme, month)


def _states(run: Run, scheme: str, month: str) -> pl.DataFrame:
    with open_file(run.settings.warehouse) as conn:
        known = has_table(conn, "meta", "quality")
        rows = pl.DataFrame()
        if known:
            rows = read_frame(
                conn,
                """from meta.quality where scheme_code = $scheme and month = $month
                order by dataset""",
                {"scheme": scheme, "month": month},
            )
        is_current = known and is_brought_together(conn)
    if rows.is_empty():
        raise QualityNotKnownError(
            f"Nothing of {scheme} {month} was taken in; sp-eval status lists what was."
        )
    if not is_current:
        raise QualityNotKnownError(
            "What came has changed since the last run, or was used by an earlier version: do"
            " sp-eval run first."
        )
    return rows
