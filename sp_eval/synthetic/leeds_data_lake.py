"""Rows of the city's data lake, Leeds style: registrations, appointments and hospital care."""

from __future__ import annotations

from typing import Final

import polars as pl

from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.listing import day_text, listed, register_rows, with_identity
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.raw_table import REPDIGITS_AS_TEXT, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import Records

__all__ = ["data_lake_files"]

_ISO: Final = "%Y-%m-%d"
_STAFF = {
    "gp": "General Practitioner",
    "nurse": "Practice Nurse",
    "hca": "Health Care Assistant",
    "pharmacist": "Clinical Pharmacist",
    "link_worker": "Social Prescribing Wellbeing Coordinator",
}
_MODE = {
    "face_to_face": "Clinic",
    "telephone": "Telephone",
    "home_visit": "Home",
    "video": "Video",
    "online": "eConsult",
    "admin": "Administration",
}
_STATUS = {"attended": "Arrived", "dna": "Did Not Attend", "cancelled": "Cancelled"}


def data_lake_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the five extracts as they were on day number `cut` (exclusive)."""
    return [
        _registrations(settings, records, identity, cut),
        _appointments(settings, records, identity, cut),
        _emergency_care(settings, records, identity, cut),
        _admissions(settings, records, identity, cut),
        _outpatients(settings, records, identity, cut),
    ]


def _registrations(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> RawTable:
    origin = settings.observed_from
    frame = register_rows(records, identity, cut).select(
        "_row",
        pl.col("person").alias("_person"),
        pl.col("nhs").alias("nhs_number"),
        pl.col("practice_code").alias("practice"),
        day_text("day_from", origin, _ISO, cut).alias("registered_on"),
        day_text("last_day", origin, _ISO, cut).alias("last_day"),
        day_text("born_on", origin, _ISO, cut).str.slice(0, 7).alias("birth_month"),
        pl.when("female").then(pl.lit("F")).otherwise(pl.lit("M")).alias("gender"),
        pl.col("ethnic").alias("ethnic_code"),
        pl.format("E0{}", "lsoa").alias("lsoa_2011"),
        pl.col("decile").cast(pl.String).alias("imd_decile"),
        pl.col("conditions").cast(pl.String).alias("long_term_conditions"),
        day_text("died_on", origin, _ISO, cut).alias("death_date"),
    )
    spots = (
        Spot("nhs_bad_check_digit", "nhs_number"),
        Spot("nhs_repdigit", "nhs_number", REPDIGITS_AS_TEXT),
        Spot("date_impossible", "registered_on", style=_ISO),
        Spot("date_future", "registered_on", style=_ISO),
        Spot("mandatory_missing", "practice"),
        Spot("unknown_code", "gender", ("3", "?")),
        Spot("imd_out_of_range", "imd_decile", ("0", "12")),
        Spot("exact_duplicate", ""),
    )
    return RawTable("data_lake/registrations.csv", frame, spots=spots)


def _appointments(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> RawTable:
    rows = with_identity(listed(settings, records.book, "leeds appointments", cut), identity)
    frame = rows.select(
        "_row",
        pl.col("nhs").alias("nhs_number"),
        pl.col("practice_code").alias("practice"),
        day_text("day", settings.observed_from, _ISO, cut).alias("appointment_date"),
        pl.col("staff").replace_strict(_STAFF).alias("role"),
        pl.col("mode").replace_strict(_MODE).alias("mode"),
        pl.col("status").replace_strict(_STATUS).alias("status"),
    )
    spots = usual_spots("nhs_number", "appointment_date", "role", ("Locum?", "X"), style=_ISO)
    return RawTable("data_lake/gp_appointments.csv", frame, spots=spots)


def _emergency_care(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> RawTable:
    rows = with_identity(listed(settings, records.hospital.ae, "leeds ae", cut), identity)
    frame = rows.select(
        "_row",
        pl.col("nhs").alias("nhs_number"),
        day_text("day", settings.observed_from, _ISO, cut).alias("arrival_date"),
        pl.col("category").alias("attendance_category"),
        pl.col("department").alias("department_type"),
        pl.col("provider").alias("provider"),
    )
    wrong = ("8", "NK")
    spots = usual_spots("nhs_number", "arrival_date", "attendance_category", wrong, style=_ISO)
    return RawTable("data_lake/emergency_care.csv", frame, spots=spots)


def _admissions(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> RawTable:
    """One row a spell; the discharge is blank where it is not known or lies ahead."""
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.hospital.spell, "leeds spells", cut), identity)
    ended = (pl.col("end_day") < cut) & (pl.col("end_day") < int(NEVER))
    frame = rows.select(
        "_row",
        pl.col("nhs").alias("nhs_number"),
        day_text("day", origin, _ISO, cut).alias("admitted_on"),
        pl.when(ended).then(day_text("end_day", origin, _ISO, cut)).alias("discharged_on"),
        pl.col("method").alias("admission_method"),
        pl.col("patient_class").alias("patient_class"),
        pl.col("provider").alias("provider"),
    )
    spots = (
        *usual_spots("nhs_number", "admitted_on", "admission_method", ("2Z", "9A"), style=_ISO),
        Spot("discharge_before_admission", "discharged_on", style=_ISO, against="admitted_on"),
    )
    return RawTable("data_lake/admitted_spells.csv", frame, spots=spots)


def _outpatients(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> RawTable:
    rows = listed(settings, records.hospital.appointment, "leeds outpatients", cut)
    frame = with_identity(rows, identity).select(
        "_row",
        pl.col("nhs").alias("nhs_number"),
        day_text("day", settings.observed_from, _ISO, cut).alias("appointment_date"),
        pl.col("attendance").alias("attended_code"),
        pl.col("specialty").alias("specialty"),
    )
    spots = usual_spots("nhs_number", "appointment_date", "attended_code", ("1", "A"), style=_ISO)
    return RawTable("data_lake/outpatients.csv", frame, spots=spots)
