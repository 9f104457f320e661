"""SUS-like extracts, appointment books and the register, Rotherham style: text files."""

from __future__ import annotations

from typing import Final

import polars as pl

from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.listing import day_text, listed, register_rows, with_identity
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.raw_table import REPDIGITS_AS_TEXT, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["extract_files"]

_UK: Final = "%d/%m/%Y"
_NOT_KNOWN = "01/01/1800"
_ROLE = {
    "gp": "GP",
    "nurse": "Nurse",
    "hca": "HCA",
    "pharmacist": "Pharmacist",
    "link_worker": "Social Prescribing Link Worker",
}
_MODE = {
    "face_to_face": "Face-to-Face",
    "telephone": "Telephone",
    "home_visit": "Home Visit",
    "video": "Video",
    "online": "Online",
    "admin": "Admin",
}
_STATUS = {"attended": "Attended", "dna": "DNA", "cancelled": "Cancelled"}


def extract_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the five text files as they were on day number `cut` (exclusive)."""
    return [
        _gp_events(settings, records, identity, cut),
        _register(settings, records, identity, cut),
        _ae(settings, records, identity, cut),
        _apc(settings, records, identity, cut),
        _op(settings, records, identity, cut),
    ]


def _activity_spots(date_column: str, code: str, wrong: tuple[str, ...]) -> tuple[Spot, ...]:
    return usual_spots("NHS_NUMBER", date_column, code, wrong)


def _gp_events(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    rows = with_identity(listed(settings, records.book, "gp events", cut), identity)
    frame = rows.select(
        "_row",
        pl.col("nhs").alias("NHS_NUMBER"),
        pl.col("practice_code").alias("PRACTICE_CODE"),
        day_text("day", settings.observed_from, _UK, cut).alias("EVENT_DATE"),
        pl.col("staff").replace_strict(_ROLE).alias("HCP_ROLE"),
        pl.col("mode").replace_strict(_MODE).alias("CONTACT_MODE"),
        pl.col("status").replace_strict(_STATUS).alias("STATUS"),
    )
    spots = _activity_spots("EVENT_DATE", "HCP_ROLE", ("ZZ", "Locum??"))
    return RawTable(path="GP_EVENTS.csv", frame=frame, spots=spots)


def _register(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = register_rows(records, identity, cut)
    frame = rows.select(
        "_row",
        pl.col("person").alias("_person"),
        pl.col("nhs").alias("NHS_NUMBER"),
        pl.col("practice_code").alias("PRACTICE_CODE"),
        day_text("day_from", origin, _UK, cut).alias("REG_START"),
        day_text("last_day", origin, _UK, cut).alias("REG_END"),
        day_text("died_on", origin, _UK, cut).alias("DATE_OF_DEATH"),
        day_text("born_on", origin, _UK, cut).str.slice(6).alias("YEAR_OF_BIRTH"),
        pl.when("female").then(pl.lit("2")).otherwise(pl.lit("1")).alias("SEX"),
        pl.col("ethnic").alias("ETHNIC"),
        pl.format("E0{}", "lsoa").alias("LSOA11"),
        pl.col("decile").cast(pl.String).alias("IMD_DECILE"),
        pl.col("conditions").cast(pl.String).alias("LTC_COUNT"),
    )
    spots = (
        Spot("nhs_bad_check_digit", "NHS_NUMBER"),
        Spot("nhs_repdigit", "NHS_NUMBER", REPDIGITS_AS_TEXT),
        Spot("date_impossible", "REG_START"),
        Spot("date_future", "REG_START"),
        Spot("mandatory_missing", "PRACTICE_CODE"),
        Spot("unknown_code", "SEX", ("Q", "5")),
        Spot("imd_out_of_range", "IMD_DECILE", ("11", "0")),
        Spot("exact_duplicate", ""),
    )
    return RawTable(path="GP_REGISTER.csv", frame=frame, spots=spots)


def _ae(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    rows = with_identity(listed(settings, records.hospital.ae, "ae", cut), identity)
    frame = rows.select(
        "_row",
        pl.col("nhs").alias("NHS_NUMBER"),
        day_text("day", settings.observed_from, _UK, cut).alias("ARRIVALDATE"),
        pl.col("department").alias("AEDEPTTYPE"),
        pl.col("category").alias("AEATTENDCAT"),
        pl.col("disposal").alias("AEATTENDDISP"),
        pl.col("provider").alias("PROCODE"),
    )
    spots = _activity_spots("ARRIVALDATE", "AEATTENDCAT", ("X", "7"))
    return RawTable(path="SUS_AE.csv", frame=frame, spots=spots)


def _apc(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    spell = listed(settings, records.hospital.spell, "apc", int(NEVER)).rename({"_row": "_spell"})
    turn = spell.select("_spell", pl.int_ranges(1, pl.col("episodes") + 1).alias("order")).explode(
        "order"
    )
    rows = with_identity(spell.join(turn, on="_spell", maintain_order="left"), identity)
    stay = pl.col("last_day") - pl.col("day")
    is_last = pl.col("order") == pl.col("episodes")
    episode_start = pl.col("day") + stay * (pl.col("order") - 1) // pl.col("episodes")
    episode_end = pl.col("day") + stay * pl.col("order") // pl.col("episodes")
    rows = rows.with_columns(
        episode_start.alias("from"),
        pl.when(is_last).then("end_day").otherwise(episode_end).alias("to"),
    ).with_row_index("_row")
    rows = rows.filter((pl.col("day") < cut) & (pl.col("from") < cut))
    open_at_cut = (pl.col("to") >= cut) & ((pl.col("to") < int(NEVER)) | ~pl.col("finished"))
    not_known = pl.lit(_NOT_KNOWN)
    frame = rows.select(
        "_row",
        pl.col("nhs").alias("NHS_NUMBER"),
        day_text("day", origin, _UK, cut).alias("ADMIDATE"),
        day_text("end_day", origin, _UK, cut).fill_null(not_known).alias("DISDATE"),
        day_text("from", origin, _UK, cut).alias("EPISTART"),
        day_text("to", origin, _UK, cut).fill_null(not_known).alias("EPIEND"),
        pl.col("order").cast(pl.String).alias("EPIORDER"),
        pl.col("patient_class").alias("CLASSPAT"),
        pl.col("method").alias("ADMIMETH"),
        pl.when(open_at_cut).then(pl.lit("1")).otherwise(pl.lit("3")).alias("EPISTAT"),
        pl.col("provider").alias("PROCODE"),
    )
    spots = (
        *_activity_spots("ADMIDATE", "ADMIMETH", ("2Z", "7X")),
        Spot("discharge_before_admission", "DISDATE", against="ADMIDATE"),
    )
    return RawTable(path="SUS_APC.csv", frame=frame, spots=spots)


def _op(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    appointments = records.hospital.appointment
    rng = part_rng(settings, "leading zeros")
    padded = happens(rng, 0.14, appointments.height)
    rows = listed(settings, appointments.with_columns(pl.Series("_padded", padded)), "op", cut)
    attended = pl.col("attendance")
    frame = with_identity(rows, identity).select(
        "_row",
        pl.col("nhs").alias("NHS_NUMBER"),
        day_text("day", settings.observed_from, _UK, cut).alias("APPTDATE"),
        pl.when("_padded").then("0" + attended).otherwise(attended).alias("ATTENDED"),
        pl.col("first").alias("FIRSTATT"),
        pl.col("specialty").alias("TRETSPEF"),
    )
    spots = _activity_spots("APPTDATE", "ATTENDED", ("A", "8"))
    return RawTable(path="SUS_OP.csv", frame=frame, spots=spots)
