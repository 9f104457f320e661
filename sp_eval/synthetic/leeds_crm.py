"""The CRM of the three former services, Leeds style: ISO dates, a row an answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.listing import day_text, listed, with_identity
from sp_eval.synthetic.raw_table import NOTED, CsvForm, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["crm_files"]

_ISO: Final = "%Y-%m-%d"
_FORM: Final = CsvForm(encoding="utf-8-sig", line_end="\r\n")
_SERVICES: Final = ("connect_well", "connect_for_health", "pep")
_PROVIDERS: Final = ("CW-2015", "CFH-2015", "PEP-2014")
# one service for the whole city follows the three, under a provider id of its own
_PROCURED: Final = (date(2018, 1, 1), "LL-2018")
_NO_NUMBER = 0.4  # share of people who come by themselves and give no NHS number

_SOURCE = {
    "gp": "GP practice",
    "nurse": "Practice nurse",
    "social_care": "Adult social care",
    "self": "Self-referral",
}
_NEED = {
    "social_isolation": "Social isolation",
    "mental_wellbeing": "Mental health & wellbeing",
    "money_and_benefits": "Finance / benefits",
    "housing": "Housing",
    "physical_activity_and_lifestyle": "Healthy lifestyle",
    "caring_role": "Carer support",
    "long_term_condition": "Managing a health condition",
    "bereavement": "Loss & bereavement",
}
_STATUS = {
    "accepted": "Engaged",
    "declined": "Declined",
    "uncontactable": "No contact made",
    "inappropriate": "Not suitable",
}
_CLOSED = {
    "completed": "Goals met",
    "disengaged": "Disengaged",
    "moved_away": "Left Leeds",
    "deceased": "Died",
    "declined": "Declined",
    "uncontactable": "No contact made",
}
_TOOL = {"swemwbs": "SWEMWBS", "ons4": "ONS4"}
_ACTIVITY = {
    "befriending": "Befriending",
    "money_advice": "Welfare rights",
    "carer_support": "Carers Leeds",
    "physical_activity": "Exercise class",
    "arts_and_culture": "Creative group",
    "nature_based": "Green activity",
    "food_support": "Community cafe",
    "learning": "Digital skills",
}


def crm_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the CRM's exports as they were on day number `cut` (exclusive)."""
    return [
        *_referrals(settings, records, identity, cut),
        _outcomes(settings, records, cut),
        _onward(settings, records, cut),
        _spend(settings, records, cut),
    ]


