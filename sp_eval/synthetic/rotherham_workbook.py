"""The voluntary sector's workbook, Rotherham style: four sheets, as they are keyed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import polars as pl

from sp_eval.study.outcomes import INSTRUMENTS
from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.identity import ETHNIC_WORDS, Identity, spaced
from sp_eval.synthetic.listing import day_text, listed, with_identity
from sp_eval.synthetic.raw_table import NOTED, REPDIGITS, RawTable, SheetForm, Spot
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["workbook_sheets"]

_UK: Final = "%d/%m/%Y"
_TEXT_DATES = 1 / 15  # share of rows whose dates are text
_AS_NUMBER = 2  # of the three ways to key an NHS number: spaced, plain, as a number
_REFERRED_BY = {
    "gp": "GP",
    "nurse": "Practice Nurse",
    "case_management": "Case Management Team",
    "community_matron": "Community Matron",
}
_NEED = {
    "social_isolation": "Social isolation",
    "mental_wellbeing": "Mental wellbeing",
    "money_and_benefits": "Benefits and money",
    "housing": "Housing",
    "physical_activity_and_lifestyle": "Physical activity and lifestyle",
    "caring_role": "Caring role",
    "long_term_condition": "Long-term condition support",
    "bereavement": "Bereavement",
}
_CLOSURE = {
    "completed": "Completed",
    "disengaged": "Disengaged",
    "moved_away": "Moved away",
    "deceased": "Deceased",
    "declined": "Declined",
    "uncontactable": "Unable to contact",
}
_DOMAINS = (
    "Feeling positive",
    "Lifestyle",
    "Looking after yourself",
    "Managing symptoms",
    "Work, volunteering & social groups",
    "Money",
    "Where you live",
    "Family & friends",
)


def workbook_sheets(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the four sheets as they were on day number `cut` (exclusive)."""
    made = settings.observed_from + timedelta(days=cut)
    book = f"VAR_SPS_{made:%b%y}.xlsx"
    return [
        _referrals(settings, records, identity, cut, book),
        _wellbeing(settings, records, cut, book),
        _onward(settings, records, cut, book),
        _costs(settings, records, cut, book),
    ]


def _sheet_extras(
    settings: WorldSettings, whole: int, rows: pl.Series, name: str
) -> tuple[pl.Series, pl.Series]:
    """Say of each row whether its dates are text, and draw its way of writing the number."""
    rng = part_rng(settings, f"cells {name}")
    text_dates = happens(rng, _TEXT_DATES, whole)
    way = rng.choice(3, whole, p=[0.7, 0.2, 0.1])
    return (
        pl.Series("_text_dates", text_dates).gather(rows),
        pl.Series("_way", way).gather(rows),
    )


_REFERRAL_SPOTS: Final = (
    Spot("nhs_bad_check_digit", "NHS No"),
    Spot("nhs_repdigit", "NHS No", REPDIGITS),
    Spot("nhs_missing", "NHS No"),
    Spot("date_impossible", "Referral Date"),
    Spot("date_future", "Referral Date"),
    Spot("mandatory_missing", "Referral Date"),
    Spot("unknown_code", "Accepted", ("Awaiting", "?")),
    Spot("unknown_code", "Sex", ("X1", "9")),
    Spot("exact_duplicate", ""),
)


