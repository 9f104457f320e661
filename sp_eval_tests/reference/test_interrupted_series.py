"""Segmented regression against R 4.2.2 (glm, sandwich 3.0-2): `r/interrupted_series.R`."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from sp_eval.models.interrupted_series import InterruptedSeries, segmented
from sp_eval.models.newey_west import automatic_lag
from sp_eval_tests.reference.sicily import BAN, sicily, with_control

# term: (coefficient, quasi-Poisson error, NeweyWest(lag = 3, prewhite = FALSE) error)
STEP = {
    "intercept": (-6.06018620527400, 0.020151265148404, 0.01891010740034),
    "trend": (0.00494499203225, 0.000941837705115, 0.00077463488576),
    "level": (-0.11162844256310, 0.032495940708350, 0.03199594103545),
}
SEASON = {
    "level": (-0.12208679289862, 0.02703109876566, 0.021768016760566),
    "sine 1": (0.03709672670412, 0.01002406768207, 0.008019631907726),
    "cosine 2": (0.01476338825506, 0.00972209206143, 0.006438097910570),
}
FULL = {
    "intercept": (-6.05810765168576, 0.017991340979745, 0.016450904489658),
    "trend": (0.00510260219701, 0.000874527839249, 0.000963256912942),
    "level": (-0.13037694325100, 0.029077222849865, 0.018069747472878),
    "slope": (0.00148222799796, 0.001854630862058, 0.001432634384409),
    "sine 1": (0.03832613711793, 0.010168710261104, 0.007671952625659),
    "cosine 1": (0.03835577812898, 0.009714161534825, 0.009277058637351),
    "sine 2": (-0.01763264135915, 0.009696572986958, 0.008258673340971),
    "cosine 2": (0.01496528489176, 0.009752383726650, 0.006311115393314),
}
LINE = {
    "intercept": (232.435140002920, 4.850320733445, 4.395771832688),
    "trend": (1.035848635313, 0.228603981952, 0.178378940743),
    "level": (-24.717143143546, 7.525171487548, 7.208007840003),
    "slope": (0.127220442891, 0.502873310709, 0.425610617689),
}
# the third by vcovPL with aggregate = TRUE and no adjustment
COMPARED = {
    "level": (4.53084197108e-03, 0.031555191233938, 0.013571523650048),
    "trend, series of interest": (3.43933481475e-03, 0.001177746612509, 0.001034183347741),
    "level, series of interest": (-1.44626892488e-01, 0.038856091019261, 0.026202099278437),
    "slope, series of interest": (1.67988682124e-03, 0.002504150260460, 0.002070059447595),
}


def ban(series: pl.DataFrame | None = None, **settings) -> InterruptedSeries:
    series = sicily() if series is None else series
    settings = {"outcome": "aces", "offset": "stdpop"} | settings
    return segmented(series, time="time", interruption=BAN, **settings)


def agree(found: InterruptedSeries, printed: dict[str, tuple[float, float, float]]) -> None:
    for term, figures in printed.items():
        row = found.coefficients.row(by_predicate=pl.col("term") == term, named=True)
        own = (row["estimate"], row["model_error"], row["standard_error"])
        assert_allclose(own, figures, rtol=1e-8, atol=1e-11, err_msg=term)


def test_the_ban_as_published() -> None:
    """Rate ratio 0.894 (0.864 to 0.925), the errors plain Poisson; R's third digit is 0.865."""
    found = ban(slope=False)
    assert found.slope is None
    assert round(found.level.point, 3) == 0.894
    row = found.coefficients.row(2, named=True)
    reach = 1.959964 * row["model_error"] / np.sqrt(found.dispersion)
    low, high = np.exp(row["estimate"] - reach), np.exp(row["estimate"] + reach)
    assert (round(low, 3), round(high, 3)) == (0.865, 0.925)
    assert found.dispersion == pytest.approx(3.55918676376, rel=1e-10)
    assert found.lag == 3
    agree(found, STEP)


def test_with_season() -> None:
    found = ban(slope=False, harmonics=2)
    agree(found, SEASON)
    assert found.dispersion == pytest.approx(2.2621826405, rel=1e-10)


