"""A year of deliveries, four of them spoilt: each is found, and nothing else is unusual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from sp_eval.contracts.figures import month_end
from sp_eval.ingest.contract_rows import with_replaced
from sp_eval.operation.changes import look_for_changes
from sp_eval.operation.quality import keep_quality
from sp_eval.operation.run import Run
from sp_eval.settings import Settings
from sp_eval.warehouse.connection import open_file
from sp_eval.warehouse.held import Replaced, hold
from sp_eval.warehouse.ledger import ensure_ledger
from sp_eval.warehouse.steps import ensure_steps

MONTHS = [f"2018-{m:02d}" for m in range(1, 13)]
HALVED, BLANK, SHIFTED, STALE = "2018-07", "2018-08", "2018-10", "2018-12"
FILE = "SUS_APC.csv"  # of the Rotherham mapping: hospital care
ACTIVITIES = ["ae", "emergency", "elective", "outpatient"]


def month_of(rng: np.random.Generator, month: str, rows: int) -> pl.DataFrame:
    last = month_end(month)
    days = rng.integers(1, last.day + 1, rows)
    return pl.DataFrame(
        {
            "scheme_code": "rotherham",
            "delivery_id": f"rotherham/{month}/{FILE}@0",
            "source_file": FILE,
            "source_row": np.arange(2, rows + 2),
            "person_key": [f"{n:064x}" for n in rng.integers(0, 5_000, rows)],
            "provider_code": "RFR",
            "start_date": [date(last.year, last.month, int(day)) for day in days],
            "activity": rng.choice(ACTIVITIES, rows, p=[0.4, 0.2, 0.15, 0.25]),
            "attended": True,
            "bed_days": rng.poisson(3, rows),
            "cost_gbp": rng.gamma(2.0, 400.0, rows),
            "is_blank": rng.random(rows) < 0.05,
        }
    ).select(
        pl.exclude("is_blank", "cost_gbp"), pl.when(~pl.col("is_blank")).then("cost_gbp")
    )  # fmt: skip


def gone_blank(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(cost_gbp=pl.lit(None, pl.Float64))


def from_one_file(
    rows: pl.DataFrame, replaced: Replaced
) -> list[tuple[Mapping[str, str], pl.DataFrame]]:
    names = ("scheme_code", "delivery_id", "source_file")
    numbered = with_replaced(rows.drop(names), replaced)
    return [({name: rows[name][0] for name in names}, numbered)]


def of_two_months_ago(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("start_date").dt.offset_by("-2mo"))


def mostly_outpatients(rows: pl.DataFrame) -> pl.DataFrame:
    moved = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("outpatient"))
    return rows.with_columns(activity=moved.otherwise("activity"))


SPOILT: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    HALVED: lambda rows: rows.gather_every(2),
    BLANK: gone_blank,
    SHIFTED: mostly_outpatients,
    STALE: of_two_months_ago,
}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pl.DataFrame, pl.DataFrame]:
    """Twelve months of additions in a warehouse, looked at: the checks, and the states."""
    home = tmp_path_factory.mktemp("year")
    run = Run(Settings.from_environment(home=home, landing=home), ())
    rng = np.random.default_rng(5)
    with open_file(run.settings.warehouse) as conn:
        ensure_steps(conn)
        ensure_ledger(conn)
        for month in MONTHS:
            rows = month_of(rng, month, int(rng.normal(600, 40)))
            rows = SPOILT.get(month, lambda same: same)(rows)
            name = rows["delivery_id"][0]
            hold(conn, {"hospital_activity": partial(from_one_file, rows)})
            conn.execute(
                "insert into meta.holding values (?, 'inpatients', 'increment', ?, 'rotherham')",
                [name, month],
            )
            conn.execute(
                """insert into meta.delivery by name select ? as delivery_id, 'rotherham' as
                scheme_code, ? as month, ? as file, '' as sheet, 'x' as sha256, ? as rows_in,
                ? as rows_accepted, 0 as rows_quarantined, 0 as rows_duplicate,
                'current' as status, '1.0.0' as contract_version, now()::timestamp as
                received_at""",
                [name, month, FILE, rows.height, rows.height],
            )
    look_for_changes(run)
    keep_quality(run)
    return run, *read(run.settings.warehouse)


def read(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    with duckdb.connect(str(path), read_only=True) as conn:
        return conn.sql("from meta.delivery_check").pl(), conn.sql("from meta.quality").pl()


def test_each_spoilt_month_is_found_and_no_sound_one(
    year: tuple[Run, pl.DataFrame, pl.DataFrame],
) -> None:
    odd = year[1].filter(pl.col("status") != "met")
    assert set(odd.select("month", "column_name", "expectation").iter_rows()) == {
        (HALVED, "", "volume"),
        (BLANK, "cost_gbp", "completeness"),
        (SHIFTED, "activity", "category"),
        (STALE, "start_date", "freshness"),
    }
    assert "6 deliveries before it" in odd.filter(month=HALVED)["sentence"][0]


def test_it_is_told_with_how_much_it_was_compared(
    year: tuple[Run, pl.DataFrame, pl.DataFrame],
) -> None:
    volume = year[1].filter(expectation="volume").sort("month")
    assert volume["deliveries_compared"].to_list() == list(range(12))
    assert volume["compared_with"].to_list() == [None, *MONTHS[:-1]]


def test_the_state_of_each_month_is_kept_as_rows(
    year: tuple[Run, pl.DataFrame, pl.DataFrame],
) -> None:
    states = dict(year[2].select("month", "state").iter_rows())
    assert {m for m, state in states.items() if state != "clean"} == set(SPOILT)
    assert set(states) == set(MONTHS)
    few = year[2].filter(month="2018-03")["sentence"][0]
    assert few.endswith("held against 2 deliveries before (few to judge by).")
    assert (
        year[2]
        .filter(month="2018-01")["sentence"][0]
        .endswith("a first delivery, held against what was agreed alone.")
    )


def test_nothing_new_asks_nothing_again(year: tuple[Run, pl.DataFrame, pl.DataFrame]) -> None:
    run = year[0]
    run.has_worked = False
    look_for_changes(run)
    keep_quality(run)
    assert not run.has_worked
