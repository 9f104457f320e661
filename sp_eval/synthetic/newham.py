"""An activity list and a payment schedule, Newham style: paid by results, units mixed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from sp_eval.synthetic.asked_again import asked_again
from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.listing import day_text, listed, money_text, with_identity
from sp_eval.synthetic.plain_words import OUTCOME_WORDS, consent, needs
from sp_eval.synthetic.raw_table import NOTED, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["schedule_files"]

_DATES: Final = "%d/%m/%Y"
_SOUTH: Final = 0.3  # of people, measured by the clinic that still writes HbA1c in %
_MEASURES: Final = {"mmol_mol": "HbA1c", "kg": "Weight", "per_week": "Active minutes"}
# what is drawn over the whole of a scale, brought to where people are
_USUAL: Final = {"mmol_mol": (35, 0.35, 15), "kg": (55, 0.3, 25), "per_week": (0, 0.08, 0)}
_UNITS: Final = {"kg": "kg", "per_week": "min/week"}
_LATER: Final = (("6 months", 91), ("12 months", 183))  # days after the milestone before
_OWN: Final = 0.8  # how much of what somebody measures later is what they measured at the start


def schedule_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return activity list, measures and payments as they were on day number `cut`."""
    return [
        _activity(settings, records, identity, cut),
        *_measures(settings, records, cut),
        _payments(settings, records, cut),
    ]


def _activity(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.referral, "newham activity", cut), identity)
    started = day_text("first_contact_day", origin, _DATES, cut)
    is_paid = pl.when(started.is_not_null()).then(pl.lit("Y")).otherwise(pl.lit("N"))
    frame = rows.select(
        "_row",
        *NOTED,
        pl.col("reference").alias("Participant"),
        pl.col("nhs").alias("NHS number"),
        pl.col("practice_code").alias("Referring practice"),
        day_text("day", origin, _DATES, cut).alias("Prescribed on"),
        needs(";").alias("Reasons"),
        pl.col("outcome").replace_strict(OUTCOME_WORDS).alias("Status"),
        started.alias("Started on"),
        consent("Y", "N").alias("Consent"),
        is_paid.alias("Start payment due"),
    )
    spots = (
        *usual_spots("NHS number", "Prescribed on", "Status", ("PENDING?", "X")),
        Spot("unknown_code", "Start payment due", ("TBC",)),
    )
    return RawTable("activity_schedule.csv", frame, spots=spots, by_hand=True)


def _measures(settings: WorldSettings, records: Records, cut: int) -> list[RawTable]:
    """Return one file a clinic: each writes HbA1c in a unit of its own."""
    frame = _written(settings, _long(settings, records, cut), cut)
    return [
        RawTable(
            f"measures_{clinic}.csv",
            frame.filter(pl.col("_south") == (clinic == "south")).drop("_south"),
            spots=(
                Spot("date_impossible", "Measured on"),
                Spot("date_future", "Measured on"),
                Spot("unknown_code", "Milestone", ("9 months", "Exit")),
                Spot("unknown_code", "Unit", ("mg/dl", "st lb")),
                # the other clinic's unit: 53 cannot be %, 7.1 cannot be mmol/mol
                Spot("unit_does_not_fit", "Unit", (wrong,)),
                Spot("score_out_of_range", "Value", ("7000",)),
                Spot("exact_duplicate", ""),
            ),
            by_hand=True,
        )
        for clinic, wrong in (("north", "%"), ("south", "mmol/mol"))
    ]


def _long(settings: WorldSettings, records: Records, cut: int) -> pl.DataFrame:
    """One row a measure, with who measured it; numbered so at every cut."""
    measured = asked_again(
        settings, records.responses, first="Start", second="3 months", later=_LATER
    )
    rows = listed(settings, measured, "newham measures", cut)
    rng = part_rng(settings, "newham units")
    south = pl.Series(happens(rng, _SOUTH, measured.height)).gather(rows["_row"])
    at_start = pl.col("_drawn").filter(pl.col("stage") == "Start").first()
    return (
        rows.with_columns(south.alias("_south"))
        .unpivot(
            list(_MEASURES),
            index=["_row", "reference", "stage", "day", "_south"],
            variable_name="_item",
            value_name="_drawn",
        )
        .with_columns(
            (pl.col("_row") * len(_MEASURES) + pl.col("_item").replace_strict(
                {name: at for at, name in enumerate(_MEASURES)}, return_dtype=pl.UInt32
            )).cast(pl.UInt32).alias("_row"),
            (pl.col("_south") & (pl.col("_item") == "mmol_mol")).alias("_percent"),
        )
        .with_columns(at_start.over("reference", "_item").alias("_before"))
        .sort("_row")
    )  # fmt: skip


def _written(settings: WorldSettings, long: pl.DataFrame, cut: int) -> pl.DataFrame:
    """The measures in the schedule's own words and units."""
    value = pl.lit(None, dtype=pl.Float64)
    own = _OWN * pl.col("_before") + (1 - _OWN) * pl.col("_drawn")
    is_later = (pl.col("stage") != "Start") & pl.col("_before").is_not_null()
    drawn = pl.when(is_later).then(own).otherwise(pl.col("_drawn"))
    is_more = pl.col("_item") == "per_week"
    gained = pl.when(is_more).then(drawn > pl.col("_before")).otherwise(drawn < pl.col("_before"))
    for name, (lowest, slope, least) in _USUAL.items():
        usual = lowest + slope * (drawn - least)
        value = pl.when(pl.col("_item") == name).then(usual).otherwise(value)
    percent = value * 0.0915 + 2.15  # the IFCC's master equation
    return long.select(
        "_row",
        "_south",
        pl.col("reference").alias("Participant"),
        pl.col("stage").alias("Milestone"),
        day_text("day", settings.observed_from, _DATES, cut).alias("Measured on"),
        pl.col("_item").replace_strict(_MEASURES).alias("Measure"),
        pl.when("_percent")
        .then(percent.round(1).cast(pl.String))
        .otherwise(value.round(0).cast(pl.Int64).cast(pl.String))
        .alias("Value"),
        pl.when("_percent")
        .then(pl.lit("%"))
        .otherwise(pl.col("_item").replace_strict({"mmol_mol": "mmol/mol"} | _UNITS))
        .alias("Unit"),
        pl.when(gained | ~is_later).then(pl.lit("Y")).otherwise(pl.lit("N")).alias("Milestone met"),
    )


def _payments(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    known = settings.observed_from + timedelta(days=cut)
    frame = (
        records.costs.with_row_index("_row")
        .filter(pl.col("period_start") < known)
        .select(
            "_row",
            pl.col("period_start").dt.strftime("%b-%y").alias("Month"),
            pl.col("line").alias("Milestone"),
            pl.col("funder").alias("Payer"),
            money_text("amount").alias("Paid"),
        )
    )
    return RawTable("payment_schedule.csv", frame, by_hand=True)
