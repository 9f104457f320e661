"""Rolling entry against a literal loop, month by month."""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.matching import match_nearest, match_risk_set
from sp_eval.comparison.method_warning import MethodWarning

EXPOSED = {"exposed": "exposed", "score": "score"}


def candidates(seed: int, *, people: int = 60, months: int = 5) -> pl.DataFrame:
    """Everybody in each month up to their exposure, if that comes."""
    rng = np.random.default_rng(seed)
    exposed_in = np.where(rng.random(people) < 0.5, rng.integers(0, months, people), months)
    rows = [
        {
            "person_key": f"p{person:03d}",
            "index_month": month,
            "exposed": bool(exposed_in[person] == month),
            "score": float(np.round(rng.normal(), 1)),
            "sex": "f" if person % 2 else "m",
        }
        for person in range(people)
        for month in range(months)
        if month <= exposed_in[person]
    ]
    return pl.DataFrame(rows).sample(fraction=1.0, shuffle=True, seed=seed)


def month_by_month(
    frame: pl.DataFrame, *, ratio: int, caliper: float | None, exact: list[str], use_once: bool
) -> list[tuple[int, str, str]]:
    """(month, exposed, comparison), word by word."""
    rows = frame.to_dicts()
    found: list[tuple[int, str, str]] = []
    ever: set[str] = set()
    for month in sorted({r["index_month"] for r in rows}):
        now = [r for r in rows if r["index_month"] == month]
        used: set[str] = set()
        takers = sorted((r for r in now if r["exposed"]), key=lambda r: r["person_key"])
        for own in sorted(takers, key=lambda r: -r["score"]):
            near = [
                r
                for r in now
                if not r["exposed"]
                and r["person_key"] not in used
                and not (use_once and r["person_key"] in ever)
                and all(r[e] == own[e] for e in exact)
                and (caliper is None or abs(r["score"] - own["score"]) <= caliper)
            ]
            near.sort(key=lambda r: (abs(r["score"] - own["score"]), r["person_key"]))
            for r in near[:ratio]:
                used.add(r["person_key"])
                ever.add(r["person_key"])
                found.append((month, own["person_key"], r["person_key"]))
    return found


def pairs(found: pl.DataFrame) -> set[tuple[int, str, str]]:
    wanted = found.filter(~pl.col("exposed")).select("index_month", "match_set", "person_key")
    return set(wanted.iter_rows())


@pytest.mark.parametrize("exact", [[], ["sex"]])
@pytest.mark.parametrize(("ratio", "caliper"), [(1, None), (2, 0.3), (5, None)])
@pytest.mark.parametrize("use_once", [False, True])
@pytest.mark.filterwarnings("ignore::sp_eval.comparison.method_warning.MethodWarning")
def test_sets_are_those_of_the_loop(exact, ratio, caliper, use_once):
    for seed in range(6):
        frame = candidates(seed)
        settings = {"ratio": ratio, "caliper": caliper, "exact": exact, "use_once": use_once}
        found = match_risk_set(frame, **EXPOSED, **settings)
        loop = month_by_month(frame, **settings)
        assert len(loop) == len(pairs(found))
        assert pairs(found) == set(loop)


def test_it_is_matching_exact_on_month():
    frame = candidates(3).with_columns(row=pl.format("{}/{}", "person_key", "index_month"))
    found = match_risk_set(frame, **EXPOSED, ratio=3, caliper=0.5)
    plain = match_nearest(
        frame, **EXPOSED, ratio=3, caliper=0.5, exact=["index_month"], id="row"
    ).filter(~pl.col("exposed"))
    rows = {(f"{p}/{m}", f"{q}/{m}") for m, p, q in pairs(found)}
    assert rows == set(plain.select("match_set", "row").iter_rows())


def test_people_serve_again_in_other_months_and_are_never_their_own_comparison():
    frame = candidates(1)
    found = match_risk_set(frame, **EXPOSED, ratio=3)
    pool = found.filter(~pl.col("exposed"))
    assert pool.group_by("index_month", "person_key").len()["len"].max() == 1
    assert pool["person_key"].value_counts()["count"].max() > 1
    assert (pool["person_key"] != pool["match_set"]).all()
    exposed_in = dict(frame.filter("exposed").select("person_key", "index_month").iter_rows())
    own = [exposed_in.get(p, 99) > m for m, p in pool.select("index_month", "person_key").rows()]
    assert all(own)
    assert set(pool["person_key"]) & set(exposed_in)  # those exposed later do serve


def test_used_once_in_the_study_is_warned_of():
    frame = candidates(1)
    with pytest.warns(MethodWarning, match=r"10\.7% too high"):
        found = match_risk_set(frame, **EXPOSED, ratio=3, use_once=True)
    assert found.filter(~pl.col("exposed"))["person_key"].is_unique().all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        match_risk_set(frame, **EXPOSED, ratio=3)


def test_columns_and_weights():
    found = match_risk_set(candidates(2), **EXPOSED, ratio=4, caliper=0.2)
    assert found.columns == [
        "index_month", "match_set", "person_key", "exposed", "distance", "weight",
    ]  # fmt: skip
    assert found["index_month"].is_sorted()
    for own in found.partition_by("match_set"):
        assert own["index_month"].n_unique() == 1
        assert own.filter("exposed")["weight"].to_list() == [1.0]
        assert own.filter(~pl.col("exposed"))["weight"].sum() == pytest.approx(1)


def test_dates_are_taken_by_their_calendar_month():
    frame = pl.DataFrame(
        {
            "person_key": ["a", "b", "c"],
            "on": [date(2020, 5, 31), date(2020, 5, 1), date(2020, 6, 1)],
            "exposed": [True, False, False],
            "score": [1.0, 9.0, 1.0],
        }
    )
    found = match_risk_set(frame, **EXPOSED, month="on")
    assert found["person_key"].to_list() == ["a", "b"]
    assert found["on"].to_list() == [date(2020, 5, 1)] * 2


def test_nobody_leaves_an_empty_frame_of_the_same_columns():
    whole = match_risk_set(candidates(1), **EXPOSED)
    found = match_risk_set(candidates(1).clear(), **EXPOSED)
    assert found.is_empty()
    assert found.schema == whole.schema


def with_row(**cells) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "person_key": ["a", "a", "b"],
            "index_month": [1, 2, 1],
            "exposed": [False, True, False],
            "score": [0.0, 0.0, 0.0],
        }
    )
    more = {"person_key": "a", "index_month": 3, "exposed": False, "score": 0.0} | cells
    return pl.concat([frame, pl.DataFrame([more])])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (with_row(), "1 rows are of persons already exposed in an earlier month"),
        (with_row(exposed=True), "1 persons are exposed in more than one month"),
        (with_row(index_month=1), "have the 'person_key' and 'index_month' of another"),
        (with_row().rename({"index_month": "month"}), "no column 'index_month'"),
        (with_row().with_columns(exposed=pl.lit(2)), "must be Boolean"),
        (with_row().with_columns(events_post=pl.lit(1)), "tell an outcome"),
        (with_row(person_key="c", score=float("nan")), "'score' is blank or not finite"),
    ],
)
def test_candidates_that_cannot_be_are_refused(frame, message):
    with pytest.raises(ValueError, match=message):
        match_risk_set(frame, **EXPOSED)
