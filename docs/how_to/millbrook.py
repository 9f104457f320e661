"""Writes the made-up delivery of docs/how_to/add-a-scheme.md: Millbrook, laid out like nobody else.

    python docs/how_to/millbrook.py WORLD OUT

WORLD: a scheme's folder as `sp-eval synth --form contract` writes it. OUT: the month's folder to
write. The people are made up, and their NHS numbers are of the range that is never issued.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import xlsxwriter

WORRIES = {
    "social_isolation": "Company", "mental_wellbeing": "Low mood", "housing": "Housing",
    "money_and_benefits": "Money", "bereavement": "Bereavement", "caring_role": "Caring",
}  # fmt: skip
CAME_FROM = {"gp": "GP", "nurse": "Practice nurse", "other_primary_care": "Parish bench"}
ENDED = {
    "accepted": "Came along", "declined": "Said no thanks", "uncontactable": "Went quiet",
    "inappropriate": "Wrong door", "pending": "In the queue",
}  # fmt: skip
KINDS = {"ae": "Bumps and breaks", "emergency": "Rushed in", "elective": "Booked bed",
         "day_case": "Day case", "outpatient": "Clinic"}  # fmt: skip
SEEN_BY = {"gp": "GP", "nurse": "Nurse", "hca": "HCA", "pharmacist": "Pharmacist"}
HOW = {"face_to_face": "At surgery", "telephone": "Phone", "home_visit": "On the doorstep",
       "video": "Video", "online": "E-consult", "admin": "Desk work"}  # fmt: skip
CAME = {"attended": "turned up", "dna": "stayed away", "cancelled": "rang off"}


def nhs_numbers(count: int) -> Iterator[str]:
    """Numbers from 999 500 0000 on with right check digits."""
    nine = 999_500_000
    while count:
        digits = [int(digit) for digit in str(nine)]
        check = -sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check < 10:
            yield f"{nine}{check}"
            count -= 1
        nine += 1


def day(column: str, style: str = "%d/%m/%Y") -> pl.Expr:
    return pl.col(column).dt.strftime(style)


def words(column: str, known: dict[str, str], other: str) -> pl.Expr:
    return pl.col(column).replace_strict(known, default=other)


def write_cases(world: Path, out: Path, number: pl.Expr) -> None:
    """The charity's workbook: two title rows, true dates, a last row that counts."""
    cases = pl.read_parquet(world / "referral.parquet").sort("referral_date", "referral_id")
    cases = cases.with_row_index("n", offset=1).with_columns(
        ref=pl.format("MB-{}", "n"), nhs=number
    )
    sheet = cases.select(
        pl.col("ref").alias("Case ref"), pl.col("nhs").alias("NHS no."),
        pl.format("Client {}", "n").alias("Client"),
        pl.col("practice_code").alias("Surgery"), pl.col("referral_date").alias("Received"),
        words("route", CAME_FROM, "GP").alias("Who rang us"),
        words("primary_need", WORRIES, "Pigeons").alias("Main worry"),
        words("outcome", ENDED, "In the queue").alias("How it went"),
        pl.col("first_contact_date").alias("First cuppa"), pl.col("closed_date").alias("Closed on"),
        pl.when("is_carer").then(pl.lit("yes")).otherwise(pl.lit("no")).alias("Carer?"),
    )  # fmt: skip
    with xlsxwriter.Workbook(out / "Millbrook cases 2019-04.xlsx") as book:
        _write(book, "Cases", sheet, total="Total")
        _write(book, "SWEMWBS", _answers(world, cases))


def _answers(world: Path, cases: pl.DataFrame) -> pl.DataFrame:
    """Seven answers a row; the column of metric scores holds raw totals, as it often does."""
    told = pl.read_parquet(world / "outcome_response.parquet").drop_nulls("score")
    wide = told.pivot("item", index=["referral_id", "stage", "response_date"], values="score")
    wide = (
        wide.join(cases.select("referral_id", "ref"), on="referral_id")
        .drop_nulls()
        .sort("ref", "stage")
    )
    items = [
        name
        for name in wide.columns
        if name not in {"referral_id", "stage", "response_date", "ref"}
    ][:7]
    scores = [pl.col(item).cast(pl.Int64).alias(f"q{n}") for n, item in enumerate(items, start=1)]
    stage = pl.col("stage").replace_strict(
        {"baseline": "Hello sheet", "follow_up": "Goodbye sheet"}
    )
    total = pl.sum_horizontal(pl.col(item).cast(pl.Int64) for item in items)
    return wide.select(
        pl.col("ref").alias("Case ref"), stage.alias("When"),
        pl.col("response_date").alias("Filled in"), *scores,
        total.alias("Total"), total.alias("Metric"),
    )  # fmt: skip


