"""Negative binomial regression against R's MASS and sandwich, and statsmodels.

R's figures are by `r/negative_binomial.R`: as MASS prints them where it stops, and to ten digits
where scoring steps are taken until nothing moves.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import special

from sp_eval.models.negative_binomial import fit_negative_binomial
from sp_eval.models.poisson import fit_poisson
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval_tests.support.published_data import absences

GIVEN = {
    "outcome": "days", "exposed": "girl", "covariates": ("eth", "age", "lrn"),
    "family": "negative_binomial",
}  # fmt: skip


def girls() -> pl.DataFrame:
    return absences().with_columns(
        girl=pl.col("sex") == "F",
        cell=pl.concat_str("eth", "age", "lrn"),
        w=1 + (pl.col("days") % 4) / 2,
    )


def test_absences_as_venables_and_ripley_s_package_has_them() -> None:
    """MASS: glm.nb(Days ~ ...): theta 1.275 (0.161), -0.0823 (0.160)."""
    found = fit_rate_ratio(girls(), **GIVEN)
    assert 1 / found.details["alpha"] == pytest.approx(1.2748926458, abs=1e-6)
    theta_error = found.details["alpha_standard_error"] / found.details["alpha"] ** 2
    assert theta_error == pytest.approx(0.1610351790, abs=1e-6)
    assert np.log(found.point) == pytest.approx(-0.0823202641, abs=1e-6)
    assert found.details["model_standard_error"] == pytest.approx(0.1599150149, abs=1e-8)
    assert found.details["log_likelihood"] == pytest.approx(-546.5755091450, abs=1e-8)


@pytest.mark.parametrize(
    ("weights", "figures", "errors", "difference"),
    [
        (
            None,
            (-0.0823202841457, 0.7843797702285, 0.0990774523830, -546.5755091449914),
            (0.159915014648, 0.155168201376, 0.223008951716),
            (-1.34555035350, 2.56091559042),
        ),
        (
            "w",
            (-0.1798518605284, 0.6957605605105, 0.0664453421931, -935.3630614908740),
            (0.115147134569, 0.151104010132, 0.216013613329),
            (-2.86651057730, 2.46407560631),
        ),
    ],
)
def test_points_and_all_errors_as_r_has_them(
    weights: str | None, figures: tuple, errors: tuple, difference: tuple
) -> None:
    found = fit_rate_ratio(girls(), **GIVEN, weights=weights)
    by_cell = fit_rate_ratio(girls(), **GIVEN, weights=weights, cluster="cell")
    names = ("alpha", "alpha_standard_error", "log_likelihood")
    ours = (np.log(found.point), *(found.details[name] for name in names))
    assert ours == pytest.approx(figures, abs=1e-8)
    assert found.details["model_standard_error"] == pytest.approx(errors[0], abs=1e-9)
    assert found.standard_error == pytest.approx(errors[1], abs=1e-9)
    assert by_cell.standard_error == pytest.approx(errors[2], abs=1e-9)
    assert found.difference is not None
    assert found.difference.point == pytest.approx(difference[0], abs=1e-7)
    assert found.difference.standard_error == pytest.approx(difference[1], abs=1e-7)


def test_the_difference_s_error_is_nearly_that_of_moved_weights() -> None:
    """R: 2.597 when each row's weight is moved (observed information), theta held."""
    found = fit_rate_ratio(girls(), **GIVEN).difference
    assert found is not None
    assert found.standard_error == pytest.approx(2.59709182, rel=0.02)


def test_statsmodels_has_the_same_maximum_and_nearly_the_same_errors() -> None:
    """Its errors are of the observed information and take alpha in; R's and ours hold it."""
    data = sm.datasets.randhie.load_pandas().data
    rows = pl.DataFrame(
        {name: data[name].to_numpy(dtype=float) for name in ("mdvis", "physlm", "disea", "hlthp")}
    )
    found = fit_rate_ratio(
        rows, outcome="mdvis", exposed="hlthp", covariates=("physlm", "disea"),
        family="negative_binomial",
    )  # fmt: skip
    x = np.column_stack([np.ones(rows.height), rows.select("hlthp", "physlm", "disea").to_numpy()])
    model = sm.NegativeBinomial(rows["mdvis"].to_numpy(), x)
    theirs = model.fit(disp=0, maxiter=500, method="bfgs", gtol=1e-8)
    robust = model.fit(disp=0, maxiter=500, method="bfgs", gtol=1e-8, cov_type="HC0")
    assert np.log(found.point) == pytest.approx(theirs.params[1], abs=1e-5)
    assert found.details["alpha"] == pytest.approx(theirs.params[-1], abs=1e-5)
    assert found.details["log_likelihood"] == pytest.approx(theirs.llf, abs=1e-5)
    assert found.details["model_standard_error"] == pytest.approx(theirs.bse[1], rel=0.1)
    assert found.standard_error == pytest.approx(robust.bse[1], rel=0.05)


