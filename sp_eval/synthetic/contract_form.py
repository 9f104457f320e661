"""The simulated records in the shared contract form, as a sound delivery would arrive."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import load_contract
from sp_eval.synthetic.hospital import Hospital
from sp_eval.synthetic.months import NEVER, as_dates
from sp_eval.synthetic.population import People, Practices
from sp_eval.synthetic.settings import WorldSettings

__all__ = ["contract_form", "day_column", "registrations"]

_ROUTES = {"case_management": "other_primary_care", "community_matron": "other_primary_care"}
_GLOUCESTERSHIRE_STAFF = {"pharmacist": "hca"}
_GLOUCESTERSHIRE_MODE = {"video": "online"}
_EMERGENCY = ("21", "22", "23", "24", "25", "2A", "2B", "2D")
_ELECTIVE = ("11", "12", "13")


def day_column(name: str, origin: date) -> pl.Expr:
    """Turn a column of day numbers into dates; `NEVER` becomes null."""
    day = pl.col(name).cast(pl.Int32)
    moved = (pl.lit(origin) + pl.duration(days=day)).cast(pl.Date)
    return pl.when(day < int(NEVER)).then(moved)


def registrations(people: People, practices: Practices) -> pl.DataFrame:
    """Return one row a registration spell: person, practice_code, day_from, day_to (excl.)."""
    n = len(people)
    everybody = np.arange(n)
    movers = np.flatnonzero(people.moved_on < NEVER)
    first_end = np.minimum(people.moved_on, people.left_on)
    person = np.concatenate([everybody, movers])
    practice = np.concatenate([people.practice, people.later_practice[movers]])
    return pl.DataFrame(
        {
            "person": person.astype(np.uint32),
            "practice_code": practices.code[practice],
            "day_from": np.concatenate([people.registered_on, people.moved_on[movers]]),
            "day_to": np.concatenate([first_end, people.left_on[movers]]),
            "is_last": np.concatenate([people.moved_on >= NEVER, np.ones(len(movers), bool)]),
        }
    ).sort("person", "day_from")


def contract_form(
    settings: WorldSettings,
    people: People,
    practices: Practices,
    *,
    referral: pl.DataFrame,
    responses: pl.DataFrame,
    activities: pl.DataFrame,
    costs: pl.DataFrame,
    book: pl.DataFrame,
    hospital: Hospital,
) -> dict[str, pl.DataFrame]:
    """Return the contracts' frames by name, each with `scheme_code` as its last column."""
    frames = {
        "person": _person(settings, people, practices),
        "referral": _referral(settings, people, referral),
        "activity": _activity(settings, activities),
        "gp_contact": _gp_contact(settings, people, book),
        "hospital_activity": _hospital(settings, people, hospital),
        "outcome_response": _responses(settings, responses),
        "programme_cost": costs.rename({"amount": "amount_gbp"}),
    }
    code = pl.lit(settings.scheme_code).alias("scheme_code")
    return {
        name: conform(frame, load_contract(name)).with_columns(code)
        for name, frame in frames.items()
    }


def _tells_all(settings: WorldSettings) -> bool:
    """Whether the frames hold all that the world does; those of one style hold what it sends."""
    return settings.looks_like != "gloucestershire"


def _keys(people: People, person: pl.Series) -> pl.Series:
    return pl.Series(people.key, dtype=pl.String).gather(person).alias("person_key")


def _person(settings: WorldSettings, people: People, practices: Practices) -> pl.DataFrame:
    spells = registrations(people, practices)
    who = spells["person"].to_numpy()
    origin = settings.observed_from
    decile = people.decile[who]
    died = pl.Series(as_dates(people.died_on[who], origin))
    return pl.DataFrame(
        {
            "person_key": _keys(people, spells["person"]),
            "practice_code": spells["practice_code"],
            "registered_from": as_dates(spells["day_from"].to_numpy(), origin),
            "registered_to": as_dates(spells["day_to"].to_numpy(), origin),
            "birth_year": as_dates(people.born_on[who], origin).dt.year(),
            "sex": np.where(people.female[who], "female", "male"),
            "ethnic_category": people.ethnic[who],
            "lsoa_code": [f"E0{number}" for number in people.lsoa[who]],
            "imd_quintile": (decile + 1) // 2,
            "imd_decile": decile if _tells_all(settings) else [None] * len(who),
            "ltc_count": people.conditions[who],
            "death_date": pl.select(pl.when(spells["is_last"]).then(died)).to_series(),
        }
    )


def _referral(settings: WorldSettings, people: People, referral: pl.DataFrame) -> pl.DataFrame:
    origin = settings.observed_from
    # A person on no register has a key all the same, made from the referral's own.
    own = _keys(people, referral["person"].fill_null(0))
    nothing = pl.lit(None, dtype=pl.String)
    frame = referral.with_columns(
        own,
        (pl.lit(f"{settings.scheme_code}:") + pl.col("referral_key")).alias("referral_id"),
        day_column("day", origin).alias("referral_date"),
        pl.col("route").replace(_ROUTES),
        pl.col("secondary_need").alias("secondary_needs"),
        day_column("first_contact_day", origin).alias("first_contact_date"),
        day_column("closed_day", origin).alias("closed_date"),
    ).with_columns(
        pl.when(pl.col("person").is_null())
        .then(pl.concat_str(["referral_key"] * 4))
        .otherwise(pl.col("person_key"))
        .alias("person_key")
    )
    if _tells_all(settings):
        return frame
    return frame.with_columns(
        nothing.alias("route"),
        pl.lit(None, dtype=pl.Date).alias("closed_date"),
        nothing.alias("closure_reason"),
        pl.lit(None, dtype=pl.Boolean).alias("is_carer"),
    )


