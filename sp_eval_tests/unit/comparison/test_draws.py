"""Draws that depend on nothing but what they are given."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import numpy as np
import polars as pl

from sp_eval.comparison.draws import hashed_sample, mix
from sp_eval.warehouse.frames import read_frame
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world


def keys(*columns: list[int]) -> list[np.ndarray]:
    return [np.array(c, dtype=np.uint64) for c in columns]


def test_the_mix_is_a_fixed_function() -> None:
    # SplitMix64 of seed 0 begins so in every published implementation.
    assert mix(*keys([0])).tolist() == [0xE220A8397B1DCDAF]
    one, two = mix(*keys([1, 2], [3, 3])), mix(*keys([1, 2], [4, 3]))
    assert one[0] != two[0]
    assert one[1] == two[1]


def test_a_sample_is_of_the_size_wanted_and_hangs_on_the_keys_alone() -> None:
    rows = 1_000
    numbers = np.arange(rows)
    seed = np.full(rows, 5, dtype=np.uint64)
    chosen = hashed_sample(100, seed, numbers.astype(np.uint64))
    assert chosen.sum() == 100
    order = np.random.default_rng(1).permutation(rows)
    again = hashed_sample(100, seed, numbers[order].astype(np.uint64))
    assert set(numbers[order][again]) == set(numbers[chosen])
    other = hashed_sample(100, seed + np.uint64(1), numbers.astype(np.uint64))
    assert set(numbers[other]) != set(numbers[chosen])
    assert hashed_sample(rows, seed, numbers.astype(np.uint64)).all()


def lower_number(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode()).digest()[8:], "little")


def test_comparison_dates_are_drawn_by_seed_person_and_month() -> None:
    study = a_study()
    conn = candidates_of(small_world().tables, study)
    found = read_frame(
        conn,
        """select c.person_number, c.index_month, c.index_date, c.draw, m.referral_dates
        from cohort.candidate as c
        inner join cohort.referral_month as m on c.index_month = m.index_month
        where not c.is_exposed""",
    )
    conn.close()
    assert found.height > 5_000
    assert found["index_date"].n_unique() > 100
    for row in found.sample(500, seed=1).iter_rows(named=True):
        number, dates = row["person_number"], row["referral_dates"]
        text = f"{study.seed}/{number}/{row['index_month']}"
        assert row["index_date"] == dates[lower_number(text) % len(dates)]
        assert row["draw"] == lower_number(f"{study.seed}/{number}")


def test_no_draw_hangs_on_the_key_or_on_the_order_of_other_files() -> None:
    tables = small_world().tables
    renamed = {
        name: frame.with_columns(pl.col("person_key").str.reverse())
        if "person_key" in frame.columns
        else frame
        for name, frame in tables.items()
    }
    for name in ("referral", "gp_contact", "hospital_activity"):
        renamed[name] = renamed[name].sample(fraction=1.0, shuffle=True, seed=2)
    query = "select * from cohort.candidate order by candidate_id"
    one, two = (candidates_of(t, a_study()) for t in (tables, renamed))
    first, second = read_frame(one, query), read_frame(two, query)
    one.close()
    two.close()
    assert first.equals(second)


def test_comparison_dates_spread_over_the_month_as_referrals_do() -> None:
    conn = candidates_of(small_world().tables, a_study())
    found = read_frame(
        conn, "select index_month, index_date, is_exposed from cohort.candidate where is_in_study"
    )
    conn.close()
    day = (pl.col("index_date") - pl.col("index_month")).dt.total_days()
    means = found.group_by("index_month", "is_exposed").agg(day.mean().alias("day"))
    wide = means.pivot(on="is_exposed", index="index_month", values="day")
    # Dates are drawn with equal chances from the month's referrals, whatever day those were.
    assert (wide["true"] - wide["false"]).abs().max() < 1.0
    assert found["index_date"].max() - found["index_date"].min() > timedelta(days=200)
