"""Practices' own exports, hospital activity and the list, Gloucestershire style."""

from __future__ import annotations

from typing import Final, NamedTuple

import polars as pl

from sp_eval.synthetic.identity import ETHNIC_WORDS, Identity
from sp_eval.synthetic.listing import day_text, listed, money_text, register_rows, with_identity
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.raw_table import REPDIGITS_AS_TEXT, CsvForm, DateStyle, RawTable, Spot
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["LAYOUTS", "area_files"]

_UK: Final = "%d/%m/%Y"
_LONG = 2  # nights from which an emergency stay is NEL


class Layout(NamedTuple):
    """One practice system's export: headers in file order, with what each holds."""

    headers: tuple[tuple[str, str], ...]
    form: CsvForm
    dates: DateStyle


def _layout(headers: str, form: CsvForm, dates: DateStyle) -> Layout:
    """Read `header=content` pairs separated by `|`."""
    pairs = (pair.rpartition("=") for pair in headers.split("|"))
    return Layout(tuple((header, content) for header, _, content in pairs), form, dates)


LAYOUTS: Final[tuple[Layout, ...]] = (
    _layout(
        "NHS number=nhs|Date=date|Type=type|Clinician=clinician|Attended=attended",
        CsvForm(),
        "%d/%m/%Y",
    ),
    _layout(
        "Contact_Date=date|NHS_No=nhs|Type – contact=type|Seen_By=clinician|Attended_YN=attended",
        CsvForm(";", "cp1252"),
        "%d-%b-%y",
    ),
    _layout(
        "Patient NHS No=nhs|Appointment date=date|Staff role=clinician|Appointment type=type"
        "|Attendance=attended",
        CsvForm("\t", "utf-8-sig"),
        "%Y-%m-%d",
    ),
    _layout(
        "ApptDate=date|HCP=clinician|Mode=type|NHSNumber=nhs|DNA?=attended",
        CsvForm(",", "utf-8-sig"),
        "%d-%b-%y",
    ),
    _layout(
        "staff=clinician|status=attended|date_of_contact=date|contact_mode=type|nhs=nhs",
        CsvForm(";"),
        "%Y-%m-%d",
    ),
    _layout(
        "Consultation type=type|Date of contact=date|NHS N°=nhs|Role=clinician|Attended?=attended",
        CsvForm("\t", "cp1252"),
        "%d/%m/%Y",
    ),
)
_TYPE = {
    "face_to_face": "Surgery",
    "telephone": "Telephone",
    "home_visit": "Home visit",
    "online": "Online",
    "video": "Online",
    "admin": "Admin",
}
_CLINICIAN = {
    "gp": "GP",
    "nurse": "Nurse",
    "hca": "HCA",
    "pharmacist": "HCA",
    "link_worker": "Social prescriber",
}
_ATTENDED = {"attended": "Y", "dna": "DNA", "cancelled": "N"}