def _activity(settings: WorldSettings, activities: pl.DataFrame) -> pl.DataFrame:
    return activities.select(
        (pl.lit(f"{settings.scheme_code}:") + pl.col("referral_key")).alias("referral_id"),
        "organisation",
        pl.col("activity").alias("activity_type"),
        day_column("day", settings.observed_from).alias("start_date"),
        pl.col("offered").alias("sessions_offered"),
        pl.col("attended").alias("sessions_attended"),
        pl.col("cost").alias("cost_gbp"),
    )


def _gp_contact(settings: WorldSettings, people: People, book: pl.DataFrame) -> pl.DataFrame:
    frame = book.with_columns(
        _keys(people, book["person"]),
        day_column("day", settings.observed_from).alias("contact_date"),
    )
    if _tells_all(settings):
        return frame
    return frame.with_columns(
        pl.col("staff").replace(_GLOUCESTERSHIRE_STAFF),
        pl.col("mode").replace(_GLOUCESTERSHIRE_MODE),
    )


def _hospital_parts(
    ae: pl.DataFrame,
    spell: pl.DataFrame,
    appointment: pl.DataFrame,
    came: pl.Expr,
    *,
    names_maternity: bool,
) -> pl.DataFrame:
    """Attendances, spells and appointments, one under the other."""
    parts = [
        ae.select(
            "person",
            "day",
            pl.lit(int(NEVER), dtype=pl.Int32).alias("end_day"),
            pl.when(pl.col("category") == "1").then(pl.lit("ae")).otherwise(pl.lit("other"))
            .alias("activity"),
            came,
            "provider",
            "cost",
        ),
        spell.select(
            "person", "day", "end_day",
            _spell_kind(names_maternity=names_maternity).alias("activity"),
            came, "provider", "cost",
        ),
        appointment.select(
            "person",
            "day",
            pl.lit(int(NEVER), dtype=pl.Int32).alias("end_day"),
            pl.lit("outpatient").alias("activity"),
            pl.col("attendance").is_in(["5", "6"]).alias("attended"),
            pl.lit(None, dtype=pl.String).alias("provider"),
            "cost",
        ),
    ]  # fmt: skip
    return pl.concat(parts)


def _hospital(settings: WorldSettings, people: People, hospital: Hospital) -> pl.DataFrame:
    whole = _tells_all(settings)
    ae = hospital.ae if whole else hospital.ae.filter(pl.col("category") == "1")
    spell = hospital.spell
    if not whole:
        spell = spell.filter(pl.col("patient_class") != "3")
    # Only Gloucestershire's PODs say of every row that the person came; elsewhere it is implied.
    came = pl.lit(None if whole else True, dtype=pl.Boolean).alias("attended")
    both = _hospital_parts(ae, spell, hospital.appointment, came, names_maternity=whole)
    nothing = pl.lit(None)
    unpriced = settings.looks_like == "rotherham"
    return both.select(
        _keys(people, both["person"]),
        (pl.col("provider") if whole else nothing.cast(pl.String)).alias("provider_code"),
        day_column("day", settings.observed_from).alias("start_date"),
        day_column("end_day", settings.observed_from).alias("end_date"),
        "activity",
        "attended",
        (nothing.cast(pl.Float64) if unpriced else pl.col("cost")).alias("cost_gbp"),
    )


def _spell_kind(*, names_maternity: bool) -> pl.Expr:
    """Say what an admission counts as; Gloucestershire's PODs do not tell maternity apart."""
    method, patient_class = pl.col("method"), pl.col("patient_class")
    maternity = "maternity" if names_maternity else "other"
    return (
        pl.when(patient_class == "3")
        .then(pl.lit("other"))
        .when(method.is_in(_EMERGENCY))
        .then(pl.lit("emergency"))
        .when(method.is_in(_ELECTIVE) & (patient_class == "2"))
        .then(pl.lit("day_case"))
        .when(method.is_in(_ELECTIVE))
        .then(pl.lit("elective"))
        .when(method.is_in(["31", "32"]))
        .then(pl.lit(maternity))
        .otherwise(pl.lit("other"))
    )


def _responses(settings: WorldSettings, responses: pl.DataFrame) -> pl.DataFrame:
    instruments = {item.name: item.instrument for item in settings.sender.items}
    items = list(instruments)
    frame = responses.with_columns(pl.col(items).cast(pl.Float64))
    if not items:
        frame = frame.clear().with_columns(pl.lit(None, dtype=pl.Float64).alias("nothing"))
    long = frame.unpivot(
        items or ["nothing"],
        index=["referral_key", "stage", "day"],
        variable_name="item",
        value_name="score",
    )
    return long.with_columns(
        (pl.lit(f"{settings.scheme_code}:") + pl.col("referral_key")).alias("referral_id"),
        pl.col("item").replace_strict(instruments, return_dtype=pl.String).alias("instrument"),
        day_column("day", settings.observed_from).alias("response_date"),
    )
