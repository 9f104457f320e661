"""The primary contrast over other lengths of follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl

from sp_eval.framework.design_store import load_all
from sp_eval.framework.followed import count_everybody, count_matched, counts_of
from sp_eval.framework.rows import RowMaker
from sp_eval.framework.sensitivity_rows import horizon_rows
from sp_eval.study.design import HORIZON_DAYS, StudyDesign
from sp_eval.warehouse.connection import Connection

__all__ = ["other_length_rows"]


def other_length_rows(
    conn: Connection,
    study: StudyDesign,
    primary: pl.DataFrame,
    *,
    run_id: str,
    told: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """The primary contrast over other lengths of time; the study's own counts stand afterwards."""
    schemes = list(load_all(conn))
    designs = [s.design for s in schemes if s.design is not None]
    others = [m for m in study.horizons if HORIZON_DAYS[m] != study.windows.post_days]
    rows: list[dict[str, Any]] = []
    if not designs or not others or primary.filter(role="primary", status="released").is_empty():
        return rows
    for months in others:
        if told is not None:
            told(f"the same over {months} months")
        windows = study.windows.model_copy(update={"post_days": HORIZON_DAYS[months]})
        longer = study.model_copy(update={"windows": windows})
        count_matched(conn, longer, designs)
        for compared in schemes:
            if compared.design is None:
                continue
            own = primary.filter(pl.col("scheme_code") == compared.scheme_code)
            maker = replace(RowMaker.of(study, compared, run_id), study=longer)
            counts = counts_of(conn, compared.scheme_code)
            rows += horizon_rows(maker, compared.design, counts, own, months=months)
    count_everybody(conn, study, schemes)
    return [row | {"design_hash": study.design_hash()} for row in rows]
