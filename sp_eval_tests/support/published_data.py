"""Small published data sets, typed in, that the methods are tried on."""

from __future__ import annotations

import polars as pl

__all__ = ["absences", "epilepsy", "epilepsy_long", "mice", "offers", "ships", "vitamin_a"]

# Quine (1975) in Aitkin (1978), JRSS A 141:195; R's MASS::quine. Ethnic group, sex, age, learner.
_ABSENCES = {
    "A F F0 AL": "5 11 24 45",
    "N F F0 AL": "10 11 20 33",
    "A M F0 AL": "5 5 13 20 22",
    "N M F0 AL": "0 0 2 7 11 12",
    "A F F1 AL": "5 5 11 17 19",
    "N F F1 AL": "5 14 6 6 7 28",
    "A M F1 AL": "7 14",
    "N M F1 AL": "3 4",
    "A F F2 AL": "2",
    "N F F2 AL": "1",
    "A M F2 AL": "14 16 16 17 40 43 46",
    "N M F2 AL": "8 0 1 5 7 16 27",
    "A F F3 AL": "0 2 3 5 10 14 21 36 40",
    "N F F3 AL": "1 9 22 3 3 5 15 18 22 37",
    "A M F3 AL": "8 23 23 28 34 36 38",
    "N M F3 AL": "0 30 10 14 27 41 69",
    "A F F0 SL": "3",
    "N F F0 SL": "25",
    "A M F0 SL": "2 11 14",
    "N M F0 SL": "6 17 67",
    "A F F1 SL": "5 6 6 9 13 23 25 32 53 54",
    "N F F1 SL": "5 7 0 1 5 5 5 5 7 11 15",
    "A M F1 SL": "6 6 15",
    "N M F1 SL": "0 0 5 5 5 11 17",
    "A F F2 SL": "8 13 14 20 47 48 60 81",
    "N F F2 SL": "0 5 14 2 2 3 8 10 12",
    "A M F2 SL": "6 32 53 57",
    "N M F2 SL": "22 30 36",
}

# Thall & Vail (1990), Biometrics 46:657, table 2; R's MASS::epil.
# Seizures in 8 weeks before, age, in four times 2 weeks after; placebo first, then progabide.
_PLACEBO = """
11 31 5 3 3 3; 11 30 3 5 3 3; 6 25 2 4 0 5; 8 36 4 4 1 4; 66 22 7 18 9 21; 27 29 5 2 8 7;
12 31 6 4 0 2; 52 42 40 20 21 12; 23 37 5 6 6 5; 10 28 14 13 6 0; 52 36 26 12 6 22; 33 24 12 6 8 4;
18 23 4 4 6 2; 42 36 7 9 12 14; 87 26 16 24 10 9; 50 26 11 0 0 5; 18 28 0 0 3 3; 111 31 37 29 28 29;
18 32 3 5 2 5; 20 21 3 0 6 7; 12 29 3 4 3 4; 9 21 3 4 3 4; 17 32 2 3 3 5; 28 25 8 12 2 8;
55 30 18 24 76 25; 9 40 2 1 2 1; 10 19 3 1 4 2; 47 22 13 15 13 12
"""
_PROGABIDE = """
76 18 11 14 9 8; 38 32 8 7 9 4; 19 20 0 4 3 0; 10 30 3 6 1 3; 19 18 2 6 7 4; 24 24 4 3 1 3;
31 30 22 17 19 16; 14 35 5 4 7 4; 11 27 2 4 0 4; 67 20 3 7 7 7; 41 22 4 18 2 5; 7 28 2 1 1 0;
22 23 0 2 4 0; 13 40 5 4 0 3; 46 33 11 14 25 15; 36 21 10 5 3 8; 38 35 19 7 6 7; 7 25 1 1 2 3;
36 26 6 10 8 8; 11 25 2 1 0 0; 151 22 102 65 72 63; 22 32 4 3 2 4; 41 25 8 6 5 7; 32 35 1 3 1 5;
56 21 18 11 28 13; 24 41 6 3 4 0; 16 32 3 5 4 3; 22 26 1 23 19 8; 25 21 2 3 0 1; 13 36 0 0 0 0;
12 37 1 4 3 2
"""

# McCullagh & Nelder (1989), table 6.2; R's MASS::ships. Months of service and damage incidents by
# type, for years built 60, 65, 70, 75, each in operation 60-74 and 75-79.
_SHIPS = {
    "A": "127 0, 63 0, 1095 3, 1095 4, 1512 6, 3353 18, 0 0, 2244 11",
    "B": "44882 39, 17176 29, 28609 58, 20370 53, 7064 12, 13099 44, 0 0, 7117 18",
    "C": "1179 1, 552 1, 781 0, 676 1, 783 6, 1948 2, 0 0, 274 1",
    "D": "251 0, 105 0, 288 0, 192 0, 349 2, 1208 11, 0 0, 2051 4",
    "E": "45 0, 0 0, 789 7, 437 7, 1157 5, 2161 12, 0 0, 542 1",
}