def test_level_slope_and_season() -> None:
    found = ban(harmonics=2)
    agree(found, FULL)
    assert found.dispersion == pytest.approx(2.27455832903, rel=1e-10)
    assert found.at_end.point == pytest.approx(0.906859336634, rel=1e-10)
    assert found.at_end.standard_error == pytest.approx(0.039845235074, rel=1e-9)
    assert found.residuals.durbin_watson == pytest.approx(2.43479428178, rel=1e-10)
    assert found.residuals.ljung_box == pytest.approx(16.0295230145, rel=1e-10)
    assert found.residuals.p_value == pytest.approx(0.0987903835098, rel=1e-9)
    assert found.residuals.lags == 10


def test_with_no_lag_it_allows_for_unequal_spread_alone() -> None:
    found = ban(harmonics=2, lag=0)
    assert found.level.standard_error == pytest.approx(0.024224437369668, rel=1e-9)
    assert found.slope is not None
    assert found.slope.standard_error == pytest.approx(0.001614996780152, rel=1e-9)


def test_the_larger_of_two_errors_with_students_t() -> None:
    plain, larger = ban(harmonics=2), ban(harmonics=2, errors="larger")
    assert any("errors='larger'" in note for note in plain.notes)
    assert not any("errors='larger'" in note for note in larger.notes)
    assert larger.level.standard_error == pytest.approx(0.029077222849865, rel=1e-9)
    assert larger.level.ci_high == pytest.approx(
        np.exp(-0.13037694325100 + 2.00758377 * 0.029077222849865), rel=1e-8
    )  # t on 59 - 8
    assert plain.level.ci_high == pytest.approx(
        np.exp(-0.13037694325100 + 1.95996398 * 0.018069747472878), rel=1e-8
    )


def test_a_line_of_rates() -> None:
    rated = sicily().with_columns(rate=pl.col("aces") / pl.col("stdpop") * 1e5)
    found = ban(rated, outcome="rate", offset=None, family="gaussian")
    agree(found, LINE)
    assert found.dispersion == pytest.approx(14.2488331976**2, rel=1e-9)
    assert found.residuals.durbin_watson == pytest.approx(1.59396363674, rel=1e-10)
    assert found.level.scale == "mean_difference"
    assert found.average.point == pytest.approx(-24.717143143546 + 11 * 0.127220442891, rel=1e-9)


def test_beside_a_control_series() -> None:
    found = ban(with_control(), control="is_control", harmonics=1)
    agree(found, COMPARED)
    assert found.dispersion == pytest.approx(1.41545961024, rel=1e-9)
    assert found.level.method == "comparative_interrupted_series"


def test_beside_a_control_it_is_the_series_fitted_apart_and_compared() -> None:
    both = ban(with_control(), control="is_control", harmonics=1)
    own = ban(with_control().filter(~pl.col("is_control")), harmonics=1)
    control = ban(with_control().filter("is_control"), harmonics=1)
    for name in ("level", "immediate", "at_end", "slope"):
        one, two, compared = (getattr(f, name).point for f in (own, control, both))
        assert compared == pytest.approx(one / two, rel=1e-9)


def test_statsmodels_gives_the_same_errors() -> None:
    data = sicily()
    since = data["time"].to_numpy() - BAN
    after = (since >= 0).astype(float)
    x = np.column_stack([np.ones(59), since, after, after * since])
    theirs = sm.GLM(
        data["aces"].to_numpy(), x, family=sm.families.Poisson(), exposure=data["stdpop"].to_numpy()
    ).fit(cov_type="HAC", cov_kwds={"maxlags": 5}, tol=1e-14)
    found = ban(lag=5).coefficients
    assert_allclose(found["estimate"], theirs.params, rtol=1e-7, atol=1e-9)
    assert_allclose(found["standard_error"], theirs.bse, rtol=1e-6)


def test_average_is_the_ratio_of_sums() -> None:
    found = ban(harmonics=2)
    after = found.fitted.filter(pl.col("time") >= BAN)
    ratio = after["fitted"].sum() / after["counterfactual"].sum()
    assert found.average.point == pytest.approx(ratio, rel=1e-12)
    assert found.average.point == pytest.approx(0.892499075958, rel=1e-10)
    assert found.average.standard_error == pytest.approx(0.0268448661462, rel=1e-7)
    # what is fitted after sums to what came, so that the distance is of what was counted
    assert after["fitted"].sum() == pytest.approx(after["observed"].sum(), rel=1e-9)


@pytest.mark.parametrize(("n", "lag"), [(10, 2), (36, 3), (59, 3), (100, 4), (240, 4), (300, 5)])
def test_the_automatic_lag(n: int, lag: int) -> None:
    assert automatic_lag(n) == lag
