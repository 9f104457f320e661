"""The providers' CRM and the Stars, Ways to Wellness style: semicolons, ISO dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from sp_eval.synthetic.asked_again import asked_again
from sp_eval.synthetic.codes import labels
from sp_eval.synthetic.identity import Identity, spaced
from sp_eval.synthetic.listing import day_text, listed, with_identity
from sp_eval.synthetic.raw_table import NOTED, CsvForm, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["provider_files"]

_ISO: Final = "%Y-%m-%d"
_FORM: Final = CsvForm(";", "utf-8", "\r\n")
_APRIL = 4
_PROVIDERS: Final = ("P01", "P02", "P03", "P04")
_CONDITIONS: Final = ("Diabetes", "COPD", "Heart failure", "CHD", "Asthma", "Osteoporosis")
_NEED = {
    "social_isolation": "Isolation",
    "mental_wellbeing": "Low mood or anxiety",
    "money_and_benefits": "Money & benefits",
    "housing": "Housing",
    "physical_activity_and_lifestyle": "Activity and weight",
    "caring_role": "Caring",
    "long_term_condition": "Managing long-term condition",
    "bereavement": "Bereavement",
}
_ENGAGED = {
    "accepted": "Engaged",
    "declined": "Not interested",
    "uncontactable": "Could not be reached",
    "inappropriate": "Does not meet criteria",
}
_CLOSED = {
    "completed": "Completed",
    "disengaged": "Lost contact",
    "moved_away": "Moved",
    "deceased": "Deceased",
    "declined": "Not interested",
    "uncontactable": "Could not be reached",
}
_LATER_STARS: Final = (("Star 3", 182), ("Star 4", 183))  # every six months, up to eighteen
_STAR = {
    "lifestyle": "Lifestyle",
    "looking_after_yourself": "Looking after yourself",
    "managing_symptoms": "Managing your symptoms",
    "work_volunteering_social": "Work, volunteering and other activities",
    "money": "Money",
    "where_you_live": "Where you live",
    "family_friends": "Family and friends",
    "feeling_positive": "Feeling positive",
}


def provider_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return referrals, Stars and spend as they were on day number `cut` (exclusive)."""
    return [
        _referrals(settings, records, identity, cut),
        _stars(settings, records, cut),
        _spend(settings, records, cut),
    ]


_REFERRAL_SPOTS: Final = (
    *usual_spots("NHS no.", "Referred", "Engagement", ("Pending?", "tbc"), style=_ISO),
    Spot("nhs_missing", "NHS no."),
    Spot("unknown_code", "Provider", ("P09", "WTW")),
    # outside the ages that the scheme takes
    Spot("imd_out_of_range", "Age", ("39", "75", "17")),
)


def _referrals(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.referral, "wtw referrals", cut), identity)
    frame = rows.with_columns(_dressing(settings, records, rows)).select(
        "_row",
        *NOTED,
        pl.col("reference").alias("WtW ID"),
        spaced(pl.col("nhs"), " ").alias("NHS no."),
        pl.col("name").alias("Client"),
        pl.col("_provider").alias("Provider"),
        pl.col("practice_code").alias("Practice"),
        day_text("day", origin, _ISO, cut).alias("Referred"),
        pl.col("_age").cast(pl.String).alias("Age"),
        pl.col("_condition").alias("QOF condition"),
        pl.col("primary_need").replace_strict(_NEED).alias("Reason 1"),
        pl.col("secondary_need").replace_strict(_NEED).alias("Reason 2"),
        pl.col("outcome").replace_strict(_ENGAGED).alias("Engagement"),
        day_text("first_contact_day", origin, _ISO, cut).alias("First meeting"),
        day_text("closed_day", origin, _ISO, cut).alias("Left service"),
        pl.when(pl.col("closed_day") < cut)
        .then(pl.col("closure_reason").replace_strict(_CLOSED, default=None))
        .alias("Why left"),
        pl.when("has_consent").then(pl.lit("1")).otherwise(pl.lit("0")).alias("Consent"),
    )
    path = "crm/WtW_referrals.csv"
    return RawTable(path, frame, _FORM, spots=_REFERRAL_SPOTS, by_hand=True)


def _dressing(settings: WorldSettings, records: Records, rows: pl.DataFrame) -> list[pl.Expr]:
    """The condition that brought a person in, the provider of the practice, and the age."""
    origin = settings.observed_from
    rng = part_rng(settings, "wtw words")
    condition = labels(_CONDITIONS, rng.integers(0, len(_CONDITIONS), records.referral.height))
    codes = sorted(records.practices.code.tolist())
    provider = {code: _PROVIDERS[at % len(_PROVIDERS)] for at, code in enumerate(codes)}
    referred, born = (
        (pl.lit(origin) + pl.duration(days=pl.col(name).cast(pl.Int32))).cast(pl.Date).dt.year()
        for name in ("day", "born_on")
    )
    return [
        pl.lit(condition.gather(rows["_row"])).alias("_condition"),
        pl.col("practice_code").replace_strict(provider).alias("_provider"),
        (referred - born).clip(*settings.referred_ages).alias("_age"),
    ]


def _stars(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    stars = asked_again(
        settings, records.responses, first="Star 1", second="Star 2", later=_LATER_STARS
    )
    rows = listed(settings, stars, "wtw stars", cut)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("WtW ID"),
        pl.col("stage").alias("Star"),
        day_text("day", settings.observed_from, _ISO, cut).alias("Star date"),
        *(pl.col(item).cast(pl.String).alias(name) for item, name in _STAR.items()),
    )
    spots = (
        Spot("date_impossible", "Star date", style=_ISO),
        Spot("date_future", "Star date", style=_ISO),
        Spot("mandatory_missing", "Star"),
        Spot("unknown_code", "Star", ("Star", "Exit")),
        Spot("score_out_of_range", "Money", ("0", "6", "10")),
        Spot("followup_before_baseline", "Star date", style=_ISO, against="WtW ID"),
        Spot("exact_duplicate", ""),
    )
    return RawTable("stars/wellbeing_star.csv", frame, _FORM, spots=spots, by_hand=True)


def _spend(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    known = settings.observed_from + timedelta(days=cut)
    starts = records.costs["period_start"].to_list()
    years = [start.year if start.month >= _APRIL else start.year - 1 for start in starts]
    frame = (
        records.costs.with_row_index("_row")
        .with_columns(
            pl.Series("FY", [f"{year}/{(year + 1) % 100:02d}" for year in years]),
            pl.Series("Q", [f"Q{(start.month - _APRIL) % 12 // 3 + 1}" for start in starts]),
        )
        .filter(pl.col("period_start") < known)
        .select(
            "_row",
            "FY",
            "Q",
            pl.col("line").alias("Line"),
            pl.col("funder").alias("Paid by"),
            pl.col("amount").cast(pl.String).alias("GBP"),
        )
    )
    return RawTable("crm/WtW_spend.csv", frame, _FORM, by_hand=True)
