"""The primary estimator up to the matched sets, word by word: loops over people and days.

Written from the specification of the estimator alone, sharing no line with `sp_eval`. Slow on
purpose; for worlds of one or two thousand people whose files are wholly covered.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

BANDS = ((-30, 0), (-60, -30), (-90, -60), (-180, -90), (-365, -180))
COUNTED = (
    "gp_contact",
    "ae_attendance",
    "emergency_admission",
    "elective_admission",
    "outpatient_attendance",
)
_KIND = {
    "ae": "ae_attendance",
    "emergency": "emergency_admission",
    "elective": "elective_admission",
    "day_case": "elective_admission",
    "outpatient": "outpatient_attendance",
}


@dataclass
class Person:
    """Everything recorded of one person."""

    number: int
    spells: list[dict[str, Any]] = field(default_factory=list)
    death: date | None = None
    referrals: list[tuple[date, bool]] = field(default_factory=list)
    events: dict[str, list[tuple[date, int]]] = field(default_factory=dict)

    def registered(self, day: date) -> bool:
        if self.death is not None and day > self.death:
            return False
        return any(
            s["registered_from"] <= day and (s["registered_to"] is None or day < s["registered_to"])
            for s in self.spells
        )

    def spell(self, day: date) -> dict[str, Any]:
        inside = [
            s
            for s in self.spells
            if s["registered_from"] <= day
            and (s["registered_to"] is None or day < s["registered_to"])
        ]
        return max(inside, key=lambda s: (s["registered_from"], s["practice_code"]))

    def count(self, outcome: str, start: date, end: date) -> int:
        """Events on the days [start, end)."""
        return sum(q for day, q in self.events.get(outcome, []) if start <= day < end)


@dataclass
class Row:
    """A candidate: a person in a calendar month."""

    person: Person
    month: date
    index: date
    exposed: bool
    practice: str
    columns: dict[str, float] = field(default_factory=dict)
    logit: float = math.nan
    hazard: float = 0.0


def lower_number(text: str) -> int:
    """The lower half of an MD5 digest as a number: the hash on which draws and ties hang."""
    return int.from_bytes(hashlib.md5(text.encode()).digest()[8:], "little")


def month_of(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def read_people(tables: dict[str, pl.DataFrame], covered: tuple[date, date]) -> list[Person]:
    """People in the order in which the register first names them, with all that is known."""
    people: dict[str, Person] = {}
    for row in tables["person"].iter_rows(named=True):
        person = people.setdefault(row["person_key"], Person(len(people) + 1))
        person.spells.append(row)
        if row["death_date"] is not None:
            person.death = min(person.death or row["death_date"], row["death_date"])
    for row in tables["referral"].iter_rows(named=True):
        if row["person_key"] in people:
            told = (row["referral_date"], bool(row["has_consent"]))
            people[row["person_key"]].referrals.append(told)
    for key, outcome, day, quantity in [*_contacts(tables), *_hospital(tables)]:
        person_of = people.get(key)
        if person_of and covered[0] <= day < covered[1] and person_of.registered(day):
            person_of.events.setdefault(outcome, []).append((day, quantity))
    return list(people.values())


def _contacts(tables: dict[str, pl.DataFrame]) -> Iterator[tuple[str, str, date, int]]:
    for row in tables["gp_contact"].iter_rows(named=True):
        is_meant = row["staff"] in ("gp", "nurse") and row["mode"] != "admin"
        if is_meant and row["status"] == "attended":
            yield row["person_key"], "gp_contact", row["contact_date"], 1


def _hospital(tables: dict[str, pl.DataFrame]) -> Iterator[tuple[str, str, date, int]]:
    for row in tables["hospital_activity"].iter_rows(named=True):
        kind = _KIND.get(row["activity"])
        if kind is None or row["attended"] is False:
            continue
        key, day = row["person_key"], row["start_date"]
        yield key, kind, day, 1
        yield key, "hospital_attendance", day, 1
        if kind == "emergency_admission" and row["end_date"] is not None:
            yield key, "emergency_bed_days", day, (row["end_date"] - day).days


def candidate_rows(
    people: list[Person], *, seed: int, first: date, last: date, covered: tuple[date, date]
) -> list[Row]:
    """Clauses 3 to 5: who may be analysed, in which month, from which day."""
    referred = {p.number: min(day for day, _ in p.referrals) for p in people if p.referrals}
    refused = {p.number for p in people if not all(consent for _, consent in p.referrals)}
    in_study = {n: d for n, d in referred.items() if first <= d <= last and n not in refused}
    dates: dict[date, list[date]] = {}
    for day in sorted(in_study.values()):
        dates.setdefault(month_of(day), []).append(day)
    rows = []
    for month in sorted(dates):
        for person in people:
            own = referred.get(person.number)
            if own is not None and own < next_month(month):
                if person.number not in in_study or month_of(own) != month:
                    continue
                index, exposed = own, True
            else:
                if person.number in refused:
                    continue
                at = lower_number(f"{seed}/{person.number}/{month}") % len(dates[month])
                index, exposed = dates[month][at], False
            days = [index - timedelta(days=n) for n in range(366)]
            if days[-1] >= covered[0] and all(person.registered(day) for day in days):
                practice = person.spell(index)["practice_code"]
                rows.append(Row(person, month, index, exposed, practice))
    return rows


def describe(rows: list[Row]) -> list[str]:
    """Clause 7: give each row its columns; percentiles are of the exposed of these rows."""
    exposed = [r for r in rows if r.exposed]
    bands = {
        (id(r), o, b): r.person.count(
            o, r.index + timedelta(days=b[0]), r.index + timedelta(days=b[1])
        )
        for r in rows
        for o in COUNTED
        for b in BANDS
    }

    def recent(row: Row, outcome: str) -> int:
        return sum(bands[id(row), outcome, b] for b in BANDS[:3])

    cap = {b: np.percentile([bands[id(r), "gp_contact", b] for r in exposed], 99) for b in BANDS}
    cap_90 = np.percentile([recent(r, "gp_contact") for r in exposed], 95)
    by_decile = any(r.person.spell(r.index)["imd_decile"] is not None for r in rows)
    for row in rows:
        spell = row.person.spell(row.index)
        age = row.index.year - spell["birth_year"]
        rank = spell["imd_decile" if by_decile else "imd_quintile"]
        told = {
            "age": age,
            "age2": age**2 / 100,
            "male": spell["sex"] == "male",
            "deprivation": rank,
            "most": rank <= (3 if by_decile else 1),
            "ltc": spell["ltc_count"],
        }
        for band in BANDS:
            x = bands[id(row), "gp_contact", band]
            told[f"gp{band}"] = min(x, cap[band])
            told[f"log gp{band}"] = math.log1p(x)
        total = sum(bands[id(row), "gp_contact", b] for b in BANDS)
        told["gp90"] = min(recent(row, "gp_contact"), cap_90)
        told["log gp90"] = math.log1p(recent(row, "gp_contact"))
        told["log gp365"] = math.log1p(total)
        for other in COUNTED[1:]:
            told[f"{other} 90"] = min(recent(row, other), 3)
            earlier = sum(bands[id(row), other, b] for b in BANDS[3:])
            told[f"{other} log earlier"] = math.log1p(earlier)
        row.columns = {name: float(value) for name, value in told.items()}
    return list(rows[0].columns)


def fit_logit(rows: list[Row], names: list[str]) -> np.ndarray:
    """Pooled logistic regression, month indicators, ridge 1e-6 on standardised columns."""
    x = np.array([[r.columns[n] for n in names] for r in rows])
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    months = sorted({r.month for r in rows})
    dummies = np.array([[float(r.month == m) for m in months[1:]] for r in rows])
    x = np.column_stack([np.ones(len(rows)), x, dummies])
    y = np.array([float(r.exposed) for r in rows])
    ridge = np.diag([0.0] + [1e-6] * (x.shape[1] - 1))
    beta = np.zeros(x.shape[1])
    for _ in range(200):
        p = 1 / (1 + np.exp(-x @ beta))
        slope = x.T @ (y - p) - ridge @ beta
        step = np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + ridge, slope)
        beta = beta + step * min(1.0, 3.0 / max(1e-12, np.abs(step).max()))
        if np.abs(step).max() < 1e-10:
            return np.asarray(x @ beta)
    raise ArithmeticError("no convergence")


def match(rows: list[Row], *, seed: int, ratio: int = 5, sd: float = 0.2) -> list[list[Row]]:
    """Clause 9: sets, the exposed first in each; exposed without a match have no set."""
    groups = [[r.logit for r in rows if r.exposed is arm] for arm in (True, False)]
    caliper = sd * math.sqrt((np.var(groups[0], ddof=1) + np.var(groups[1], ddof=1)) / 2)

    def tie(row: Row) -> int:
        return lower_number(f"{seed}/{row.person.number}")

    sets = []
    for month in sorted({r.month for r in rows}):
        free = [r for r in rows if r.month == month and not r.exposed]
        takers = [r for r in rows if r.month == month and r.exposed]
        for own in sorted(takers, key=lambda r: (-r.logit, tie(r))):
            near = [r for r in free if abs(r.logit - own.logit) <= caliper]
            near.sort(key=lambda r: (abs(r.logit - own.logit), tie(r)))
            taken = near[:ratio]
            free = [r for r in free if not any(r is t for t in taken)]
            if taken:
                sets.append([own, *taken])
    return sets
