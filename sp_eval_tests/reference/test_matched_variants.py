"""The matched negative binomial and the balanced contrast, part by part and against statsmodels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.matched_rate_ratio import matched_rate_ratio
from sp_eval.models.matched_variants import (
    entropy_balanced_rate_ratio,
    matched_negative_binomial,
)
from sp_eval.models.negative_binomial import fit_negative_binomial
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval.models.sandwich import clustered_variance, one_way_variance
from sp_eval_tests.support.matched_frames import matched_rows


def codes(rows: pl.DataFrame, name: str) -> np.ndarray:
    return np.unique(rows[name].to_numpy(), return_inverse=True)[1]


def parts(rows: pl.DataFrame) -> tuple[np.ndarray, ...]:
    x = rows["x"].to_numpy()
    design = np.column_stack(
        [np.ones(rows.height), rows["exposed"].to_numpy().astype(float), (x - x.mean()) / x.std()]
    )
    return (*(rows[c].to_numpy() for c in ("events", "days")), design, rows["weight"].to_numpy())


@pytest.mark.parametrize("by_practice", [False, True])
def test_matched_negative_binomial_from_its_parts(by_practice: bool) -> None:
    rows = matched_rows(1)
    found = matched_negative_binomial(rows, adjustment=("x",), by_practice=by_practice)
    whole = fit_negative_binomial(*parts(rows))
    fit = whole.linear
    assert found.ratio.details == pytest.approx({"alpha": whole.alpha})
    influence = fit.influence(codes(rows, "person_number"))[:, 1]
    sets = codes(rows, "match_set")
    variance = clustered_variance(influence, sets, codes(rows, "person_number"))
    reach = stats.norm.ppf(0.975)
    if by_practice:
        practice = codes(rows, "practice_number")
        variance = max(variance, clustered_variance(influence, sets, practice))
        reach = stats.t.ppf(0.975, practice.max())
    b = np.log(found.ratio.point)
    assert b == pytest.approx(fit.beta[1], abs=1e-10)
    assert found.ratio.standard_error == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert np.log(found.ratio.ci_high) - b == pytest.approx(reach * np.sqrt(variance), rel=1e-9)


def test_its_difference_is_g_computation_over_the_exposed() -> None:
    rows = matched_rows(2)
    found = matched_negative_binomial(rows, adjustment=("x",))
    y, days, design, weight = parts(rows)
    fit = fit_negative_binomial(y, days, design, weight)
    theirs = sm.GLM(
        y, design, family=sm.families.NegativeBinomial(alpha=fit.alpha), offset=np.log(days),
        var_weights=weight,
    ).fit(tol=1e-14, maxiter=200)  # fmt: skip
    exposed = design[:, 1] == 1
    without = design.copy()
    without[:, 1] = 0
    gap = theirs.predict(design, offset=np.log(days)) - theirs.predict(without, offset=np.log(days))
    per = 365250 / days[exposed].sum()
    assert found.difference.point == pytest.approx(per * gap[exposed].sum(), rel=1e-7)
    assert found.rate_exposed == pytest.approx(
        per * theirs.predict(design, offset=np.log(days))[exposed].sum(), rel=1e-7
    )


def test_its_difference_s_error_is_that_of_rows_left_out() -> None:
    """Delete one set at a time, nobody serving twice: the jackknife over sets."""
    rows = matched_rows(12, sets=150, reuse=1)
    found = matched_negative_binomial(rows, adjustment=("x",)).difference
    sets = rows["match_set"].unique().to_list()
    points = np.array(
        [
            matched_negative_binomial(
                rows.filter(pl.col("match_set") != one), adjustment=("x",)
            ).difference.point
            for one in sets
        ]
    )
    n = len(sets)
    jackknife = np.sqrt(((points - points.mean()) ** 2).sum() * (n - 1) / n)
    assert found.standard_error == pytest.approx(jackknife, rel=0.06)


@pytest.mark.parametrize("by_practice", [False, True])
def test_balanced_contrast_is_the_weighted_regression_clustered_by_person(
    by_practice: bool,
) -> None:
    rows = matched_rows(3).rename({"weight": "balance"})
    found = entropy_balanced_rate_ratio(
        rows, weights="balance", adjustment=("x",), by_practice=by_practice
    )
    plain = fit_rate_ratio(
        rows, outcome="events", exposed="exposed", person_days="days", covariates="x",
        weights="balance", cluster="person_number",
    )  # fmt: skip
    assert found.ratio.point == pytest.approx(plain.point, rel=1e-9)
    if not by_practice:
        # leverage widens it a little
        assert 1 < found.ratio.standard_error / plain.standard_error < 1.03
    assert plain.difference is not None
    assert found.difference.point == pytest.approx(plain.difference.point, rel=1e-9)
    y, days, design, weight = parts(rows.rename({"balance": "weight"}))
    influence = _influence(y, days, design, weight, codes(rows, "person_number"))
    variance = one_way_variance(influence, codes(rows, "person_number"))
    if by_practice:
        variance = max(variance, one_way_variance(influence, codes(rows, "practice_number")))
    assert found.ratio.standard_error == pytest.approx(np.sqrt(variance), rel=1e-7)


def _influence(
    y: np.ndarray, days: np.ndarray, design: np.ndarray, weight: np.ndarray, person: np.ndarray
) -> np.ndarray:
    """Row influences on the log ratio from statsmodels' fit, person by person."""
    fit = sm.GLM(
        y, design, family=sm.families.Poisson(), offset=np.log(days), var_weights=weight
    ).fit(tol=1e-14, maxiter=200)  # fmt: skip
    bread = np.asarray(fit.normalized_cov_params)
    hat = fit.get_hat_matrix_diag(observed=False)
    total = np.array([hat[person == p].sum() for p in person])
    return (design * (weight * (y - fit.fittedvalues) / (1 - total))[:, None] @ bread)[:, 1]


