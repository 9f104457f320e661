"""Who was lost from which arm: against loops over people and days, and against crude rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.comparison.censoring import CensoringWeights
from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.losses import DEATH, LEFT, Losses, loss_rows, losses
from sp_eval.models.person_time import Censoring
from sp_eval.models.scheme_estimates import MatchedCounts

WINDOW = 395
FIRST = 2017 * 12 + 5
REASONS = ("end", "death", "left", "covered")
Drawn = tuple[MatchedCounts, pl.DataFrame, pl.DataFrame, Censoring]


def drawn(seed: int, sets: int = 150, *, dying: tuple[float, float] = (0.2, 0.2)) -> Drawn:
    """Matched sets of one to four others in May to July 2017; some leave, some are referred."""
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 6, sets)
    match_set = np.repeat(np.arange(sets), size)
    n = len(match_set)
    exposed = np.r_[True, match_set[1:] != match_set[:-1]]
    months = [date(2017, 5 + int(m), 1) for m in rng.integers(0, 3, sets)[match_set]]
    index = [
        m + timedelta(days=int(d)) for m, d in zip(months, rng.integers(0, 28, n), strict=True)
    ]
    share = np.where(exposed, *dying)
    draw, on = rng.random(n), rng.integers(1, WINDOW, n)
    reason = np.select([draw < share, draw < share + 0.15, draw < share + 0.2], REASONS[1:], "end")
    last = np.where(reason == "end", WINDOW, on)
    referred = [
        i + timedelta(days=int(d)) if not e and r < 0.2 else None
        for i, d, e, r in zip(index, rng.integers(40, 300, n), exposed, rng.random(n), strict=True)
    ]
    ended = [i + timedelta(days=int(d)) for i, d in zip(index, last, strict=True)]
    gone = [r is not None and r < e for r, e in zip(referred, ended, strict=True)]
    candidates = pl.DataFrame(
        {"candidate_id": np.arange(n), "person_number": np.arange(n), "is_exposed": exposed,
         "index_date": index, "index_month": months, "first_referral_date": referred},
        schema_overrides={"first_referral_date": pl.Date},
    )  # fmt: skip
    table = pl.DataFrame(
        {"candidate_id": np.arange(n),
         "ended_on": [r if g else e for r, g, e in zip(referred, gone, ended, strict=True)],
         "ended_by": ["referred" if g else w for g, w in zip(gone, reason, strict=True)]}
    )  # fmt: skip
    hazards = pl.DataFrame(
        {"person_number": np.repeat(np.arange(n), 4), "month": np.tile(FIRST + np.arange(4), n),
         "hazard": rng.uniform(0, 0.05, 4 * n)}
    )  # fmt: skip
    people = pl.DataFrame(
        {"candidate_id": np.arange(n), "exposed": exposed, "match_set": match_set,
         "person_number": np.arange(n), "practice_number": rng.integers(0, 12, n),
         "weight": np.where(exposed, 1.0, 1 / (size[match_set] - 1)), "x": rng.normal(size=n)}
    )  # fmt: skip
    weights = CensoringWeights.from_hazards(hazards, months=(FIRST, FIRST + 20))
    matched = MatchedCounts(people, pl.DataFrame(), ("x", "log_own_365"), by_practice=False)
    return matched, candidates, table, Censoring(weights)


def month_of(day: date) -> int:
    return day.year * 12 + day.month


def literal(given: Drawn) -> pl.DataFrame:
    """Days followed and possible, deaths and moves of each candidate, day by day."""
    matched, candidates, ended, censoring = given
    assert censoring.weights is not None
    rows = []
    for one, end in zip(candidates.iter_rows(named=True), ended.iter_rows(named=True), strict=True):
        first = month_of(one["index_month"])
        referred = one["first_referral_date"]
        found = dict.fromkeys(("days", "possible", "death", "left"), 0.0)
        for at in range(WINDOW):
            day = one["index_date"] + timedelta(days=at)
            month = month_of(day)
            weight = 1.0
            if not one["is_exposed"]:
                if referred is not None and month_of(referred) <= month:
                    continue
                weight = float(
                    censoring.weights.weight(
                        *(np.array([v]) for v in (one["person_number"], first, month - first))
                    )[0]
                )
            weight = min(weight, 20.0)
            found["possible"] += weight
            if day < end["ended_on"]:
                found["days"] += weight
                if day == end["ended_on"] - timedelta(days=1) and end["ended_by"] in found:
                    found[end["ended_by"]] += weight
        rows.append(found)
    return pl.concat([matched.people, pl.DataFrame(rows)], how="horizontal")


def found(given: Drawn) -> Losses:
    return losses(*given, window_days=WINDOW)


@pytest.mark.parametrize("seed", range(3))
def test_days_deaths_and_moves_are_those_counted_day_by_day(seed: int) -> None:
    given = drawn(seed, sets=60)
    expected = literal(given)
    by_reason = loss_rows(*given, window_days=WINDOW)
    for reason in (DEATH, LEFT):
        rows = by_reason[reason]
        for name, of in (("days", "days"), ("possible", "possible"), ("events", reason)):
            assert rows[name].to_numpy() == pytest.approx(expected[of].to_numpy(), abs=1e-9), name
        assert rows["events"].sum() > 3


def test_shares_and_their_gap_are_sums_over_people_with_errors_by_set() -> None:
    given = drawn(4)
    rows, told = literal(given), found(given)
    shares, parts = [], np.zeros(rows.height)
    for arm, sign in ((True, 1), (False, -1)):
        top = bottom = 0.0
        for row in rows.filter(exposed=arm).iter_rows(named=True):
            top += row["weight"] * row["days"]
            bottom += row["weight"] * row["possible"]
        shares.append(top / bottom)
        for at, row in enumerate(rows.iter_rows(named=True)):
            if row["exposed"] == arm:
                gap = row["days"] - shares[-1] * row["possible"]
                parts[at] = sign * row["weight"] * gap / bottom
    assert (told.followed_exposed, told.followed_comparison) == pytest.approx(tuple(shares))
    assert told.gap.point == pytest.approx(shares[0] - shares[1])
    # everybody is in one set: both ways of clustering are then one, by set
    groups = rows["match_set"].n_unique()
    by_set = rows.with_columns(part=parts).group_by("match_set").agg(pl.col("part").sum())
    people = len(parts)
    error = np.sqrt(
        (by_set["part"] ** 2).sum() * groups / (groups - 1)
        + (parts**2).sum() * people / (people - 1)
        - (parts**2).sum()
    )
    assert told.gap.standard_error == pytest.approx(error, rel=1e-9)
    reach = stats.norm.ppf(0.975) * error
    assert told.gap.ci_high == pytest.approx(told.gap.point + reach)


def test_ratios_are_those_of_the_weighted_rates_where_nothing_is_adjusted_for() -> None:
    matched, *rest = drawn(7, dying=(0.4, 0.1))
    plain = replace(matched, adjustment=("log_own_365",))
    told, rows = found((plain, *rest)), literal((plain, *rest))
    for estimate, reason in ((told.deaths, "death"), (told.moves, "left")):
        rates = []
        for arm in (True, False):
            own = rows.filter(exposed=arm)
            rates.append(float(own["weight"] @ own[reason]) / float(own["weight"] @ own["days"]))
        assert estimate is not None
        assert estimate.point == pytest.approx(rates[0] / rates[1], rel=1e-9)
    assert told.deaths is not None
    assert (told.deaths.ci_low or 0) > 1.5
    assert told.moves is not None
    assert (told.moves.ci_low or 9) < 1 < (told.moves.ci_high or 0)


def test_being_referred_is_no_loss_and_noise_of_the_weights_cancels() -> None:
    """Nobody dies or moves: both are followed wholly, however many are referred later."""
    matched, candidates, ended, censoring = drawn(8)
    stayed = ended.join(candidates, on="candidate_id").with_columns(
        window_to=pl.col("index_date") + timedelta(days=WINDOW)
    )
    left = pl.min_horizontal("window_to", "first_referral_date")
    stayed = stayed.select("candidate_id", ended_on=left, ended_by=pl.lit("end"))
    told = found((matched, candidates, stayed, censoring))
    assert told.followed_exposed == told.followed_comparison == 1
    assert told.gap.point == 0
    assert told.deaths is told.moves is None  # too few to compare
    assert ended.filter(ended_by="referred").height > 20


def test_with_practices_the_larger_error_stands() -> None:
    matched, *rest = drawn(9)
    plain = found((matched, *rest))
    wide = found((replace(matched, by_practice=True), *rest))
    assert wide.gap.point == plain.gap.point
    assert (wide.gap.ci_high or 0) > (plain.gap.ci_high or 0)
    assert set(wide.to_dict()) == {
        "followed_exposed", "followed_comparison", "gap", "deaths", "moves",
    }  # fmt: skip


def test_an_arm_followed_for_no_day_is_refused() -> None:
    matched, candidates, ended, censoring = drawn(3, sets=20)
    at_once = ended.join(candidates, on="candidate_id").select(
        "candidate_id", ended_on="index_date", ended_by=pl.lit("covered")
    )
    with pytest.raises(TooFewEventsError, match="not followed for a single day"):
        found((matched, candidates, at_once, censoring))
