"""A template's export by network with MYCaW, Tower Hamlets and Bromley by Bow style."""

from __future__ import annotations

from typing import Final

import polars as pl

from sp_eval.synthetic.codes import labels
from sp_eval.synthetic.identity import ETHNIC_WORDS, Identity, spaced
from sp_eval.synthetic.listing import day_text, listed, register_rows, with_identity
from sp_eval.synthetic.raw_table import (
    NOTED,
    REPDIGITS_AS_TEXT,
    CsvForm,
    RawTable,
    Spot,
    usual_spots,
)
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["network_files", "template_files"]

_WORDY: Final = "%d-%b-%Y"
_TEMPLATE: Final = CsvForm("\t", "cp1252", "\r\n")
_NETWORKS = 8
_NEED = {
    "social_isolation": "Loneliness",
    "mental_wellbeing": "Stress – low mood",
    "money_and_benefits": "Benefits (£)",
    "housing": "Overcrowding",
    "physical_activity_and_lifestyle": "Exercise & diet",
    "caring_role": "Caring",
    "long_term_condition": "Living with illness",
    "bereavement": "Grief",
}
_OUTCOME = {
    "accepted": "Took part",
    "declined": "Said no",
    "uncontactable": "No answer",
    "inappropriate": "Signposted elsewhere",
}
_WORDS = ("can't sleep", "housing letter", "on my own", "knee pain", "no money", "want to learn")
_KIND = {
    "learning": "ESOL / classes",
    "arts_and_culture": "Arts",
    "money_advice": "Advice",
    "physical_activity": "Movement",
    "nature_based": "Gardening",
    "social_group": "Lunch club",
}
_ROLE = {
    "gp": "GP",
    "nurse": "NURSE",
    "hca": "HCA",
    "pharmacist": "PHARM",
    "link_worker": "SP",
}
_MODE = {
    "face_to_face": "F2F",
    "telephone": "TEL",
    "home_visit": "HV",
    "video": "VID",
    "online": "ONL",
    "admin": "ADM",
}
_STATUS = {"attended": "ATT", "dna": "DNA", "cancelled": "CAN"}


def template_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the networks' templates, MYCaW and destinations on day number `cut` (exclusive)."""
    return [
        *_templates(settings, records, identity, cut),
        _mycaw(settings, records, cut),
        _destinations(settings, records, cut),
    ]


def network_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the patient list and the networks' consultations on day number `cut`."""
    return [
        _patients(settings, records, identity, cut),
        *_consultations(settings, records, identity, cut),
    ]


def _network_of(records: Records) -> dict[str, int]:
    codes = sorted(records.practices.code.tolist())
    return {code: at % _NETWORKS + 1 for at, code in enumerate(codes)}


def _templates(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.referral, "th templates", cut), identity)
    frame = rows.select(
        "_row",
        *NOTED,
        pl.col("practice_code").replace_strict(_network_of(records)).alias("_network"),
        pl.col("reference").alias("TH ref"),
        spaced(pl.col("nhs"), "-").alias("NHS Number"),
        day_text("day", origin, _WORDY, cut).alias("Template date"),
        pl.col("practice_code").alias("Practice"),
        pl.concat_str(
            pl.col("primary_need").replace_strict(_NEED),
            pl.col("secondary_need").replace_strict(_NEED),
            separator=";",
            ignore_nulls=True,
        ).alias("Needs (tick all)"),
        pl.col("outcome").replace_strict(_OUTCOME).alias("What happened"),
        day_text("first_contact_day", origin, _WORDY, cut).alias("Seen on"),
        pl.when("is_carer").then(pl.lit("Y")).otherwise(pl.lit("N")).alias("Carer"),
        pl.when("has_consent").then(pl.lit("Y")).otherwise(pl.lit("N")).alias("Evaluation OK"),
    )
    spots = (
        *usual_spots("NHS Number", "Template date", "What happened", ("?", "Wait"), style=_WORDY),
        Spot("nhs_missing", "NHS Number"),
    )
    return [
        RawTable(
            f"Network {number}/SP_template.csv",
            frame.filter(pl.col("_network") == number).drop("_network"),
            _TEMPLATE,
            # small files: each with one kind of fault
            spots=spots[number - 1 : number],
            by_hand=True,
        )
        for number in range(1, _NETWORKS + 1)
    ]


