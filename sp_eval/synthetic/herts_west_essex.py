"""A triage log and networks' counts of codes, Herts and West Essex style."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from sp_eval.synthetic.codes import labels
from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.listing import day_text, listed, with_identity
from sp_eval.synthetic.plain_words import OUTCOME_WORDS, consent, needs
from sp_eval.synthetic.raw_table import NOTED, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["triage_files"]

_ISO: Final = "%Y-%m-%d"
_COUNTIES: Final = ("Hertfordshire", "Essex", "Cambridgeshire")
_ROUTE: Final = {
    "gp": "GP surgery", "nurse": "Practice nurse", "social_care": "Adult care",
    "self": "Self or family",
}  # fmt: skip
_CODES: Final = {
    "871731000000106": ("Referral to social prescribing service", 6.0),
    "871711000000103": ("Social prescribing declined", 1.2),
    "871691000000100": ("Social prescribing offered", 8.0),
}
_STAGE: Final = {"baseline": "entry", "follow_up": "6 months"}
_SURVEY: Final = ("_row", "case_reference", "survey", "completed_on")
_SURVEY_SPOTS: Final = (
    Spot("date_impossible", "completed_on", style=_ISO),
    Spot("unknown_code", "survey", ("exit", "12 months")),
)
_MORE_STEPS: Final = 0.4  # of referrals, triaged more than once
_NETWORKS: Final = 6


def triage_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return log, surveys and counts of codes as they were on day number `cut` (exclusive)."""
    return [
        _log(settings, records, identity, cut),
        _ons4(settings, records, cut),
        _pam(settings, records, cut),
        _codes(settings, cut),
    ]


def _log(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rng = part_rng(settings, "triage steps")
    whole = records.referral
    more = rng.poisson(_MORE_STEPS, whole.height)
    step = np.concatenate([np.arange(number + 1) for number in more])
    repeated = whole[np.repeat(np.arange(whole.height), more + 1)].with_columns(
        pl.Series("_step", step)
    )
    rows = with_identity(listed(settings, repeated, "herts triage", cut), identity)
    county = labels(_COUNTIES, rows["lsoa"].to_numpy() % len(_COUNTIES))
    first = pl.col("_step") == 0
    frame = rows.with_columns(county.alias("_county")).select(
        "_row",
        *NOTED,
        pl.col("reference").alias("case_reference"),
        pl.when(first).then(pl.lit("triage")).otherwise(pl.format("call back {}", "_step"))
        .alias("step"),
        pl.col("nhs").alias("nhs_number"),
        pl.col("practice_code").alias("practice"),
        pl.col("_county").alias("county"),
        day_text("day", origin, _ISO, cut).alias("referred_on"),
        pl.col("route").replace_strict(_ROUTE).alias("referred_by"),
        needs("|").alias("needs"),
        pl.col("outcome").replace_strict(OUTCOME_WORDS).alias("result"),
        day_text("first_contact_day", origin, _ISO, cut).alias("first_contact"),
        consent("yes", "no").alias("consent"),
    )  # fmt: skip
    spots = (
        *usual_spots("nhs_number", "referred_on", "result", ("tbc", "?"), style=_ISO),
        Spot("nhs_missing", "nhs_number"),
        Spot("unknown_code", "county", ("Bedfordshire", "n/k")),
    )
    return RawTable("HertsHelp_triage.csv", frame, spots=spots, by_hand=True)


def _ons4(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    items = [item.name for item in settings.sender.items if item.instrument == "ons4"]
    frame = _asked(settings, records, cut).select(
        *_SURVEY, *(pl.col(item).cast(pl.String).alias(f"ons_{item}") for item in items)
    )
    spots = (
        *_SURVEY_SPOTS,
        Spot("score_out_of_range", "ons_anxious", ("11", "99")),
        Spot("exact_duplicate", ""),
    )
    return RawTable("surveys/ONS4.csv", frame, spots=spots, by_hand=True)


def _pam(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    score = pl.col("score").cast(pl.String).alias("pam_score")
    frame = _asked(settings, records, cut).select(*_SURVEY, score)
    spots = (*_SURVEY_SPOTS, Spot("score_out_of_range", "pam_score", ("101", "999")))
    return RawTable("surveys/PAM.csv", frame, spots=spots, by_hand=True)


def _asked(settings: WorldSettings, records: Records, cut: int) -> pl.DataFrame:
    rows = listed(settings, records.responses, "herts surveys", cut)
    return rows.with_columns(
        pl.col("reference").alias("case_reference"),
        pl.col("stage").replace_strict(_STAGE).alias("survey"),
        day_text("day", settings.observed_from, _ISO, cut).alias("completed_on"),
    )


def _codes(settings: WorldSettings, cut: int) -> RawTable:
    """Count codes by network and month; not those of the people in the log, who are but some."""
    rng = part_rng(settings, "snomed counts")
    known = settings.observed_from + timedelta(days=cut)
    first = settings.referrals_from
    months = [date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
              for n in range(24)]  # fmt: skip
    rows = [
        (f"U{30_000 + network}", month, code, words, str(rng.poisson(mean)))
        for month in months
        for network in range(1, _NETWORKS + 1)
        for code, (words, mean) in _CODES.items()
    ]
    frame = (
        pl.DataFrame(rows, schema=["_pcn", "_month", "_code", "_words", "_people"], orient="row")
        .with_row_index("_row")
        .filter(pl.col("_month") < known)
        .select(
            "_row",
            pl.col("_pcn").alias("pcn"),
            pl.col("_month").dt.strftime("%Y-%m").alias("month"),
            pl.col("_code").alias("snomed_ct"),
            pl.col("_words").alias("term"),
            pl.col("_people").alias("people"),
        )
    )
    spots = (
        # a spreadsheet's rounding, and a wrong check digit
        Spot("unknown_code", "snomed_ct", ("8.71731E+14", "871731000000107")),
        Spot("mandatory_missing", "month"),
        Spot("score_out_of_range", "people", ("-3",)),
        Spot("exact_duplicate", ""),
    )
    return RawTable("PCN_snomed_counts.csv", frame, spots=spots)