def _write(book: xlsxwriter.Workbook, name: str, frame: pl.DataFrame, total: str = "") -> None:
    date = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet(name)
    sheet.write(0, 0, "Millbrook Community Connectors")
    sheet.write_row(2, 0, frame.columns)
    for at, row in enumerate(frame.iter_rows(), start=3):
        for column, cell in enumerate(row):
            if hasattr(cell, "year"):
                sheet.write_datetime(at, column, cell, date)
            elif cell is not None:
                sheet.write(at, column, cell)
    if total:
        sheet.write_row(frame.height + 3, 0, [total, "", f"{frame.height} cases"])


def write_surgeries(world: Path, out: Path, number: pl.Expr) -> None:
    """A file a surgery, named by its code; semicolons."""
    visits = pl.read_parquet(world / "gp_contact.parquet").with_columns(nhs=number)
    rows = visits.filter(pl.col("staff").is_in(list(SEEN_BY))).select(
        "practice_code", pl.col("nhs").alias("NHS no"), day("contact_date").alias("Date"),
        words("staff", SEEN_BY, "GP").alias("Seen by"),
        words("mode", HOW, "At surgery").alias("How"),
        words("status", CAME, "turned up").alias("Came?"),
    )  # fmt: skip
    (out / "surgeries").mkdir()
    for (code,), part in rows.partition_by("practice_code", as_dict=True).items():
        part.drop("practice_code").write_csv(out / "surgeries" / f"{code}.csv", separator=";")


def write_others(world: Path, out: Path, number: pl.Expr) -> None:
    """The hospital's file with times of day, the list of patients, and one that nobody needs."""
    stays = pl.read_parquet(world / "hospital_activity.parquet").with_columns(nhs=number)
    seen = (
        pl.when(pl.col("attended").fill_null(value=True))
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no"))
    )
    stays.filter(pl.col("activity").is_in(list(KINDS))).select(
        pl.col("nhs").alias("nhs_number"), day("start_date", "%Y-%m-%dT09:30:00").alias("arrived"),
        day("end_date", "%Y-%m-%dT16:00:00").alias("homeward"),
        words("activity", KINDS, "").alias("kind"), seen.alias("looked_after"),
    ).write_csv(out / "hospital use.csv")  # fmt: skip
    people = pl.read_parquet(world / "person.parquet").with_columns(nhs=number)
    people.select(
        pl.col("nhs").alias("NHS"), pl.format("Person {}", pl.int_range(pl.len())).alias("Name"),
        pl.format("01/07/{}", "birth_year").alias("Date of birth"),
        pl.lit("ZZ99 9ZZ").alias("Postcode"), pl.col("sex").str.to_titlecase().alias("Sex"),
        pl.col("practice_code").alias("Surgery"), day("registered_from").alias("Joined"),
        (pl.col("registered_to").dt.offset_by("-1d")).dt.strftime("%d/%m/%Y").alias("Off our list"),
        pl.col("imd_decile").alias("Tenth"), pl.col("ltc_count").alias("LTCs"),
        day("death_date").alias("Died"),
    ).write_csv(out / "patients 2019-04.csv")  # fmt: skip
    (out / "rooms.csv").write_text("Room,Seats\nHall,40\nKitchen,6\n", encoding="utf-8")


def main(world: Path, out: Path) -> None:
    out.mkdir(parents=True)
    keys = pl.concat(
        pl.read_parquet(world / f"{name}.parquet", columns=["person_key"])
        for name in ("person", "referral", "gp_contact", "hospital_activity")
    )["person_key"].unique().sort()  # fmt: skip
    number = pl.col("person_key").replace_strict(keys, pl.Series(nhs_numbers(keys.len())))
    write_cases(world, out, number)
    write_surgeries(world, out, number)
    write_others(world, out, number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