def absences() -> pl.DataFrame:
    """Days absent from school: `eth, sex, age, lrn, days`, 146 children."""
    rows = [(*cell.split(), int(days)) for cell, held in _ABSENCES.items() for days in held.split()]
    return pl.DataFrame(rows, schema=["eth", "sex", "age", "lrn", "days"], orient="row")


def epilepsy() -> pl.DataFrame:
    """One row a patient: `patient, progabide, age, base` (8 weeks), `y1` to `y4` (2 weeks each)."""
    rows = []
    for held, treated in ((_PLACEBO, False), (_PROGABIDE, True)):
        for one in held.split(";"):
            base, age, *after = (int(n) for n in one.split())
            rows.append((len(rows) + 1, treated, age, base, *after))
    names = ["patient", "progabide", "age", "base", "y1", "y2", "y3", "y4"]
    return pl.DataFrame(rows, schema=names, orient="row")


def epilepsy_long() -> pl.DataFrame:
    """One row a patient and visit, the baseline being visit 0: with `visit, y, days, after`."""
    wide = epilepsy()
    long = wide.unpivot(
        ["base", "y1", "y2", "y3", "y4"], index=["patient", "progabide", "age"],
        variable_name="when", value_name="y",
    )  # fmt: skip
    visit = pl.col("when").replace_strict({"base": 0, "y1": 1, "y2": 2, "y3": 3, "y4": 4})
    return long.with_columns(
        visit=visit,
        after=visit > 0,
        days=pl.when(visit == 0).then(56.0).otherwise(14.0),
    ).sort("patient", "visit")


def ships() -> pl.DataFrame:
    """`type, built, late` (in operation 75-79), `months, incidents`; 40 cells, 6 of no months."""
    rows = []
    for type_, held in _SHIPS.items():
        for at, one in enumerate(held.split(", ")):
            months, incidents = (int(n) for n in one.split())
            rows.append((type_, f"{60 + 5 * (at // 2)}", at % 2 == 1, months, incidents))
    names = ["type", "built", "late", "months", "incidents"]
    return pl.DataFrame(rows, schema=names, orient="row")


def vitamin_a() -> pl.DataFrame:
    """Sommer & Zeger (1991), Statistics in Medicine 10:45: children by offer, uptake and death."""
    cells = [
        (True, True, 12, 9663), (True, False, 34, 2385), (False, False, 74, 11514),
    ]  # fmt: skip
    rows = [
        (offered, taken, died)
        for offered, taken, deaths, alive in cells
        for died in (*[1] * deaths, *[0] * alive)
    ]
    return pl.DataFrame(rows, schema=["offered", "taken", "died"], orient="row")


def mice() -> pl.DataFrame:
    """Efron & Tibshirani (1993), table 2.1: survival in days after surgery, treated or not."""
    treated = [94, 197, 16, 38, 99, 141, 23]
    others = [52, 104, 146, 10, 51, 30, 40, 27, 46]
    return pl.DataFrame(
        {"days": treated + others, "treated": [True] * len(treated) + [False] * len(others)}
    )


def offers() -> pl.DataFrame:
    """Made up by rule, the same in any language: an offer to 240 people in 24 practices.

    `offered, taken, cost, contacts, days, age, practice, weight`.
    """
    i = pl.int_range(240, eager=True).alias("i")
    mixed = (i * 7919 + 104729) % 1009
    return (
        pl.DataFrame({"i": i, "mixed": mixed})
        .with_columns(
            practice=pl.col("i") % 24,
            offered=(pl.col("mixed") * 31 % 17) < 9,
            age=40 + pl.col("mixed") * 13 % 41,
        )
        .with_columns(
            taken=pl.when("offered").then(pl.col("mixed") % 10 < 7).otherwise(
                pl.col("mixed") % 10 == 0
            )
        )
        .with_columns(
            cost=pl.col("mixed") * 37 % 701 + 5 * pl.col("age") + 11 * pl.col("practice")
            - 90 * pl.col("taken").cast(pl.Int64),
            contacts=pl.col("mixed") * 41 % 13 - pl.col("taken").cast(pl.Int64)
            + pl.col("practice") % 3 + 1,
            days=200 + pl.col("mixed") * 53 % 166,
            weight=1.0 + (pl.col("mixed") % 4) / 2,
        )
    )  # fmt: skip