def test_errors_of_alpha_leave_the_coefficients_alone_where_the_mean_is_right() -> None:
    """Robust errors from the whole score, alpha's with it, are ours but for a percent or two."""
    rows = girls()
    found = fit_rate_ratio(rows, **GIVEN)
    dummies = pl.DataFrame(rows.select("eth", "age", "lrn")).to_dummies(drop_first=True)
    x = np.column_stack([np.ones(146), rows["girl"].to_numpy(), dummies.to_numpy()]).astype(float)
    fit = sm.NegativeBinomial(rows["days"].to_numpy(), x).fit(
        disp=0, maxiter=500, method="bfgs", gtol=1e-9, cov_type="HC0"
    )
    assert found.standard_error == pytest.approx(fit.bse[1], rel=0.06)


def arrays(seed: int, *, alpha: float, n: int = 400) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.normal(size=n)]).astype(float)
    days = rng.uniform(0.5, 2, n)
    mean = days * np.exp(x @ [0.5, -0.3, 0.4])
    frail = rng.gamma(1 / alpha, alpha, n) if alpha else np.ones(n)
    return rng.poisson(mean * frail).astype(float), days, x, rng.uniform(0.5, 2, n)


@pytest.mark.parametrize("alpha", [0.05, 0.8, 4.0])
def test_it_is_the_maximum_of_the_likelihood(alpha: float) -> None:
    y, days, x, weight = arrays(1, alpha=alpha)
    found = fit_negative_binomial(y, days, x, weight)

    def likelihood(beta: np.ndarray, alpha: float) -> float:
        mean, theta = days * np.exp(x @ beta), 1 / alpha
        each = (
            special.gammaln(y + theta) - special.gammaln(theta) - special.gammaln(y + 1)
            + theta * np.log(theta / (theta + mean)) + y * np.log(mean / (theta + mean))
        )  # fmt: skip
        return float(weight @ each)

    beta = found.linear.beta
    top = likelihood(beta, found.alpha)
    assert found.log_likelihood == pytest.approx(top, abs=1e-8)
    for step in (-1e-3, 1e-3):
        assert likelihood(beta, found.alpha * (1 + step)) < top
        for at in range(3):
            moved = beta.copy()
            moved[at] += step
            assert likelihood(moved, found.alpha) < top
    assert abs(found.linear.score.sum(axis=0)).max() < 1e-7


def test_two_rows_of_weight_one_are_one_of_weight_two() -> None:
    y, days, x, _ = arrays(2, alpha=0.8)
    once = fit_negative_binomial(y, days, x, np.full(len(y), 2.0))
    twice = fit_negative_binomial(
        np.tile(y, 2), np.tile(days, 2), np.tile(x, (2, 1)), np.ones(2 * len(y))
    )
    assert once.linear.beta == pytest.approx(twice.linear.beta, abs=1e-9)
    assert once.alpha == pytest.approx(twice.alpha, abs=1e-9)
    assert once.alpha_error == pytest.approx(twice.alpha_error, abs=1e-9)


def test_counts_that_vary_no_more_than_poisson_s_are_poisson_s() -> None:
    _, days, x, weight = arrays(3, alpha=0.0)
    calm = np.round(days * np.exp(x @ [0.5, -0.3, 0.4]))
    found = fit_negative_binomial(calm, days, x, weight)
    assert found.alpha == 0
    assert found.alpha_error is None
    assert found.linear.beta == pytest.approx(fit_poisson(calm, days, x, weight).beta)
    assert np.isfinite(found.log_likelihood)
    even = pl.DataFrame({"y": [2, 3] * 20, "e": [False, True] * 20})
    estimate = fit_rate_ratio(even, outcome="y", exposed="e", family="negative_binomial")
    assert estimate.point == pytest.approx(1.5)
    assert estimate.details["alpha"] == 0
    assert "alpha is nought" in estimate.notes[0]
