"""Difference in differences against print, R and literal loops.

R's figures are by `r/difference_in_differences.R`.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.models.difference_in_differences import did, matched_did
from sp_eval.models.poisson import fit_poisson
from sp_eval.models.sandwich import clustered_variance
from sp_eval_tests.support.matched_frames import matched_rows
from sp_eval_tests.support.published_data import epilepsy_long

TRIAL = {"outcome": "y", "exposed": "progabide", "after": "after", "unit": "patient"}


def stores(n: int, before: tuple, after: tuple, change_error: float) -> np.ndarray:
    """Made-up stores that have given means and errors of them, and of their change."""
    rng = np.random.default_rng(n)
    u, v = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 2))]))[0][:, 1:].T
    u, v = u * np.sqrt(n - 1), v * np.sqrt(n - 1)
    sd = [error * np.sqrt(n) for error in (before[1], after[1], change_error)]
    rho = (sd[0] ** 2 + sd[1] ** 2 - sd[2] ** 2) / (2 * sd[0] * sd[1])
    return np.concatenate(
        [before[0] + sd[0] * u, after[0] + sd[1] * (rho * u + np.sqrt(1 - rho**2) * v)]
    )


def card_and_krueger() -> pl.DataFrame:
    """Rows with the means and standard errors of Card & Krueger (1994), table 3, rows 1 to 3."""
    jersey = stores(331, (20.44, 0.51), (21.03, 0.52), 0.54)
    pennsylvania = stores(79, (23.33, 1.35), (21.17, 0.94), 1.25)
    frames = [
        pl.DataFrame(
            {
                "fte": y,
                "jersey": jersey_,
                "after": np.repeat([False, True], len(y) // 2),
                "store": [f"{jersey_}{at % (len(y) // 2)}" for at in range(len(y))],
            }
        )
        for y, jersey_ in ((jersey, True), (pennsylvania, False))
    ]
    return pl.concat(frames)


def test_card_and_krueger_table_three() -> None:
    """Change of 2.76 full-time equivalents (1.36); means 20.44, 21.03, 23.33 and 21.17."""
    found = did(
        card_and_krueger(), outcome="fte", exposed="jersey", after="after", unit="store",
        scale="difference",
    )  # fmt: skip
    assert found.point == pytest.approx(2.76, abs=0.011)  # of rounded means 2.75
    assert round(found.standard_error, 2) == 1.36
    cells = ("exposed_before", "exposed_after", "comparison_before", "comparison_after")
    assert [round(found.details[c], 2) for c in cells] == [20.44, 21.03, 23.33, 21.17]
    assert (found.n_analysed, found.n_comparison) == (331, 79)


def test_as_if_other_stores_had_been_asked_the_second_time() -> None:
    """Without the stores the error is that of four independent means."""
    rows = card_and_krueger().drop("store")
    found = did(rows, outcome="fte", exposed="jersey", after="after", scale="difference")
    independent = np.sqrt(1.35**2 + 0.94**2 + 0.51**2 + 0.52**2)
    assert found.standard_error == pytest.approx(independent, rel=0.01)
    from_cells = pl.DataFrame(
        {
            "fte": [20.44, 21.03, 23.33, 21.17, 20.44, 21.03, 23.33, 21.17],
            "jersey": [1, 1, 0, 0] * 2,
            "after": [0, 1, 0, 1] * 2,
            "n": [165.5, 165.5, 39.5, 39.5] * 2,
        }
    )
    weighted = did(
        from_cells, outcome="fte", exposed="jersey", after="after", weights="n", scale="difference"
    )
    assert weighted.point == pytest.approx(2.75, abs=1e-12)


@pytest.mark.parametrize(("left_out", "printed"), [(0, (-0.10, 0.21)), (49, (-0.30, 0.17))])
def test_progabide_as_diggle_heagerty_liang_and_zeger_print_it(
    left_out: int, printed: tuple[float, float]
) -> None:
    """Analysis of Longitudinal Data (2002), table 8.10: treatment x visit; patient 207 in, out."""
    rows = epilepsy_long().filter(pl.col("patient") != left_out)
    found = did(rows, **TRIAL, person_days="days")
    patients = rows["patient"].n_unique()
    theirs = found.standard_error * np.sqrt((patients - 1) / patients)  # without G/(G-1)
    assert (round(np.log(found.point), 2), round(theirs, 2)) == printed


def test_ratio_of_ratios_as_r_has_it() -> None:
    found = did(epilepsy_long(), **TRIAL, person_days="days")
    assert np.log(found.point) == pytest.approx(-0.101601670538, abs=1e-10)
    assert found.standard_error == pytest.approx(0.215196947941, abs=1e-9)
    cells = [
        found.details[c]
        for c in ("exposed_after", "exposed_before", "comparison_after", "comparison_before")
    ]
    assert found.point == pytest.approx(cells[0] / cells[1] / (cells[2] / cells[3]))
    robust = did(epilepsy_long().drop("patient"), **(TRIAL | {"unit": None}), person_days="days")
    assert robust.standard_error == pytest.approx(0.294350935787, abs=1e-9)
    assert found.difference is not None
    assert found.difference.point == pytest.approx(-22207.9162301, abs=1e-4)
    assert found.difference.standard_error == pytest.approx(44583.0713552, abs=1e-3)
    assert found.difference.point == pytest.approx(cells[0] - cells[1] * cells[2] / cells[3])


def test_difference_of_means_as_r_s_lm_has_it() -> None:
    found = did(epilepsy_long(), **TRIAL, scale="difference")
    assert found.point == pytest.approx(-1.447868663594, abs=1e-10)
    assert found.standard_error == pytest.approx(4.880774010812, abs=1e-9)
    assert found.details["model_standard_error"] == pytest.approx(4.762748175034, abs=1e-9)
    t = stats.t.ppf(0.975, 58)  # patients - 1
    assert found.ci_high - found.point == pytest.approx(t * found.standard_error)
    plain = did(epilepsy_long(), **(TRIAL | {"unit": None}), scale="difference")
    assert plain.standard_error == pytest.approx(7.148917779525, abs=1e-9)  # HC1
    assert plain.ci_high - plain.point == pytest.approx(
        stats.t.ppf(0.975, 295 - 4) * plain.standard_error
    )


def test_difference_of_rates_given_age_as_r_s_weighted_lm_has_it() -> None:
    found = did(epilepsy_long(), **TRIAL, person_days="days", covariates="age", scale="difference")
    assert found.scale == "rate_difference_per_1000_person_years"
    assert found.point == pytest.approx(-21588.2827930, abs=1e-5)
    assert found.standard_error == pytest.approx(46180.7553711, abs=1e-4)


def test_rows_weigh_their_days_where_these_differ() -> None:
    """Rates of uneven stretches: total events over total days in each cell."""
    rng = np.random.default_rng(4)
    rows = pl.DataFrame(
        {
            "y": rng.poisson(3, 200), "e": rng.random(200) < 0.5, "a": rng.random(200) < 0.5,
            "days": rng.uniform(20, 365, 200), "w": rng.uniform(0.5, 2, 200),
        }
    )  # fmt: skip
    given = {"outcome": "y", "exposed": "e", "after": "a", "person_days": "days", "weights": "w"}
    found = did(rows, **given, scale="difference")
    cells = rows.group_by("e", "a").agg(
        (pl.col("w") * pl.col("y")).sum() / (pl.col("w") * pl.col("days")).sum()
    )
    rate = {(e, a): value * 365250 for e, a, value in cells.iter_rows()}
    change = rate[True, True] - rate[True, False]
    assert found.point == pytest.approx(change - (rate[False, True] - rate[False, False]))
    ratio = did(rows, **given)
    assert ratio.point == pytest.approx(
        rate[True, True] / rate[True, False] / (rate[False, True] / rate[False, False])
    )


def test_two_ways_on_the_linear_scale_are_each_r_s_hc1() -> None:
    """Each of the three sums times (N-1)/(N-k), as `vcovCL` of an `lm`."""
    rng = np.random.default_rng(8)
    n = 300
    rows = pl.DataFrame(
        {
            "y": rng.normal(size=n), "e": rng.random(n) < 0.5, "a": rng.random(n) < 0.5,
            "one": rng.integers(0, 30, n), "two": rng.integers(0, 12, n),
        }
    )  # fmt: skip
    found = did(
        rows, outcome="y", exposed="e", after="a", cluster=("one", "two"), scale="difference"
    )
    e, a, y = (rows[c].to_numpy().astype(float) for c in ("e", "a", "y"))
    x = np.column_stack([np.ones(n), e * a, e, a])
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    influence = ((x * (y - x @ beta)[:, None]) @ np.linalg.inv(x.T @ x))[:, 1]
    variance = clustered_variance(influence, rows["one"].to_numpy(), rows["two"].to_numpy())
    assert found.standard_error == pytest.approx(np.sqrt(variance * (n - 1) / (n - 4)), rel=1e-9)
    reach = stats.t.ppf(0.975, 11) * found.standard_error
    assert found.ci_low == pytest.approx(found.point - reach)


def with_past(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = matched_rows(seed).with_columns(candidate_id=pl.int_range(pl.len()))
    rng = np.random.default_rng(seed)
    pre = rows.select(
        "candidate_id",
        events=pl.Series(rng.poisson(0.02 * 365 * np.exp(0.4 * rows["x"].to_numpy()))),
        days=pl.lit(365),
    )
    return rows, pre


def test_matched_did_is_four_weighted_rates() -> None:
    rows, pre = with_past(1)
    found = matched_did(rows, pre)
    joined = rows.join(pre, on="candidate_id", suffix="_pre")
    w = pl.col("weight")
    rates = dict(
        joined.group_by("exposed")
        .agg(
            pl.concat_list(
                (w * pl.col("events")).sum() / (w * pl.col("days")).sum(),
                (w * pl.col("events_pre")).sum() / (w * pl.col("days_pre")).sum(),
            )
        )
        .iter_rows()
    )
    (after, before), (others_after, others_before) = rates[True], rates[False]
    ratio = after / before / (others_after / others_before)
    assert found.ratio.point == pytest.approx(ratio, rel=1e-9)
    assert found.rate_exposed == pytest.approx(365250 * after, rel=1e-9)
    assert found.difference.point == pytest.approx(
        365250 * (after - before * others_after / others_before), rel=1e-9
    )
    exposed = rows.filter("exposed")
    assert found.ratio.events_exposed == exposed["events"].sum()
    assert found.ratio.n_analysed == exposed.height


def test_matched_did_s_error_by_hand() -> None:
    rows, pre = with_past(2)
    found = matched_did(rows, pre, adjustment=("x",))
    both = pl.concat(
        [
            rows.drop("events", "days").join(pre, on="candidate_id").select(rows.columns),
            rows,
        ],
        how="vertical_relaxed",
    )
    n = rows.height
    later = np.repeat([0.0, 1.0], n)
    e, x = both["exposed"].to_numpy().astype(float), both["x"].to_numpy()
    design = np.column_stack([np.ones(2 * n), e * later, e, later, x])
    y, days, w = (both[c].to_numpy().astype(float) for c in ("events", "days", "weight"))
    fit = fit_poisson(y, days, design, w)
    person = np.unique(both["person_number"].to_numpy(), return_inverse=True)[1]
    sets = np.unique(both["match_set"].to_numpy(), return_inverse=True)[1]
    variance = clustered_variance(fit.influence(person)[:, 1], sets, person)
    assert found.ratio.standard_error == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert np.log(found.ratio.point) == pytest.approx(fit.beta[1], abs=1e-9)


def test_where_nothing_differed_before_it_is_the_ratio_after() -> None:
    rows, pre = with_past(3)
    same = pre.with_columns(events=pl.lit(7))
    found = matched_did(rows, same)
    w = pl.col("weight")
    after = rows.group_by("exposed").agg((w * pl.col("events")).sum() / (w * pl.col("days")).sum())
    rate = dict(after.iter_rows())
    assert found.ratio.point == pytest.approx(rate[True] / rate[False], rel=1e-9)