def _mycaw(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    rows = listed(settings, records.responses, "th mycaw", cut)
    rng = part_rng(settings, "th words")
    whole = records.responses.height
    words = labels(_WORDS, rng.integers(0, len(_WORDS), whole)).gather(rows["_row"])
    frame = rows.with_columns(words.alias("_words")).select(
        "_row",
        pl.col("reference").alias("TH ref"),
        pl.col("stage").replace_strict({"baseline": "First form", "follow_up": "Follow-up form"})
        .alias("Form"),
        day_text("day", settings.observed_from, _WORDY, cut).alias("Date of form"),
        pl.col("_words").alias("Concern 1 (own words)"),
        pl.col("concern1").cast(pl.String).alias("Concern 1 (0-6)"),
        pl.col("concern2").cast(pl.String).alias("Concern 2 (0-6)"),
        pl.col("wellbeing").cast(pl.String).alias("Wellbeing (0-6)"),
    )  # fmt: skip
    spots = (
        Spot("date_impossible", "Date of form", style=_WORDY),
        Spot("date_future", "Date of form", style=_WORDY),
        Spot("mandatory_missing", "Form"),
        Spot("unknown_code", "Form", ("3rd form", "Exit")),
        Spot("score_out_of_range", "Concern 1 (0-6)", ("7", "10")),
        Spot("followup_before_baseline", "Date of form", style=_WORDY, against="TH ref"),
        Spot("exact_duplicate", ""),
    )
    return RawTable("MYCaW.csv", frame, _TEMPLATE, spots=spots, by_hand=True)


def _destinations(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    rows = listed(settings, records.activities, "th destinations", cut)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("TH ref"),
        pl.col("organisation").alias("Destination"),
        pl.col("activity").replace_strict(_KIND).alias("Kind"),
        day_text("day", settings.observed_from, _WORDY, cut).alias("First attended"),
        pl.col("attended").cast(pl.String).alias("Times attended"),
    )
    spots = (
        Spot("date_impossible", "First attended", style=_WORDY),
        Spot("date_future", "First attended", style=_WORDY),
        Spot("mandatory_missing", "First attended"),
        Spot("unknown_code", "Kind", ("misc",)),
        Spot("exact_duplicate", ""),
    )
    return RawTable("BBBC_destinations.csv", frame, _TEMPLATE, spots=spots, by_hand=True)


def _patients(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    frame = register_rows(records, identity, cut).select(
        "_row",
        pl.col("person").alias("_person"),
        pl.col("nhs").alias("NHS Number"),
        pl.col("practice_code").alias("Practice"),
        day_text("day_from", origin, _WORDY, cut).alias("Registered"),
        day_text("last_day", origin, _WORDY, cut).alias("Deducted"),
        day_text("born_on", origin, _WORDY, cut).str.slice(7).alias("Birth year"),
        pl.when("female").then(pl.lit("f")).otherwise(pl.lit("m")).alias("Sex"),
        pl.col("ethnic").replace_strict(ETHNIC_WORDS).alias("Ethnicity"),
        pl.format("E0{}", "lsoa").alias("LSOA"),
        ((pl.col("decile") + 1) // 2).cast(pl.String).alias("IMD quintile"),
        pl.col("conditions").cast(pl.String).alias("LTCs"),
        day_text("died_on", origin, _WORDY, cut).alias("Died"),
    )
    spots = (
        Spot("nhs_bad_check_digit", "NHS Number"),
        Spot("nhs_repdigit", "NHS Number", REPDIGITS_AS_TEXT),
        Spot("date_impossible", "Registered", style=_WORDY),
        Spot("date_future", "Registered", style=_WORDY),
        Spot("mandatory_missing", "Practice"),
        Spot("unknown_code", "Sex", ("x", "0")),
        Spot("imd_out_of_range", "IMD quintile", ("6", "10")),
        Spot("exact_duplicate", ""),
    )
    return RawTable("EMIS/patients.csv", frame, spots=spots)


def _consultations(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    rows = with_identity(listed(settings, records.book, "th consultations", cut), identity)
    frame = rows.select(
        "_row",
        pl.col("practice_code").replace_strict(_network_of(records)).alias("_network"),
        pl.col("practice_code").alias("Practice"),
        pl.col("nhs").alias("NHS Number"),
        day_text("day", settings.observed_from, _WORDY, cut).alias("Consulted on"),
        pl.col("staff").replace_strict(_ROLE).alias("Role"),
        pl.col("mode").replace_strict(_MODE).alias("Mode"),
        pl.col("status").replace_strict(_STATUS).alias("Status"),
    )
    spots = usual_spots("NHS Number", "Consulted on", "Role", ("LOC", "??"), style=_WORDY)
    return [
        RawTable(
            f"EMIS/consultations_network_{number}.csv",
            frame.filter(pl.col("_network") == number).drop("_network"),
            spots=spots,
        )
        for number in range(1, _NETWORKS + 1)
    ]