def area_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return practice files, hospital activity and the list on day number `cut` (exclusive)."""
    return [
        *_practice_files(settings, records, identity, cut),
        _hospital(settings, records, identity, cut),
        _register(settings, records, identity, cut),
    ]


def _practice_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    codes = records.practices.code
    turn = part_rng(settings, "layouts").permutation(len(codes)) % len(LAYOUTS)
    book = with_identity(listed(settings, records.book, "practice files", cut), identity)
    book = book.with_columns(
        pl.col("mode").replace_strict(_TYPE).alias("type"),
        pl.col("staff").replace_strict(_CLINICIAN).alias("clinician"),
        pl.col("status").replace_strict(_ATTENDED).alias("attended"),
    )
    by_code = book.partition_by("practice_code", as_dict=True)
    nothing = book.clear()
    return [
        _practice_file(settings, code, by_code.get((code,), nothing), LAYOUTS[number], cut)
        for code, number in zip(codes.tolist(), turn.tolist(), strict=True)
    ]


def _practice_file(
    settings: WorldSettings, code: str, rows: pl.DataFrame, layout: Layout, cut: int
) -> RawTable:
    named = {content: header for header, content in layout.headers}
    date_cell = day_text("day", settings.observed_from, layout.dates, cut)
    frame = rows.with_columns(date_cell.alias("date")).select(
        "_row", *(pl.col(content).alias(header) for header, content in layout.headers)
    )
    spots = (
        Spot("nhs_bad_check_digit", named["nhs"]),
        Spot("nhs_repdigit", named["nhs"], REPDIGITS_AS_TEXT),
        Spot("date_impossible", named["date"], style=layout.dates),
        Spot("date_future", named["date"], style=layout.dates),
        Spot("mandatory_missing", named["date"]),
        Spot("unknown_code", named["clinician"], ("Locum-X", "??")),
        Spot("exact_duplicate", ""),
    )
    return RawTable(f"practice_activity/{code}.csv", frame, layout.form, spots=spots)


_HOSPITAL_SPOTS: Final = (
    Spot("nhs_bad_check_digit", "NHS Number"),
    Spot("nhs_repdigit", "NHS Number", REPDIGITS_AS_TEXT),
    Spot("date_impossible", "Activity date"),
    Spot("date_future", "Activity date"),
    Spot("mandatory_missing", "Activity date"),
    Spot("unknown_code", "POD", ("ZZ9", "XBD?")),
    Spot("discharge_before_admission", "Discharge date", against="Activity date"),
    Spot("exact_duplicate", ""),
)


def _hospital(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    nothing = pl.lit(int(NEVER), dtype=pl.Int32).alias("end_day")
    hospital = records.hospital
    attendance = hospital.ae.filter(pl.col("category") == "1").select(
        "person",
        "day",
        nothing,
        pl.when(pl.col("department").is_in(["01", "02"]))
        .then(pl.lit("AandE Type 1"))
        .otherwise(pl.lit("AandE Type 3"))
        .alias("pod"),
        "cost",
    )
    # A regular day attender's visit is no admission, and no POD is supplied for it.
    spell = hospital.spell.filter(pl.col("patient_class") != "3").select(
        "person", "day", "end_day", _admission_pod(cut).alias("pod"), "cost"
    )
    first, seen = pl.col("first").is_in(["1", "3"]), pl.col("attendance").is_in(["5", "6"])
    appointment = hospital.appointment.select(
        "person",
        "day",
        nothing,
        pl.when(~seen)
        .then(pl.lit("OPDNA"))
        .when(first)
        .then(pl.lit("OPFA"))
        .otherwise(pl.lit("OPFUP"))
        .alias("pod"),
        "cost",
    )
    both = listed(settings, pl.concat([attendance, spell, appointment]), "hospital", cut)
    frame = with_identity(both, identity).select(
        "_row",
        pl.col("nhs").alias("NHS Number"),
        day_text("day", settings.observed_from, _UK, cut).alias("Activity date"),
        day_text("end_day", settings.observed_from, _UK, cut).alias("Discharge date"),
        pl.col("pod").alias("POD"),
        money_text("cost").alias("Cost"),
    )
    return RawTable("hospital_activity.csv", frame, spots=_HOSPITAL_SPOTS)


def _admission_pod(cut: int) -> pl.Expr:
    method = pl.col("method")
    nights = pl.min_horizontal(pl.col("last_day"), pl.lit(cut)) - pl.col("day")
    return (
        pl.when(method.is_in(["31", "32", "81"]))
        .then(pl.lit("NELNE"))
        .when(method.is_in(["11", "12", "13"]) & (pl.col("patient_class") == "2"))
        .then(pl.lit("DC"))
        .when(method.is_in(["11", "12", "13"]))
        .then(pl.lit("EL"))
        .when(nights >= _LONG)
        .then(pl.lit("NEL"))
        .otherwise(pl.lit("NELST"))
    )


def _register(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = register_rows(records, identity, cut)
    reason = (
        pl.when(pl.col("died_on") < int(NEVER))
        .then(pl.lit("Deceased"))
        .when("is_last")
        .then(pl.lit("Moved away"))
        .otherwise(pl.lit("Moved practice"))
    )
    frame = rows.select(
        "_row",
        pl.col("person").alias("_person"),
        pl.col("nhs").alias("NHS Number"),
        pl.col("practice_code").alias("Practice"),
        day_text("day_from", origin, _UK, cut).alias("Date registered"),
        day_text("last_day", origin, _UK, cut).alias("Date left"),
        pl.when(pl.col("last_day") < cut).then(reason).alias("Reason left"),
        day_text("born_on", origin, _UK, cut).str.slice(3).alias("Month of birth"),
        pl.when("female").then(pl.lit("Female")).otherwise(pl.lit("Male")).alias("Gender"),
        pl.format("E0{}", "lsoa").alias("LSOA"),
        ((pl.col("decile") + 1) // 2).cast(pl.String).alias("IMD quintile"),
        pl.col("conditions").cast(pl.String).alias("Number of LTCs"),
        pl.col("ethnic").replace_strict(ETHNIC_WORDS).alias("Ethnicity"),
    )
    spots = (
        Spot("nhs_bad_check_digit", "NHS Number"),
        Spot("nhs_repdigit", "NHS Number", REPDIGITS_AS_TEXT),
        Spot("date_impossible", "Date registered"),
        Spot("date_future", "Date registered"),
        Spot("mandatory_missing", "Practice"),
        Spot("unknown_code", "Gender", ("7", "Q?")),
        Spot("imd_out_of_range", "IMD quintile", ("6", "11")),
        Spot("exact_duplicate", ""),
    )
    return RawTable("registered_list.csv", frame, spots=spots)
