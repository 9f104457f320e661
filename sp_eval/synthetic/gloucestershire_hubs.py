"""The hubs' four files, Gloucestershire style: Windows-1252, keyed by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from sp_eval.synthetic.codes import happens, labels
from sp_eval.synthetic.identity import Identity, spaced
from sp_eval.synthetic.listing import day_text, listed, money_text, with_identity
from sp_eval.synthetic.raw_table import NOTED, REPDIGITS_AS_TEXT, CsvForm, RawTable, Spot
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.support import swemwbs_metric
from sp_eval.synthetic.world import Records

__all__ = ["hub_files"]

_SHORT: Final = "%d-%b-%y"
_FORM: Final = CsvForm(encoding="cp1252", line_end="\r\n")
_YEAR = 365.25
_APRIL = 4

_HUBS = (
    "Hub 1 – Stroud & Berkeley Vale",
    "Hub 2 – Forest of Dean",
    "Hub 3 – Tewkesbury",
    "Hub 4 – Cheltenham",
    "Hub 5 – Gloucester",
    "Hub 6 – North Cotswolds",
    "Hub 7 – South Cotswolds",
)
_COORDINATORS = ("M. O’Neill", "A. Pélissier", "R. Dowdeswell", "C. Gunn", "S. Bañares", "T. Hale")
_REASON = {
    "social_isolation": "Social isolation",
    "mental_wellbeing": "Anxiety / low mood",
    "money_and_benefits": "Debt – money worries (£)",
    "housing": "Housing",
    "physical_activity_and_lifestyle": "Weight & exercise",
    "caring_role": "Carer support",
    "long_term_condition": "Living with a long-term condition",
    "bereavement": "Bereavement",
}
_OUTCOME = {
    "accepted": "Took up support",
    "declined": "Declined",
    "uncontactable": "Unable to contact",
    "inappropriate": "Inappropriate",
}


def hub_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the hubs' files as they were on day number `cut` (exclusive)."""
    return [
        _referrals(settings, records, identity, cut),
        _wemwbs(settings, records, cut),
        _activities(settings, records, cut),
        _costs(settings, records, cut),
    ]


_REFERRAL_SPOTS: Final = (
    Spot("nhs_bad_check_digit", "NHS Number"),
    Spot("nhs_repdigit", "NHS Number", REPDIGITS_AS_TEXT),
    Spot("nhs_missing", "NHS Number"),
    Spot("date_impossible", "Date of referral", style=_SHORT),
    Spot("date_future", "Date of referral", style=_SHORT),
    Spot("mandatory_missing", "Date of referral"),
    Spot("unknown_code", "Outcome of referral", ("tbc", "Waiting")),
    Spot("unknown_code", "Gender", ("X1",)),
    Spot("exact_duplicate", ""),
)


def _hub_words(settings: WorldSettings, records: Records, which: pl.Series) -> list[pl.Series]:
    """How each referral happens to be written, and by whom."""
    whole = records.referral.height
    rng = part_rng(settings, "hub words")
    way = pl.Series("_way", rng.choice(3, whole, p=[0.5, 0.2, 0.3])).gather(which)
    full = pl.Series("_full", happens(rng, 0.7, whole)).gather(which)
    worker = labels(_COORDINATORS, rng.integers(0, len(_COORDINATORS), whole)).gather(which)
    return [way, full, worker.alias("_worker")]


