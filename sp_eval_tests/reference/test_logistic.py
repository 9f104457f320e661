"""The propensity score against statsmodels' logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from sp_eval.comparison.propensity import NotConvergedError, fit_logistic


def drawn(seed: int, *, n: int = 3_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.gamma(2, 2, n), rng.normal(50, 15, n), rng.random(n) < 0.2])
    months = rng.integers(24_200, 24_206, n)
    eta = -5 + 0.6 * x[:, 0] + 0.01 * x[:, 1] + 0.4 * x[:, 2] + 0.1 * (months - 24_200)
    return x.astype(float), (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), months


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_statsmodels(seed):
    x, y, months = drawn(seed)
    dummies = (months[:, None] == np.unique(months)[None, 1:]).astype(float)
    design = np.column_stack([np.ones(len(y)), x, dummies])
    theirs = sm.GLM(y, design, family=sm.families.Binomial()).fit(tol=1e-13, maxiter=200)
    ours = fit_logistic(x, y, months, ridge=1e-9)
    assert ours.logit == pytest.approx(design @ theirs.params, abs=1e-6)
    assert ours.probability == pytest.approx(theirs.fittedvalues, abs=1e-7)


def test_the_ridge_used_moves_nothing_that_matters():
    x, y, months = drawn(9)
    plain, ridged = fit_logistic(x, y, months, ridge=0.0), fit_logistic(x, y, months)
    assert np.abs(plain.logit - ridged.logit).max() < 1e-4


def test_scores_do_not_hang_on_units_or_on_columns_that_repeat():
    x, y, months = drawn(3)
    other = np.column_stack([x[:, 0] * 1000 + 7, x[:, 1] / 12, x[:, 2], x[:, 0] + x[:, 1]])
    ours, same = fit_logistic(x, y, months), fit_logistic(other, y, months)
    assert same.logit == pytest.approx(ours.logit, abs=1e-4)


def test_a_category_that_nobody_referred_holds_still_settles():
    x, y, months = drawn(4)
    x[:, 2] = (np.arange(len(y)) % 50 == 0) & (y == 0)
    fit = fit_logistic(x, y, months)
    assert fit.probability[x[:, 2] == 1].max() < 0.01
    rest = x[:, 2] == 0
    without = fit_logistic(x[rest][:, :2], y[rest], months[rest])
    assert fit.logit[rest] == pytest.approx(without.logit, abs=0.01)


def test_everybody_or_nobody_referred_is_no_regression():
    x, y, months = drawn(5)
    for constant in (np.zeros_like(y), np.ones_like(y)):
        with pytest.raises(NotConvergedError, match="everybody, or nobody"):
            fit_logistic(x, constant, months)


def test_weights_are_statsmodels_variance_weights():
    x, y, months = drawn(6)
    weights = np.random.default_rng(6).uniform(0.2, 3, len(y))
    dummies = (months[:, None] == np.unique(months)[None, 1:]).astype(float)
    design = np.column_stack([np.ones(len(y)), x, dummies])
    binomial = sm.families.Binomial()
    theirs = sm.GLM(y, design, family=binomial, var_weights=weights).fit(tol=1e-13, maxiter=200)
    ours = fit_logistic(x, y, months, weights=weights, ridge=1e-9)
    assert ours.logit == pytest.approx(design @ theirs.params, abs=1e-6)
    plain = fit_logistic(x, y, months)
    assert np.abs(ours.logit - plain.logit).max() > 0.01
    ones = fit_logistic(x, y, months, weights=np.ones(len(y)))
    assert ones.logit == pytest.approx(plain.logit, abs=1e-12)
