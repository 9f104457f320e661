"""An EMIS export of cases and controls with its survey, City & Hackney style."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.identity import ETHNIC_WORDS, Identity
from sp_eval.synthetic.listing import day_text, listed, register_rows, with_identity
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.population import People
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

__all__ = ["case_files", "emis_files", "exported"]

_ISO: Final = "%Y-%m-%d"
_FORM: Final = CsvForm(encoding="utf-8-sig")
_CONTROLS = 5  # at most so many a case
_CASE = 1
_CONTROL = 2
_REASON = {
    "social_isolation": "Isolation",
    "mental_wellbeing": "Mild mental health",
    "money_and_benefits": "Financial",
    "housing": "Housing problem",
    "physical_activity_and_lifestyle": "Inactivity",
    "caring_role": "Carer",
    "long_term_condition": "Long-term condition",
    "bereavement": "Bereaved",
}
_OUTCOME = {
    "accepted": "Seen",
    "declined": "Refused",
    "uncontactable": "Not reached",
    "inappropriate": "Returned to GP",
}
_CLINICIAN = {
    "gp": "GP",
    "nurse": "Nurse",
    "hca": "HCA",
    "pharmacist": "Pharmacist",
    "link_worker": "Wellbeing Co-ordinator",
}
_TYPE = {
    "face_to_face": "GP Surgery",
    "telephone": "Telephone call",
    "home_visit": "Home visit note",
    "video": "Video consultation",
    "online": "Online triage",
    "admin": "Administration note",
}
_STATUS = {"attended": "Seen", "dna": "DNA", "cancelled": "Cancelled"}
_HEALTH = {
    "mobility": "EQ Mobility",
    "self_care": "EQ Self-care",
    "usual_activities": "EQ Usual activities",
    "pain": "EQ Pain",
    "anxiety_depression": "EQ Anxiety",
    "vas": "EQ VAS",
}


def exported(settings: WorldSettings, records: Records) -> npt.NDArray[np.int8]:
    """Say of everybody: 1 a case, 2 a control, 0 not in the export.

    Controls are people never referred of the same sex, age (ten years) and number of conditions
    (0 to 3 and more), whatever care they used before: as many as there are, up to five a case.
    """
    people = records.people
    is_case = records.referred_on < NEVER
    group = np.where(is_case, _CASE, 0).astype(np.int8)
    kind = _kind(people)
    rng = part_rng(settings, "controls")
    order = rng.permutation(len(people))
    for one in np.unique(kind[is_case]):
        wanted = _CONTROLS * int((is_case & (kind == one)).sum())
        free = order[(kind == one)[order] & ~is_case[order]]
        group[free[:wanted]] = _CONTROL
    return group


def _kind(people: People) -> npt.NDArray[np.int64]:
    age = (people.age // 10).astype(np.int64)
    return (age * 4 + np.minimum(people.conditions, 3)) * 2 + people.female


def case_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the cases and their survey as they were on day number `cut` (exclusive)."""
    return [
        _cases(settings, records, identity, cut),
        _survey(settings, records, cut, "hads", {"anxiety": "HADS-A", "depression": "HADS-D"}),
        _survey(settings, records, cut, "eq5d", _HEALTH),
        _survey(settings, records, cut, "general", {"general_health": "General health"}),
    ]


def _cases(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.referral, "ch cases", cut), identity)
    frame = rows.select(
        "_row",
        *NOTED,
        pl.col("reference").alias("Case No"),
        pl.col("nhs").alias("NHS Number"),
        pl.col("name").alias("Patient"),
        pl.col("practice_code").alias("Usual GP Organisation"),
        day_text("day", origin, _ISO, cut).alias("SP referral date"),
        pl.col("primary_need").replace_strict(_REASON).alias("Reason"),
        pl.col("outcome").replace_strict(_OUTCOME).alias("Outcome"),
        day_text("first_contact_day", origin, _ISO, cut).alias("First seen"),
        pl.when("has_consent").then(pl.lit("Y")).otherwise(pl.lit("N")).alias("Research consent"),
    )
    spots = (
        *usual_spots("NHS Number", "SP referral date", "Outcome", ("?", "Ongoing"), style=_ISO),
        Spot("nhs_missing", "NHS Number"),
        Spot("unknown_code", "Reason", ("Other", "See notes")),
    )
    return RawTable("EMIS_cases.csv", frame, _FORM, spots=spots, by_hand=True)