def _listed_referrals(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> pl.DataFrame:
    """The referrals with how each happens to be written."""
    rows = with_identity(listed(settings, records.referral, "referrals", cut), identity)
    extras = _sheet_extras(settings, records.referral.height, rows["_row"], "referrals")
    rng = part_rng(settings, "sheet words")
    whole = records.referral.height
    short = pl.Series("_short", happens(rng, 0.7, whole)).gather(rows["_row"])
    no_lsoa = pl.Series("_no_lsoa", happens(rng, 0.04, whole)).gather(rows["_row"])
    return rows.with_columns(*extras, short, no_lsoa)


def _referrals(
    settings: WorldSettings, records: Records, identity: Identity, cut: int, book: str
) -> RawTable:
    origin = settings.observed_from
    rows = _listed_referrals(settings, records, identity, cut)
    accepted = pl.col("outcome") == "accepted"
    nhs, way = pl.col("nhs"), pl.col("_way")
    frame = rows.select(
        "_row",
        "_text_dates",
        *NOTED,
        (way == _AS_NUMBER).alias("_number"),
        pl.col("reference").alias("Ref No"),
        pl.col("name").alias("Client Name"),
        pl.when(way == 0).then(spaced(nhs, " ")).otherwise(nhs).alias("NHS No"),
        day_text("born_on", origin, _UK, cut).alias("DOB"),
        _sex().alias("Sex"),
        pl.col("ethnic").replace_strict(ETHNIC_WORDS).alias("Ethnicity"),
        pl.when(~pl.col("_no_lsoa")).then(pl.format("E0{}", "lsoa")).alias("LSOA"),
        pl.col("practice_code").alias("GP Practice Code"),
        day_text("day", origin, _UK, cut).alias("Referral Date"),
        pl.col("route").replace_strict(_REFERRED_BY).alias("Referred By"),
        pl.col("primary_need").replace_strict(_NEED).alias("Primary Need"),
        pl.col("secondary_need").replace_strict(_NEED).alias("Secondary Need"),
        pl.when(accepted).then(pl.lit("Y")).otherwise(pl.lit("N")).alias("Accepted"),
        day_text("first_contact_day", origin, _UK, cut).alias("First Visit Date"),
        day_text("closed_day", origin, _UK, cut).alias("Closed Date"),
        pl.when(pl.col("closed_day") < cut)
        .then(pl.col("closure_reason").replace_strict(_CLOSURE))
        .alias("Closure Reason"),
        _yes_no("is_carer").alias("Carer?"),
        _yes_no("has_consent").alias("Consent to evaluation"),
    )
    return RawTable(
        path=book,
        sheet="Referrals",
        frame=frame,
        form=_referral_form(origin + timedelta(days=cut - 1)),
        spots=_REFERRAL_SPOTS,
        by_hand=True,
    )


def _sex() -> pl.Expr:
    letter = pl.when("female").then(pl.lit("F")).otherwise(pl.lit("M"))
    word = pl.when("female").then(pl.lit("Female")).otherwise(pl.lit("Male"))
    return pl.when("_short").then(letter).otherwise(word)


def _referral_form(last: date) -> SheetForm:
    return SheetForm(
        title=f"Social prescribing - referrals received to {last:%d %B %Y} (confidential)",
        has_total=True,
        dates=("DOB", "Referral Date", "First Visit Date", "Closed Date"),
        nhs="NHS No",
    )


def _yes_no(name: str) -> pl.Expr:
    return pl.when(name).then(pl.lit("Y")).otherwise(pl.lit("N"))


def _wellbeing(settings: WorldSettings, records: Records, cut: int, book: str) -> RawTable:
    rows = listed(settings, records.responses, "wellbeing", cut)
    text_dates, _ = _sheet_extras(settings, records.responses.height, rows["_row"], "wellbeing")
    items = INSTRUMENTS["rotherham_wellbeing"].items
    frame = rows.with_columns(text_dates).select(
        "_row",
        "_text_dates",
        pl.col("reference").alias("Ref No"),
        pl.col("stage")
        .replace_strict({"baseline": "Baseline", "follow_up": "Follow up"})
        .alias("Stage"),
        day_text("day", settings.observed_from, _UK, cut).alias("Date"),
        *(
            pl.col(item).cast(pl.String).alias(name)
            for item, name in zip(items, _DOMAINS, strict=True)
        ),
    )
    return RawTable(
        path=book,
        sheet="Wellbeing",
        frame=frame,
        form=SheetForm(dates=("Date",), numbers=_DOMAINS),
        spots=(
            Spot("date_impossible", "Date"),
            Spot("date_future", "Date"),
            Spot("mandatory_missing", "Stage"),
            Spot("unknown_code", "Stage", ("Interim", "3rd")),
            Spot("score_out_of_range", "Feeling positive", ("0", "6", "8")),
            Spot("score_out_of_range", "Money", ("7", "44")),
            Spot("followup_before_baseline", "Date", against="Ref No"),
            Spot("exact_duplicate", ""),
        ),
        by_hand=True,
    )


def _onward(settings: WorldSettings, records: Records, cut: int, book: str) -> RawTable:
    rows = listed(settings, records.activities, "onward", cut)
    text_dates, _ = _sheet_extras(settings, records.activities.height, rows["_row"], "onward")
    frame = rows.with_columns(text_dates).select(
        "_row",
        "_text_dates",
        pl.col("reference").alias("Ref No"),
        pl.col("organisation").alias("Provider"),
        pl.col("activity").alias("Activity type"),
        day_text("day", settings.observed_from, _UK, cut).alias("Start"),
        pl.col("offered").cast(pl.String).alias("Sessions offered"),
        pl.col("attended").cast(pl.String).alias("Sessions attended"),
        pl.col("cost").cast(pl.String).alias("Grant cost £"),
    )
    return RawTable(
        path=book,
        sheet="Onward",
        frame=frame,
        form=SheetForm(
            dates=("Start",), numbers=("Sessions offered", "Sessions attended", "Grant cost £")
        ),
        spots=(
            Spot("date_impossible", "Start"),
            Spot("date_future", "Start"),
            Spot("mandatory_missing", "Start"),
            Spot("exact_duplicate", ""),
        ),
        by_hand=True,
    )


def _costs(settings: WorldSettings, records: Records, cut: int, book: str) -> RawTable:
    known = settings.observed_from + timedelta(days=cut)
    frame = (
        records.costs.with_row_index("_row")
        .filter(pl.col("period_start") < known)
        .select(
            "_row",
            pl.col("period_start").dt.strftime("%b-%y").alias("Month"),
            pl.col("line").alias("Category"),
            pl.col("funder").alias("Payer"),
            pl.col("amount").cast(pl.String).alias("Amount £"),
        )
    )
    return RawTable(
        path=book,
        sheet="Costs",
        frame=frame,
        form=SheetForm(numbers=("Amount £",)),
        by_hand=True,
    )
