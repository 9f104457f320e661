"""A placebo index date against statsmodels, and who is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.placebo import mock_exposure, placebo_index, placebo_size


def unreferred(seed: int, *, people: int = 400, rows: int = 2) -> pl.DataFrame:
    """People not referred, busy ones of them with a higher chance of being drawn."""
    rng = np.random.default_rng(seed)
    frail = np.repeat(rng.gamma(1.2, 1 / 1.2, people), rows)
    before = rng.poisson(4 * frail)
    days = rng.integers(100, 366, people * rows)
    return pl.DataFrame(
        {
            "person_number": np.repeat(np.arange(people), rows),
            "first_referral_date": pl.Series([None] * people * rows, dtype=pl.Date),
            "events": rng.poisson(4 * frail * days / 365),
            "days": days,
            "before": before.astype(float),
            "chance": 0.05 + 0.9 * before / (before + 6.0),
        }
    )


def test_statsmodels_gives_the_same_ratio_and_error() -> None:
    rows = mock_exposure(unreferred(1), seed=5)
    found = placebo_index(unreferred(1), seed=5, adjustment=("before",))
    x = sm.add_constant(rows.select(pl.col("exposed").cast(pl.Float64), "before").to_numpy())
    theirs = sm.GLM(
        rows["events"].to_numpy(), x, family=sm.families.Poisson(), exposure=rows["days"].to_numpy()
    ).fit(
        cov_type="cluster",
        cov_kwds={"groups": rows["person_number"].to_numpy(), "use_correction": False},
    )
    assert np.log(found.point) == pytest.approx(theirs.params[1], abs=1e-8)
    # ours divides each person's score by 1 - its leverage, and the sum by (G - 1) / G
    assert found.standard_error == pytest.approx(theirs.bse[1], rel=0.02)
    assert found.method == "placebo_index"


def test_the_draw_is_of_persons_and_repeats_itself() -> None:
    rows = unreferred(2)
    one = mock_exposure(rows, seed=3)
    per_person = one.group_by("person_number").agg(pl.col("exposed").n_unique())
    assert per_person["exposed"].max() == 1
    assert one.equals(mock_exposure(rows, seed=3))
    assert not one.equals(mock_exposure(rows, seed=4))
    reversed_rows = mock_exposure(rows.reverse(), seed=3).reverse()
    assert reversed_rows.equals(one)
    assert one["exposed"].mean() == pytest.approx(0.5, abs=0.08)
    assert mock_exposure(rows, seed=3, share=0.1)["exposed"].mean() == pytest.approx(0.1, abs=0.05)


def test_whether_somebody_is_drawn_has_the_chance_given() -> None:
    rows = unreferred(3, people=1_000, rows=1)
    drawn = np.mean(
        [mock_exposure(rows, seed=s, chance="chance")["exposed"] for s in range(200)], 0
    )
    z = (drawn - rows["chance"].to_numpy()) / np.sqrt(
        rows["chance"].to_numpy() * (1 - rows["chance"].to_numpy()) / 200
    )
    assert z.mean() == pytest.approx(0, abs=0.15)
    assert z.std() == pytest.approx(1, abs=0.1)


def test_referred_people_are_refused_with_the_reason() -> None:
    rows = unreferred(4)
    dated = pl.when(pl.int_range(pl.len()) == 7).then(date(2018, 1, 5))
    with pytest.raises(ValueError, match="busy spell that led to their referral"):
        placebo_index(rows.with_columns(first_referral_date=dated), seed=1)
    with pytest.raises(ValueError, match="busy spell that led to their referral"):
        placebo_index(rows.with_columns(is_exposed=pl.int_range(pl.len()) == 3), seed=1)
    with pytest.raises(ValueError, match="'first_referral_date'"):
        placebo_index(rows.drop("first_referral_date"), seed=1)
    sound = placebo_index(rows.with_columns(is_exposed=pl.lit(value=False)), seed=1)
    assert sound.point == placebo_index(rows, seed=1).point


def test_what_cannot_be_is_refused() -> None:
    rows = unreferred(5)
    for share in (0.0, 1.0, -1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            placebo_index(rows, seed=1, share=share)
    with pytest.raises(ValueError, match="two draws or more"):
        placebo_size(rows, seeds=[1])
    with pytest.raises(TooFewEventsError, match="among those drawn"):
        placebo_index(rows.with_columns(events=pl.lit(0)), seed=1)
    with pytest.raises(TooFewEventsError, match="among those drawn"):
        placebo_index(rows.clear(), seed=1)


def test_drawn_by_use_before_the_weights_of_the_chance_bring_it_back_to_one() -> None:
    """The busy are drawn more often, as in referral; taken as they are the drawn look worse."""
    rows = unreferred(6, people=3_000, rows=1)
    marked = mock_exposure(rows, seed=1, chance="chance")
    rates = marked.group_by("exposed").agg(rate=pl.col("events").sum() / pl.col("days").sum())
    plain = rates.filter("exposed")["rate"].item() / rates.filter(~pl.col("exposed"))["rate"].item()
    assert plain > 1.5
    weighted = placebo_index(rows, seed=1, chance="chance")
    assert weighted.ci_low is not None
    assert weighted.ci_high is not None
    assert weighted.ci_low < 1 < weighted.ci_high