def test_rows_of_no_weight_or_no_day_drop_out() -> None:
    rows = matched_rows(4)
    more = pl.concat(
        [
            rows,
            rows.head(20).with_columns(weight=0.0),
            rows.head(20).with_columns(days=0.0, events=0.0),
        ]
    )
    one, two = (
        entropy_balanced_rate_ratio(r, weights="weight", adjustment=("x",)) for r in (rows, more)
    )
    assert one == two


def test_without_dispersion_or_covariates_all_three_agree() -> None:
    """Poisson counts of persons alike: alpha is about nought, and the models are one."""
    rng = np.random.default_rng(6)
    rows = matched_rows(6).with_columns(days=pl.lit(365.0))
    mean = np.where(rows["exposed"].to_numpy(), 6.0, 8.0)
    rows = rows.with_columns(events=pl.Series(rng.poisson(mean).astype(float)))
    primary = matched_rate_ratio(rows, adjustment=())
    binomial = matched_negative_binomial(rows, adjustment=())
    assert binomial.ratio.point == pytest.approx(primary.ratio.point, rel=1e-6)
    assert binomial.ratio.standard_error == pytest.approx(primary.ratio.standard_error, rel=1e-2)
    assert binomial.difference.point == pytest.approx(primary.difference.point, rel=1e-6)


def test_too_few_events_are_said_so() -> None:
    none = matched_rows(8).with_columns(events=pl.lit(0.0))
    with pytest.raises(TooFewEventsError, match="among the referred"):
        matched_negative_binomial(none, adjustment=("x",))
    with pytest.raises(TooFewEventsError, match="among the referred"):
        entropy_balanced_rate_ratio(none, weights="weight", adjustment=("x",))
    one = matched_rows(8, sets=1).with_columns(events=pl.lit(20.0))
    with pytest.raises(TooFewEventsError, match="all rows are of one match_set"):
        matched_negative_binomial(one, adjustment=())
