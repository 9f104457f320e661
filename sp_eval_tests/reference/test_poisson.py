"""The Poisson fit and its sandwich against statsmodels, hand computation and the jackknife."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

from sp_eval.models.matched_rate_ratio import matched_rate_ratio
from sp_eval.models.poisson import clustered_variance, fit_poisson, independent_columns
from sp_eval_tests.support.matched_frames import matched_rows


def design(rows: pl.DataFrame) -> np.ndarray:
    return np.column_stack(
        [np.ones(rows.height), rows["exposed"].to_numpy().astype(float), rows["x"].to_numpy()]
    )


def arrays(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    y, days, weight = (rows[c].to_numpy() for c in ("events", "days", "weight"))
    return y, days, design(rows), weight


def by_statsmodels(rows: pl.DataFrame):
    y, days, x, weight = arrays(rows)
    family = sm.families.Poisson()
    return sm.GLM(y, x, family=family, offset=np.log(days), var_weights=weight)


@pytest.mark.parametrize("seed", range(5))
def test_coefficients_and_information_are_statsmodels(seed):
    rows = matched_rows(seed)
    ours = fit_poisson(*arrays(rows))
    theirs = by_statsmodels(rows).fit(tol=1e-13, maxiter=200)
    assert ours.beta == pytest.approx(theirs.params, abs=1e-8)
    assert ours.bread == pytest.approx(np.asarray(theirs.normalized_cov_params), rel=1e-7)
    hat = theirs.get_hat_matrix_diag(observed=False)
    assert ours.leverage == pytest.approx(hat, rel=1e-6)


@pytest.mark.filterwarnings("ignore:cov_type not fully supported")
@pytest.mark.parametrize("cluster", ["match_set", "person_number"])
def test_one_way_sandwich_is_statsmodels(cluster):
    rows = matched_rows(7)
    fit = fit_poisson(*arrays(rows))
    groups = np.unique(rows[cluster].to_numpy(), return_inverse=True)[1]
    theirs = by_statsmodels(rows).fit(
        tol=1e-13, maxiter=200, cov_type="cluster",
        cov_kwds={"groups": groups, "use_correction": False},
    )  # fmt: skip
    influence = (fit.score @ fit.bread)[:, 1]
    # Clustered twice by the same: V + V - V, with G/(G-1) on each.
    g = groups.max() + 1
    ours = clustered_variance(influence, groups, groups) * (g - 1) / g
    assert np.sqrt(ours) == pytest.approx(theirs.bse[1], rel=1e-7)


def test_two_way_sandwich_by_hand():
    influence = np.array([1.0, -2.0, 0.5, 3.0, -1.5, 0.25])
    one = np.array([0, 0, 1, 1, 2, 2])
    two = np.array([0, 1, 0, 1, 2, 2])
    # sums by one: -1, 3.5, -1.25; by two: 1.5, 1, -1.25; by both: the rows, the last two together
    first = (1 + 12.25 + 1.5625) * 3 / 2
    second = (2.25 + 1 + 1.5625) * 3 / 2
    both = (1 + 4 + 0.25 + 9 + 1.5625) * 5 / 4
    assert clustered_variance(influence, one, two) == pytest.approx(first + second - both)


def test_where_no_rows_share_both_clusters_the_last_term_is_of_rows():
    influence = np.array([1.0, 2.0, 0.5, 3.0])
    one, two = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    first, second = 2 * (9 + 12.25), 2 * (2.25 + 25)
    rows = 1 + 4 + 0.25 + 9
    assert clustered_variance(influence, one, two) == pytest.approx(first + second - rows)


def test_a_variance_that_is_not_positive_gives_way_to_the_larger_one_way():
    influence = np.array([1.0, -1.0, -1.0, 1.0])
    one, two = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert clustered_variance(influence, one, two) == 0.0  # both one-way sums are nought
    influence = np.array([1.0, -1.2, -1.0, 1.0])
    larger = 2 * max(0.2**2 + 0, 0.0 + 0.2**2)
    assert clustered_variance(influence, one, two) == pytest.approx(larger)


def test_two_way_sandwich_is_the_sum_over_pairs_that_share_a_cluster():
    """Cameron, Gelbach & Miller (2011), equation 2.8, without their factors."""
    rows = matched_rows(3, sets=60)
    fit = fit_poisson(*arrays(rows))
    score = fit.score
    one, two = rows["match_set"].to_numpy(), rows["person_number"].to_numpy()
    share = (one[:, None] == one[None, :]) | (two[:, None] == two[None, :])
    theirs = (fit.bread @ (score.T @ (share @ score)) @ fit.bread)[1, 1]
    influence = (score @ fit.bread)[:, 1]
    g1, g2 = len(np.unique(one)), len(np.unique(two))
    first = np.bincount(np.unique(one, return_inverse=True)[1], weights=influence)
    second = np.bincount(np.unique(two, return_inverse=True)[1], weights=influence)
    factors = (first**2).sum() / (g1 - 1) + (second**2).sum() / (g2 - 1)
    assert clustered_variance(influence, one, two) == pytest.approx(theirs + factors, rel=1e-9)


def test_scores_are_divided_by_what_the_persons_leverage_leaves():
    rows = matched_rows(4, sets=40)
    fit = fit_poisson(*arrays(rows))
    person = np.unique(rows["person_number"].to_numpy(), return_inverse=True)[1]
    for at in range(rows.height):
        total = fit.leverage[person == person[at]].sum()
        expected = fit.score[at] / (1 - total) @ fit.bread
        assert fit.influence(person)[at] == pytest.approx(expected, rel=1e-9)


def test_one_persons_own_column_does_not_blow_the_error_up():
    rows = matched_rows(5)
    alone = rows["person_number"] == rows.filter(~pl.col("exposed"))["person_number"][0]
    own = rows.with_columns(z=alone.cast(pl.Float64))
    plain = matched_rate_ratio(rows, adjustment=("x",)).ratio
    with_own = matched_rate_ratio(own, adjustment=("x", "z")).ratio
    assert with_own.standard_error == pytest.approx(plain.standard_error, rel=0.1)


def _leave_out(rows: pl.DataFrame, cluster: str, statistic) -> float:
    """Delete-one-cluster jackknife variance, centred at the mean."""
    ids = rows[cluster].unique().to_list()
    found = np.array([statistic(rows.filter(pl.col(cluster) != i)) for i in ids])
    return float(((found - found.mean()) ** 2).sum() * (len(ids) - 1) / len(ids))


def _ratio(rows: pl.DataFrame) -> float:
    return float(fit_poisson(*arrays(rows)).beta[1])


def _difference(rows: pl.DataFrame) -> float:
    exposed = rows.filter("exposed")
    rate = exposed["events"].sum() / exposed["days"].sum()
    return float(rate * (1 - np.exp(-_ratio(rows))))


@pytest.mark.parametrize("scale", ["ratio", "difference"])
def test_errors_agree_with_the_two_way_jackknife(scale):
    # Everybody in one set only, so that sets hold people whole and one clustering decides.
    rows = matched_rows(12, sets=250, reuse=1)
    statistic = {"ratio": _ratio, "difference": _difference}[scale]
    jackknife = np.sqrt(_leave_out(rows, "match_set", statistic))
    found = matched_rate_ratio(rows, adjustment=("x",))
    estimate = found.ratio if scale == "ratio" else found.difference
    per = 1.0 if scale == "ratio" else 365.25 * 1000
    assert estimate.standard_error == pytest.approx(jackknife * per, rel=0.05)


def test_influence_of_the_difference_is_its_derivative_by_row_weight():
    rows = matched_rows(6, sets=30)
    y, days, x, weight = arrays(rows)
    exposed = rows["exposed"].to_numpy()

    def theta(weights: np.ndarray) -> float:
        b = fit_poisson(y, days, x, weight * weights).beta[1]
        rate = (weights * exposed * y).sum() / (weights * exposed * days).sum()
        return float(rate * (1 - np.exp(-b)))

    fit = fit_poisson(y, days, x, weight)
    b, time = fit.beta[1], (exposed * days).sum()
    rate = (exposed * y).sum() / time
    own = (1 - np.exp(-b)) * exposed * (y - rate * days) / time
    formula = own + rate * np.exp(-b) * (fit.score @ fit.bread)[:, 1]
    step = 1e-5
    for at in range(rows.height):
        up, down = np.ones(rows.height), np.ones(rows.height)
        up[at], down[at] = 1 + step, 1 - step
        slope = (theta(up) - theta(down)) / (2 * step)
        assert formula[at] == pytest.approx(slope, rel=1e-4, abs=1e-12)


def test_the_interval_of_the_difference_uses_that_influence():
    rows = matched_rows(6, sets=80)
    found = matched_rate_ratio(rows, adjustment=("x",))
    y, days, x, weight = arrays(rows)
    x[:, 2] = (x[:, 2] - x[:, 2].mean()) / x[:, 2].std()
    fit = fit_poisson(y, days, x, weight)
    one = np.unique(rows["match_set"].to_numpy(), return_inverse=True)[1]
    person = np.unique(rows["person_number"].to_numpy(), return_inverse=True)[1]
    exposed = rows["exposed"].to_numpy()
    b, time = fit.beta[1], (exposed * days).sum()
    rate = (exposed * y).sum() / time
    own = (1 - np.exp(-b)) * exposed * (y - rate * days) / time
    joint = own + rate * np.exp(-b) * fit.influence(person)[:, 1]
    se = 365250 * np.sqrt(clustered_variance(joint, one, person))
    assert found.difference.standard_error == pytest.approx(se, rel=1e-9)
    assert found.difference.point == pytest.approx(365250 * rate * (1 - np.exp(-b)), rel=1e-9)
    half = found.difference.ci_high - found.difference.point
    assert half == pytest.approx(stats.norm.ppf(0.975) * se, rel=1e-9)


def test_columns_that_repeat_others_are_left_out():
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(50), rng.normal(size=(50, 2))])
    repeated = np.column_stack([x, x[:, 1] + 2 * x[:, 2] - 3, np.zeros(50), rng.normal(size=50)])
    assert independent_columns(repeated).tolist() == [0, 1, 2, 5]
