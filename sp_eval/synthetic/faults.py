"""Faults as people make them: how many of each kind, where, and what stands there instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.raw_table import RawTable, Spot
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["FaultRates", "TablePlan", "edited", "plan_faults"]

_EDIT: Final = {"_row": pl.UInt32, "column": pl.String, "value": pl.String, "rule": pl.String}
_MOST_OF_A_FILE = 0.05  # no kind spoils more of a small file than this
_HIGH_TOTAL = 33  # of at most 35
_BLANK: Final = ("nhs_missing", "mandatory_missing")
_MISORDERED: Final = ("discharge_before_admission", "followup_before_baseline")
_OF_A_DAY: Final = ("date_impossible", "date_future")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRates:
    """Share of rows with each kind of fault, in every file where the kind can occur.

    Files keyed by hand (the scheme's own) have `by_hand` times as many. Any share above 0
    gives at least one in each file. The last three kinds are not errors of the row: the
    person or the second referral is left out of an evaluation with that reason.
    """

    exact_duplicate: float = 0.002
    nhs_bad_check_digit: float = 0.001
    nhs_repdigit: float = 0.001
    nhs_missing: float = 0.001
    date_impossible: float = 0.001
    date_future: float = 0.001
    mandatory_missing: float = 0.001
    unknown_code: float = 0.001
    imd_out_of_range: float = 0.002
    score_out_of_range: float = 0.001
    total_disagrees_with_items: float = 0.002
    metric_holds_raw: float = 0.0025
    unit_does_not_fit: float = 0.0025
    discharge_before_admission: float = 0.0005
    followup_before_baseline: float = 0.00125
    referral_after_death: float = 0.001
    by_hand: float = 4.0

    consent_no: float = 0.01
    unlinked_not_on_register: float = 0.008
    rereferral_within_28d: float = 0.01

    @classmethod
    def none(cls) -> FaultRates:
        """Return rates under which every row of a delivery is sound."""
        return cls(**{one.name: 0.0 for one in fields(cls)})

    def wanted(self, rule: str, rows: int, *, by_hand: bool) -> int:
        """Return how many rows of a file of `rows` get this fault."""
        share = float(getattr(self, rule)) * (self.by_hand if by_hand else 1.0)
        if share <= 0:
            return 0
        return min(max(1, round(share * rows)), int(_MOST_OF_A_FILE * rows))


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What is done to one file's rows, whatever the cut.

    edits: _row, column, value (null: left blank), rule
    copies: _row of the row repeated, _at (the copy stands behind this row)
    """

    edits: pl.DataFrame
    copies: pl.DataFrame


def plan_faults(
    settings: WorldSettings, tables: list[RawTable], rates: FaultRates
) -> Mapping[str, TablePlan]:
    """Choose rows for every kind of fault in every table; one fault a row at most."""
    return {table.key: _plan(settings, table, rates) for table in tables}


def _plan(settings: WorldSettings, table: RawTable, rates: FaultRates) -> TablePlan:
    rng = part_rng(settings, f"faults {table.key}")
    frame = table.frame
    free = _without_note(frame)
    edits: list[tuple[int, str, str | None, str]] = []
    copies: list[tuple[int, float]] = []
    row = frame["_row"].to_numpy()
    # A follow-up moved before its baseline needs a sound baseline: it chooses first.
    for spot in sorted(table.spots, key=lambda one: one.rule != "followup_before_baseline"):
        wanted = rates.wanted(spot.rule, frame.height, by_hand=table.by_hand)
        if wanted == 0:
            continue
        possible = np.flatnonzero(free & _possible(frame, spot))
        chosen = np.sort(rng.permutation(possible)[:wanted])
        free[chosen] = False
        if spot.rule == "exact_duplicate":
            later = np.minimum(row[chosen] + rng.integers(0, 40, len(chosen)), row.max())
            copies += zip(row[chosen].tolist(), (later + 0.5).tolist(), strict=True)
            continue
        for index in chosen.tolist():
            value = _value(settings, frame, spot, index, rng)
            edits.append((int(row[index]), spot.column, value, spot.rule))
        if spot.rule == "followup_before_baseline":
            kept = set(frame[spot.against].gather(chosen).to_list())
            free &= ~frame[spot.against].is_in(kept).to_numpy()
    return TablePlan(
        _unmistakable(table, pl.DataFrame(edits, schema=_EDIT, orient="row")),
        pl.DataFrame(copies, schema={"_row": pl.UInt32, "_at": pl.Float64}, orient="row"),
    )


def edited(frame: pl.DataFrame, edits: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with each edit's value in its row and column."""
    for column in edits["column"].unique(maintain_order=True):
        given = edits.filter(pl.col("column") == column).select(
            "_row", pl.col("value").alias("_value"), pl.lit(1).alias("_hit")
        )
        joined = frame.join(given, on="_row", how="left", maintain_order="left")
        kept = pl.when(pl.col("_hit").is_null()).then(pl.col(column))
        frame = joined.with_columns(kept.otherwise(pl.col("_value")).alias(column)).drop(
            "_value", "_hit"
        )
    return frame


def _unmistakable(table: RawTable, edits: pl.DataFrame) -> pl.DataFrame:
    """Leave out edits that make a row equal to another: it would be a repeated row instead."""
    if edits.is_empty():
        return edits
    changed = edited(table.frame, edits)
    twins = changed.filter(changed.select(table.columns).is_duplicated())
    return edits.join(twins, on="_row", how="anti")


def _without_note(frame: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell rows about which nothing is to be said yet."""
    if "_is_known" not in frame.columns:
        return np.ones(frame.height, dtype=np.bool_)
    plain = (
        pl.col("_is_known")
        & pl.col("_has_consent")
        & (pl.col("_days_since_first") == 0)
        & pl.col("_dead_since").is_null()
        # Of two referrals of a person the first must stay the one that counts.
        & ~pl.col("_person").is_duplicated()
    )
    if "_no_number" in frame.columns:
        plain &= ~pl.col("_no_number")
    return np.array(frame.select(plain).to_series().to_numpy(), dtype=np.bool_)


def _possible(frame: pl.DataFrame, spot: Spot) -> npt.NDArray[np.bool_]:
    if spot.rule == "exact_duplicate":
        return np.ones(frame.height, dtype=np.bool_)
    cell = pl.col(spot.column)
    wanted = cell.is_not_null()
    if spot.rule == "metric_holds_raw":
        wanted &= cell != pl.col(spot.against) + ".00"
    if spot.rule == "discharge_before_admission":
        wanted &= (cell != "01/01/1800") & pl.col(spot.against).is_not_null()
    if spot.rule == "followup_before_baseline":
        day = cell.str.to_date(spot.style)
        wanted &= day > day.min().over(spot.against)
    return np.asarray(frame.select(wanted).to_series().to_numpy(), dtype=np.bool_)


def _value(
    settings: WorldSettings, frame: pl.DataFrame, spot: Spot, index: int, rng: np.random.Generator
) -> str | None:
    """Return what stands in the cell instead; None leaves it blank."""
    if spot.rule in _BLANK or spot.choices:
        return str(rng.choice(spot.choices)) if spot.choices else None
    if spot.rule in _OF_A_DAY:
        return _wrong_day(settings, spot, rng)
    if spot.rule in _MISORDERED:
        return _too_early(frame, spot, index, rng)
    if spot.rule == "metric_holds_raw":
        return str(frame[index, spot.against])
    return _wrong_number(str(frame[index, spot.column]), spot, rng)


def _wrong_number(old: str, spot: Spot, rng: np.random.Generator) -> str:
    """Return a number close to the right one: a total two off, another last digit."""
    if spot.rule == "total_disagrees_with_items":
        return str(int(old) + 2 if int(old) <= _HIGH_TOTAL else int(old) - 2)
    return old[:-1] + str((int(old[-1]) + int(rng.integers(1, 10))) % 10)


def _too_early(frame: pl.DataFrame, spot: Spot, index: int, rng: np.random.Generator) -> str:
    """Return a date some days before the one it must not lie before."""
    limit = str(frame[index, spot.against])
    if spot.rule == "followup_before_baseline":
        same = frame.filter(pl.col(spot.against) == limit)
        earlier = same.filter(pl.col("_row") != frame[index, "_row"])
        limit = str(earlier[0, spot.column])
    moved = datetime.strptime(limit, spot.style) - timedelta(days=int(rng.integers(3, 60)))  # noqa: DTZ007
    return moved.strftime(spot.style)


def _wrong_day(settings: WorldSettings, spot: Spot, rng: np.random.Generator) -> str:
    if spot.rule == "date_future":
        ahead = settings.observed_to + timedelta(days=int(rng.integers(200, 2_900)))
        return ahead.strftime(spot.style)
    year = settings.observed_from.year + int(rng.integers(0, 3))
    day = int(rng.integers(30, 32))
    # No calendar has the day, so the text is put together by hand.
    pieces = {"%d": f"{day}", "%m": "02", "%b": "Feb", "%Y": f"{year}", "%y": f"{year % 100:02d}"}
    text: str = spot.style
    for sign, piece in pieces.items():
        text = text.replace(sign, piece)
    return text