def _referrals(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.referral, "hub referrals", cut), identity)
    codes = sorted(records.practices.code.tolist())
    hub_of = {code: _HUBS[number % len(_HUBS)] for number, code in enumerate(codes)}
    nhs = pl.col("nhs")
    woman, man = (pl.when("_full").then(pl.lit(long)).otherwise(pl.lit(long[0]))
                  for long in ("Female", "Male"))  # fmt: skip
    frame = rows.with_columns(_hub_words(settings, records, rows["_row"])).select(
        "_row",
        *NOTED,
        pl.col("reference").alias("Client ID"),
        pl.col("name").alias("Client name"),
        pl.when(pl.col("_way") == 0)
        .then(spaced(nhs, " "))
        .when(pl.col("_way") == 1)
        .then(spaced(nhs, "-"))
        .otherwise(nhs)
        .alias("NHS Number"),
        day_text("day", origin, _SHORT, cut).alias("Date of referral"),
        pl.col("practice_code").replace_strict(hub_of).alias("Hub"),
        pl.col("practice_code").alias("Referring practice"),
        pl.concat_str(
            pl.col("primary_need").replace_strict(_REASON),
            pl.col("secondary_need").replace_strict(_REASON),
            separator=";",
            ignore_nulls=True,
        ).alias("Reason for referral"),
        pl.col("outcome").replace_strict(_OUTCOME).alias("Outcome of referral"),
        day_text("first_contact_day", origin, _SHORT, cut).alias("Date first seen"),
        ((pl.col("day") - pl.col("born_on")) / _YEAR)
        .floor()
        .cast(pl.Int64)
        .cast(pl.String)
        .alias("Age at referral"),
        pl.when("female").then(woman).otherwise(man).alias("Gender"),
        pl.col("_worker").alias("Coordinator"),
        pl.when("has_consent").then(pl.lit("Yes")).otherwise(pl.lit("No")).alias("Consent"),
    )
    return RawTable("SP_hub_referrals.csv", frame, _FORM, spots=_REFERRAL_SPOTS, by_hand=True)


def _wemwbs(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    items = [item.name for item in settings.sender.items]
    rows = listed(settings, records.responses, "wemwbs", cut)
    total = pl.sum_horizontal(pl.col(items), ignore_nulls=False).cast(pl.Int64)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("Client ID"),
        pl.col("stage")
        .replace_strict({"baseline": "Baseline", "follow_up": "Follow-up"})
        .alias("Timepoint"),
        day_text("day", settings.observed_from, _SHORT, cut).alias("Date completed"),
        *(pl.col(item).cast(pl.String) for item in items),
        total.cast(pl.String).alias("SWEMWBS total"),
        total.replace_strict(swemwbs_metric(), default=None, return_dtype=pl.String).alias(
            "SWEMWBS metric"
        ),
    )
    spots = (
        Spot("date_impossible", "Date completed", style=_SHORT),
        Spot("date_future", "Date completed", style=_SHORT),
        Spot("mandatory_missing", "Timepoint"),
        Spot("unknown_code", "Timepoint", ("Interim", "T3")),
        Spot("score_out_of_range", "q3", ("0", "6", "9")),
        Spot("total_disagrees_with_items", "SWEMWBS total"),
        Spot("metric_holds_raw", "SWEMWBS metric", against="SWEMWBS total"),
        Spot("followup_before_baseline", "Date completed", style=_SHORT, against="Client ID"),
        Spot("exact_duplicate", ""),
    )
    return RawTable("SP_wemwbs.csv", frame, _FORM, spots=spots, by_hand=True)


def _activities(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    rows = listed(settings, records.activities, "hub activities", cut)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("Client ID"),
        pl.col("organisation").alias("Organisation"),
        pl.col("activity").alias("Activity"),
        day_text("day", settings.observed_from, _SHORT, cut).alias("Start date"),
        pl.col("offered").cast(pl.String).alias("Sessions booked"),
        pl.col("attended").cast(pl.String).alias("Sessions attended"),
        money_text("cost").alias("Cost to organisation (£)"),
    )
    spots = (
        Spot("date_impossible", "Start date", style=_SHORT),
        Spot("date_future", "Start date", style=_SHORT),
        Spot("mandatory_missing", "Start date"),
        Spot("exact_duplicate", ""),
    )
    return RawTable("SP_activities.csv", frame, _FORM, spots=spots, by_hand=True)


def _financial_year(start: date) -> str:
    first = start.year if start.month >= _APRIL else start.year - 1
    return f"{first}/{(first + 1) % 100:02d}"


def _costs(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    known = settings.observed_from + timedelta(days=cut)
    starts = records.costs["period_start"].to_list()
    frame = (
        records.costs.with_row_index("_row")
        .with_columns(
            pl.Series("Financial year", [_financial_year(start) for start in starts]),
            pl.Series("Quarter", [f"Q{(start.month - _APRIL) % 12 // 3 + 1}" for start in starts]),
        )
        .filter(pl.col("period_start") < known)
        .select(
            "_row",
            "Financial year",
            "Quarter",
            pl.col("line").alias("Line"),
            pl.col("funder").alias("Funder"),
            money_text("amount").alias("Amount"),
        )
    )
    return RawTable("SP_costs.csv", frame, _FORM, by_hand=True)
