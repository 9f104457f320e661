"""The costed secondary-care file and the register, Ways to Wellness style: bars, all practices."""

from __future__ import annotations

from typing import Final

import polars as pl

from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.listing import day_text, listed, register_rows, with_identity
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.raw_table import REPDIGITS_AS_TEXT, CsvForm, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.world import Records

__all__ = ["commissioner_files"]

_ISO: Final = "%Y-%m-%d"
_FORM: Final = CsvForm("|")


def commissioner_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the costed file and the register as they were on day number `cut` (exclusive)."""
    return [
        _costed(settings, records, identity, cut),
        _register(settings, records, identity, cut),
    ]


def _costed(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    """Attendances, spells and appointments of all practices, each with what was paid for it."""
    origin, hospital = settings.observed_from, records.hospital
    nothing = pl.lit(int(NEVER), dtype=pl.Int32).alias("end_day")
    nobody = pl.lit(None, dtype=pl.String)
    attendance = hospital.ae.select(
        "person", "day", nothing,
        pl.when(pl.col("category") == "1").then(pl.lit("AE")).otherwise(pl.lit("AEFU"))
        .alias("pod"),
        nobody.alias("came"), "provider", "cost",
    )  # fmt: skip
    spell = hospital.spell.select(
        "person", "day", "end_day", _pod().alias("pod"), nobody.alias("came"), "provider", "cost"
    )
    seen = pl.col("attendance").is_in(["5", "6"])
    appointment = hospital.appointment.select(
        "person", "day", nothing, pl.lit("OP").alias("pod"),
        pl.when(seen).then(pl.lit("Y")).otherwise(pl.lit("N")).alias("came"),
        nobody.alias("provider"), "cost",
    )  # fmt: skip
    both = listed(settings, pl.concat([attendance, spell, appointment]), "wtw costed", cut)
    start = (pl.lit(origin) + pl.duration(days=pl.col("day").cast(pl.Int32))).cast(pl.Date)
    year = start.dt.offset_by("-3mo").dt.year()
    frame = with_identity(both, identity).select(
        "_row",
        pl.col("nhs").alias("NHS_NUMBER"),
        pl.format("{}/{}", year, ((year + 1) % 100).cast(pl.String).str.zfill(2)).alias("FIN_YEAR"),
        pl.col("pod").alias("POD"),
        day_text("day", origin, _ISO, cut).alias("START_DATE"),
        day_text("end_day", origin, _ISO, cut).alias("END_DATE"),
        pl.col("provider").alias("PROVIDER"),
        pl.col("came").alias("ATTENDED"),
        pl.col("cost").round(2).cast(pl.String).alias("COST_GBP"),
    )
    spots = (
        *usual_spots("NHS_NUMBER", "START_DATE", "POD", ("XBD", "NELX"), style=_ISO),
        Spot("discharge_before_admission", "END_DATE", style=_ISO, against="START_DATE"),
        Spot("unknown_code", "FIN_YEAR", ("2017", "17-18")),
    )
    return RawTable("sus/PbR_costed.csv", frame, _FORM, spots=spots)


def _pod() -> pl.Expr:
    method, day_case = pl.col("method"), pl.col("patient_class") == "2"
    planned = method.is_in(["11", "12", "13"])
    return (
        pl.when(pl.col("patient_class") == "3")
        .then(pl.lit("RDA"))
        .when(method.is_in(["31", "32"]))
        .then(pl.lit("MAT"))
        .when(method == "81")
        .then(pl.lit("TRF"))
        .when(planned & day_case)
        .then(pl.lit("DC"))
        .when(planned)
        .then(pl.lit("EL"))
        .otherwise(pl.lit("NEL"))
    )


def _register(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    frame = register_rows(records, identity, cut).select(
        "_row",
        pl.col("person").alias("_person"),
        pl.col("nhs").alias("NHS_NUMBER"),
        pl.col("practice_code").alias("PRACTICE"),
        day_text("day_from", origin, _ISO, cut).alias("JOINED"),
        day_text("last_day", origin, _ISO, cut).alias("LEFT"),
        day_text("born_on", origin, _ISO, cut).str.slice(0, 4).alias("YOB"),
        pl.when("female").then(pl.lit("Female")).otherwise(pl.lit("Male")).alias("SEX"),
        pl.col("ethnic").alias("ETHCAT"),
        pl.format("E0{}", "lsoa").alias("LSOA"),
        pl.col("decile").cast(pl.String).alias("IMD_2015_DECILE"),
        pl.col("conditions").cast(pl.String).alias("QOF_CONDITIONS"),
        day_text("died_on", origin, _ISO, cut).alias("DIED"),
    )
    spots = (
        Spot("nhs_bad_check_digit", "NHS_NUMBER"),
        Spot("nhs_repdigit", "NHS_NUMBER", REPDIGITS_AS_TEXT),
        Spot("date_impossible", "JOINED", style=_ISO),
        Spot("date_future", "JOINED", style=_ISO),
        Spot("mandatory_missing", "PRACTICE"),
        Spot("unknown_code", "SEX", ("N", "9")),
        Spot("imd_out_of_range", "IMD_2015_DECILE", ("11", "99")),
        Spot("exact_duplicate", ""),
    )
    return RawTable("qof/register.csv", frame, _FORM, spots=spots)
