"""Contract-form frames into the `extract` schema, with the period each source covers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.study.design import Period
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import store_frame

__all__ = [
    "EVALUATED",
    "OPTIONAL",
    "UNREAD",
    "declared_from_activity",
    "outcome_sources",
    "store_extracts",
]

EVALUATED = ("person", "referral", "gp_contact", "hospital_activity")
UNREAD: dict[str, tuple[str, ...]] = {
    "person": ("lsoa_code",),
    "referral": (
        "route", "primary_need", "secondary_needs", "outcome", "first_contact_date", "closed_date",
        "closure_reason", "is_carer",
    ),
    "gp_contact": (),
    "hospital_activity": ("provider_code", "cost_gbp"),
}  # fmt: skip
"""Of each extract evaluated, the columns that no estimate of everybody's use of care reads."""
OPTIONAL = ("activity", "outcome_response", "patient", "residence", "use_count")
_SOURCE_OF_ACTIVITY = {
    "ae": "ae",
    "outpatient": "outpatient",
    "emergency": "inpatient",
    "elective": "inpatient",
    "day_case": "inpatient",
    "maternity": "inpatient",
}
_COVERAGE = {
    "scheme_code": pl.String,
    "source": pl.String,
    "practice_code": pl.String,
    "covered_from": pl.Date,
    "covered_to": pl.Date,
}


def store_extracts(
    conn: Connection, tables: Mapping[str, pl.DataFrame], *, observed: Period | None = None
) -> None:
    """Store the frames an evaluation reads as `extract.*`.

    Parameters
    ----------
    tables : `person`, `referral`, `gp_contact`, `hospital_activity` in contract form with
        `scheme_code`; other columns are ignored, columns a contract does not require may be
        absent. The `OPTIONAL` ones where there are any. `coverage`
        (`scheme_code, source, practice_code, covered_from, covered_to`, end outside) where known.
    observed : the period every source covers, used where there is no `coverage`; where there is
        neither, the whole months with activity.

    Raises
    ------
    KeyError : a frame, or its `scheme_code`, is absent.
    ContractError : a required column is absent, or holds what its type cannot.
    """
    create_schemas(conn, ["extract", "core"])
    frames = {name: _conform(name, tables[name]) for name in EVALUATED}
    for name in OPTIONAL:
        nobody = empty_frame(load_contract(name)).with_columns(scheme_code=pl.lit(""))
        frames[name] = _conform(name, tables.get(name, nobody))
    frames["person"] = frames["person"].with_row_index("row_order")
    for name, frame in frames.items():
        store_frame(conn, f"extract.{name}", frame)
    declared = tables.get("coverage")
    if declared is None:
        declared = declared_from_activity(frames, observed)
    store_frame(conn, "extract.declared_coverage", declared.select(*_COVERAGE).cast(_COVERAGE))  # type: ignore[arg-type]
    store_frame(conn, "core.outcome_source", outcome_sources())


def outcome_sources() -> pl.DataFrame:
    """`outcome, clock, source`: which files' coverage each outcome's person-time needs."""
    rows = [(o.name, o.clock, source) for o in OUTCOMES.values() for source in o.sources]
    return pl.DataFrame(rows, schema=["outcome", "clock", "source"], orient="row")


def declared_from_activity(
    frames: Mapping[str, pl.DataFrame], observed: Period | None
) -> pl.DataFrame:
    """The period of each source with any row: `observed`, or its whole months with activity."""
    dated = pl.concat(
        [
            frames["gp_contact"].select(
                "scheme_code", pl.lit("gp_contact").alias("source"), day=pl.col("contact_date")
            ),
            frames["hospital_activity"].select(
                "scheme_code",
                pl.col("activity")
                .replace_strict(_SOURCE_OF_ACTIVITY, default=None)
                .alias("source"),
                day=pl.col("start_date"),
            ),
        ]
    ).drop_nulls()
    first = pl.col("day").min().dt.month_start()
    after = pl.col("day").max().dt.month_start().dt.offset_by("1mo")
    if observed is not None:
        first = pl.lit(observed.from_)
        after = pl.lit(observed.to + timedelta(days=1))
    return dated.group_by("scheme_code", "source", maintain_order=True).agg(
        practice_code=pl.lit(None, dtype=pl.String),
        covered_from=first.first() if observed else first,
        covered_to=after.first() if observed else after,
    )


def _conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    if "scheme_code" not in frame.columns:
        raise KeyError(f"table '{name}' lacks the column 'scheme_code'")
    scheme = frame.select(pl.col("scheme_code").cast(pl.String))
    return pl.concat([scheme, conform(frame, load_contract(name))], how="horizontal")