def _referrals(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    codes = sorted(records.practices.code.tolist())
    service = {code: _SERVICES[at % 3] for at, code in enumerate(codes)}
    rows = with_identity(listed(settings, records.referral, "leeds referrals", cut), identity)
    rng = part_rng(settings, "leeds words")
    whole = records.referral.height
    shy = pl.Series("_shy", happens(rng, _NO_NUMBER, whole)).gather(rows["_row"])
    tier = pl.Series("_tier", 1 + rng.integers(0, 2, whole)).gather(rows["_row"])
    rows = rows.with_columns(shy, tier).with_columns(
        (pl.col("_shy") & (pl.col("route") == "self") & pl.col("is_known")).alias("_no_number"),
        pl.col("practice_code").replace_strict(service).alias("_service"),
    )
    return [
        _one_service(settings, rows.filter(pl.col("_service") == name), name, at, cut)
        for at, name in enumerate(_SERVICES)
    ]


def _one_service(
    settings: WorldSettings, rows: pl.DataFrame, service: str, number: int, cut: int
) -> RawTable:
    spots = (
        *usual_spots("nhs_number", "created_on", "status", ("waiting list", "??"), style=_ISO),
        Spot("nhs_missing", "nhs_number"),
        Spot("unknown_code", "support_tier", ("3", "T1")),
    )
    # each small file with some kinds of fault: all in one would stop it
    own = spots[number::3]
    frame = rows.select("_row", "_no_number", *NOTED, *_cells(settings.observed_from, number, cut))
    return RawTable(f"crm/{service}/referrals.csv", frame, _FORM, spots=own, by_hand=True)


def _cells(origin: date, service: int, cut: int) -> tuple[pl.Expr, ...]:
    """A referral's cells as the CRM writes them."""
    since, later = _PROCURED
    accepted = pl.col("outcome") == "accepted"
    return (
        pl.col("reference").alias("case_id"),
        pl.col("name").alias("client"),
        pl.when(~pl.col("_no_number")).then("nhs").alias("nhs_number"),
        day_text("day", origin, _ISO, cut).alias("created_on"),
        pl.col("route").replace_strict(_SOURCE).alias("referral_source"),
        pl.col("practice_code").alias("gp_practice"),
        pl.when(pl.col("day") < (since - origin).days)
        .then(pl.lit(_PROVIDERS[service]))
        .otherwise(pl.lit(later))
        .alias("provider_id"),
        pl.concat_str(
            pl.col("primary_need").replace_strict(_NEED),
            pl.col("secondary_need").replace_strict(_NEED),
            separator="|",
            ignore_nulls=True,
        ).alias("needs"),
        pl.when(accepted).then(pl.col("_tier")).otherwise(0).cast(pl.String).alias("support_tier"),
        pl.col("outcome").replace_strict(_STATUS).alias("status"),
        day_text("first_contact_day", origin, _ISO, cut).alias("first_seen_on"),
        day_text("closed_day", origin, _ISO, cut).alias("closed_on"),
        pl.when(pl.col("closed_day") < cut)
        .then(pl.col("closure_reason").replace_strict(_CLOSED, default=None))
        .alias("closed_reason"),
        _truth("is_carer").alias("carer"),
        _truth("has_consent").alias("consent_evaluation"),
    )


def _truth(name: str) -> pl.Expr:
    return pl.when(name).then(pl.lit("true")).otherwise(pl.lit("false"))


def _outcomes(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    """One row an answer: SWEMWBS and ONS4 side by side in one export."""
    frame = _answers(settings, records, cut).select(
        "_row",
        pl.col("reference").alias("case_id"),
        "questionnaire",
        "question",
        pl.col("stage").replace_strict({"baseline": "initial", "follow_up": "review"}),
        day_text("day", settings.observed_from, _ISO, cut).alias("completed_on"),
        "answer",
    )
    spots = (
        Spot("date_impossible", "completed_on", style=_ISO),
        Spot("date_future", "completed_on", style=_ISO),
        Spot("mandatory_missing", "stage"),
        Spot("unknown_code", "stage", ("interim", "exit?")),
        Spot("unknown_code", "questionnaire", ("WEMWBS-14", "tbc")),
        Spot("score_out_of_range", "answer", ("11", "99")),
        Spot("exact_duplicate", ""),
    )
    return RawTable("crm/outcomes.csv", frame, _FORM, spots=spots, by_hand=True)


def _answers(settings: WorldSettings, records: Records, cut: int) -> pl.DataFrame:
    """`_row, reference, stage, day, questionnaire, question, answer`, in the file's order."""
    items = settings.sender.items
    names = [item.name for item in items]
    turn = {name: at for at, name in enumerate(names)}
    tool = {item.name: _TOOL[item.instrument] for item in items}
    rows = listed(settings, records.responses, "leeds outcomes", cut)
    long = rows.with_columns(pl.col(names).cast(pl.String)).unpivot(
        names,
        index=["_row", "reference", "stage", "day"],
        variable_name="question",
        value_name="answer",
    )
    number = pl.col("_row") * len(names) + pl.col("question").replace_strict(turn)
    return long.with_columns(
        number.cast(pl.UInt32).alias("_row"),
        pl.col("question").replace_strict(tool).alias("questionnaire"),
    ).sort("_row")


def _onward(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    rows = listed(settings, records.activities, "leeds onward", cut)
    rng = part_rng(settings, "leeds onward numbers")
    numbers = pl.Series("_number", rng.permutation(np.arange(records.activities.height)))
    frame = rows.with_columns(numbers.gather(rows["_row"])).select(
        "_row",
        pl.format("ON-{}", pl.col("_number") + 3_000).alias("onward_id"),
        pl.col("reference").alias("case_id"),
        pl.col("organisation").alias("organisation"),
        pl.col("activity").replace_strict(_ACTIVITY).alias("activity"),
        day_text("day", settings.observed_from, _ISO, cut).alias("started_on"),
        pl.col("attended").cast(pl.String).alias("sessions_attended"),
    )
    spots = (
        Spot("date_impossible", "started_on", style=_ISO),
        Spot("date_future", "started_on", style=_ISO),
        Spot("mandatory_missing", "started_on"),
        Spot("unknown_code", "activity", ("Other (see notes)",)),
        Spot("exact_duplicate", ""),
    )
    return RawTable("crm/onward_referrals.csv", frame, _FORM, spots=spots, by_hand=True)


def _spend(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    known = settings.observed_from + timedelta(days=cut)
    frame = (
        records.costs.with_row_index("_row")
        .filter(pl.col("period_start") < known)
        .select(
            "_row",
            pl.col("period_start").dt.strftime(_ISO).alias("from"),
            pl.col("period_end").dt.offset_by("-1d").dt.strftime(_ISO).alias("to"),
            pl.col("line").alias("item"),
            pl.col("funder").alias("paid_by"),
            pl.col("amount").cast(pl.String).alias("gbp"),
        )
    )
    return RawTable("finance/spend.csv", frame, _FORM, by_hand=True)