def _survey(
    settings: WorldSettings, records: Records, cut: int, name: str, items: dict[str, str]
) -> RawTable:
    rows = listed(settings, records.responses, f"ch {name}", cut)
    first = next(iter(items.values()))
    too_high = ("101", "250") if name == "eq5d" else ("22", "40")
    frame = rows.select(
        "_row",
        pl.col("reference").alias("Case No"),
        pl.col("stage").replace_strict({"baseline": "T0", "follow_up": "T1"}).alias("Wave"),
        day_text("day", settings.observed_from, _ISO, cut).alias("Completed"),
        *(pl.col(item).cast(pl.String).alias(header) for item, header in items.items()),
    )
    spots = (
        Spot("date_impossible", "Completed", style=_ISO),
        Spot("date_future", "Completed", style=_ISO),
        Spot("mandatory_missing", "Wave"),
        Spot("unknown_code", "Wave", ("T9", "late")),
        Spot("score_out_of_range", first, too_high),
        Spot("followup_before_baseline", "Completed", style=_ISO, against="Case No"),
        Spot("exact_duplicate", ""),
    )
    return RawTable(f"survey/{name}.csv", frame, _FORM, spots=spots, by_hand=True)


def emis_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the patients and consultations of cases and controls on day number `cut`."""
    group = exported(settings, records)
    return [
        _patients(settings, records, identity, group, cut),
        _consultations(settings, records, identity, group, cut),
    ]


def _in_export(rows: pl.DataFrame, group: npt.NDArray[np.int8]) -> pl.DataFrame:
    """The rows of cases and controls, with which they are."""
    known = pl.Series("_group", group[rows["person"].to_numpy()])
    named = pl.when(pl.col("_group") == _CASE).then(pl.lit("Case")).otherwise(pl.lit("Control"))
    return rows.with_columns(known).filter(pl.col("_group") > 0).with_columns(named.alias("Group"))


def _patients(
    settings: WorldSettings,
    records: Records,
    identity: Identity,
    group: npt.NDArray[np.int8],
    cut: int,
) -> RawTable:
    origin = settings.observed_from
    rows = _in_export(register_rows(records, identity, cut), group)
    frame = rows.select(
        "_row",
        pl.col("person").alias("_person"),
        "Group",
        pl.col("nhs").alias("NHS Number"),
        pl.col("practice_code").alias("Usual GP Organisation"),
        day_text("day_from", origin, _ISO, cut).alias("Date of registration"),
        day_text("last_day", origin, _ISO, cut).alias("Date of deduction"),
        day_text("born_on", origin, _ISO, cut).str.slice(0, 4).alias("Year of birth"),
        pl.when("female").then(pl.lit("Female")).otherwise(pl.lit("Male")).alias("Gender"),
        pl.col("ethnic").replace_strict(ETHNIC_WORDS).alias("Ethnic origin"),
        ((pl.col("decile") + 1) // 2).cast(pl.String).alias("IMD fifth"),
        pl.col("conditions").cast(pl.String).alias("Conditions"),
        day_text("died_on", origin, _ISO, cut).alias("Date of death"),
    )  # fmt: skip
    spots = (
        Spot("nhs_bad_check_digit", "NHS Number"),
        Spot("nhs_repdigit", "NHS Number", REPDIGITS_AS_TEXT),
        Spot("date_impossible", "Date of registration", style=_ISO),
        Spot("date_future", "Date of registration", style=_ISO),
        Spot("mandatory_missing", "Usual GP Organisation"),
        Spot("unknown_code", "Gender", ("U", "I")),
        Spot("imd_out_of_range", "IMD fifth", ("0", "6")),
        Spot("exact_duplicate", ""),
    )
    return RawTable("EMIS_patients.csv", frame, _FORM, spots=spots)


def _consultations(
    settings: WorldSettings,
    records: Records,
    identity: Identity,
    group: npt.NDArray[np.int8],
    cut: int,
) -> RawTable:
    """One row a coded entry: a consultation has one to three, numbered."""
    book = listed(settings, records.book, "ch consultations", cut)
    rng = part_rng(settings, "coded entries")
    count = rng.choice([1, 2, 3], records.book.height, p=[0.7, 0.2, 0.1])
    entries = pl.Series("_entries", count).gather(book["_row"])
    turns = pl.int_ranges(1, pl.col("_entries") + 1)
    rows = _in_export(book.with_columns(entries), group).with_columns(turns.alias("entry"))
    rows = rows.explode("entry").with_columns(
        (pl.col("_row") * 4 + pl.col("entry")).cast(pl.UInt32).alias("_row")
    )
    frame = with_identity(rows, identity).select(
        "_row",
        "Group",
        pl.col("nhs").alias("NHS Number"),
        pl.col("practice_code").alias("Usual GP Organisation"),
        day_text("day", settings.observed_from, _ISO, cut).alias("Consultation date"),
        pl.col("staff").replace_strict(_CLINICIAN).alias("User type"),
        pl.col("mode").replace_strict(_TYPE).alias("Consultation type"),
        pl.col("status").replace_strict(_STATUS).alias("Slot status"),
        pl.col("entry").cast(pl.String).alias("Entry"),
    )
    wrong = ("Locum", "Student")
    spots = usual_spots("NHS Number", "Consultation date", "User type", wrong, style=_ISO)
    return RawTable("EMIS_consultations.csv", frame, _FORM, spots=spots)
