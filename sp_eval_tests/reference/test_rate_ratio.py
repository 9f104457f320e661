"""Rate ratios against print, R, pyfixest, statsmodels and literal loops.

R's figures are by `r/rate_ratio.R`, pyfixest's by `python/absorbed_by_pyfixest.py`.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval_tests.support.published_data import absences, epilepsy, epilepsy_long, ships

SHIPS = {"outcome": "incidents", "exposed": "late", "person_days": "months"}


def girls() -> pl.DataFrame:
    return absences().with_columns(
        girl=pl.col("sex") == "F",
        cell=pl.concat_str("eth", "age", "lrn"),
        remainder=pl.col("days") % 7,
        w=1 + (pl.col("days") % 4) / 2,
    )


def test_ships_as_mccullagh_and_nelder_print_them() -> None:
    """Generalized Linear Models (1989), section 6.3.2: 0.384, dispersion 1.69 on 25."""
    found = fit_rate_ratio(ships(), **SHIPS, covariates=("type", "built"))
    assert round(np.log(found.point), 3) == 0.384
    assert round(found.details["dispersion"], 2) == 1.69
    assert found.details["rows"] - found.details["parameters"] == 25
    assert found.details["rows_dropped"] == 6  # ships of no months


def test_ships_as_r_has_them() -> None:
    found = fit_rate_ratio(ships(), **SHIPS, covariates=("type", "built"))
    assert np.log(found.point) == pytest.approx(0.384466958212, abs=1e-10)
    assert found.details["model_standard_error"] == pytest.approx(0.153799754418, abs=1e-9)
    assert found.details["dispersion"] == pytest.approx(1.691010124992, abs=1e-8)
    assert found.standard_error == pytest.approx(0.0995599203747, abs=1e-9)
    by_type = fit_rate_ratio(ships(), **SHIPS, covariates=("type", "built"), cluster="type")
    assert by_type.standard_error == pytest.approx(0.0847965828322, abs=1e-8)
    assert by_type.details["clusters_type"] == 5
    z = stats.norm.ppf(0.975)
    assert np.log(found.ci_high / found.point) == pytest.approx(z * 0.0995599203747, abs=1e-8)


def test_the_marginal_difference_is_r_s_jackknife_by_row_weights() -> None:
    found = fit_rate_ratio(ships(), **SHIPS, covariates=("type", "built")).difference
    assert found is not None
    assert found.scale == "rate_difference_per_1000_person_years"
    assert found.point == pytest.approx(338.835664728, abs=1e-6)
    assert found.standard_error == pytest.approx(77.155417973, abs=1e-5)


@pytest.mark.parametrize(
    ("cluster", "error"),
    [
        ((), 0.155366872203),
        (("cell",), 0.212176195931),
        (("cell", "remainder"), 0.185440442743),
    ],
)
def test_weighted_absences_as_r_has_them(cluster: tuple[str, ...], error: float) -> None:
    found = fit_rate_ratio(
        girls(), outcome="days", exposed="girl", covariates=("eth", "age", "lrn"), weights="w",
        cluster=cluster,
    )  # fmt: skip
    assert np.log(found.point) == pytest.approx(-0.242777233063, abs=1e-10)
    assert found.standard_error == pytest.approx(error, abs=1e-9)
    assert found.details["model_standard_error"] == pytest.approx(0.153184034952, abs=1e-9)
    assert found.details["dispersion"] == pytest.approx(22.054170176360, abs=1e-7)


def test_two_ways_that_share_no_row_take_the_last_term_of_rows() -> None:
    """R's `vcovCL(multi0 = TRUE)`."""
    visits = epilepsy().unpivot(
        ["y1", "y2", "y3", "y4"], index=["patient", "progabide", "age", "base"]
    )
    rows = visits.with_columns(log_base=pl.col("base").log())
    given = {"outcome": "value", "exposed": "progabide", "covariates": ("log_base", "age")}
    one = fit_rate_ratio(rows, **given, cluster="patient")
    two = fit_rate_ratio(rows, **given, cluster=("patient", "variable"))
    assert np.log(one.point) == pytest.approx(-0.0294390727663, abs=1e-10)
    assert one.standard_error == pytest.approx(0.1928964886846, abs=1e-9)
    assert two.standard_error == pytest.approx(0.154373836899, abs=1e-9)


@pytest.mark.parametrize(
    ("levels", "covariates", "model_error", "dispersion"),
    [
        (("patient",), ("after",), 0.109603752042, 2.837094761736),
        (("patient", "visit"), (), 0.108708867936, None),
    ],
)
def test_absorbed_levels_are_r_s_dummies_and_pyfixest_s(
    levels: tuple, covariates: tuple, model_error: float, dispersion: float | None
) -> None:
    rows = epilepsy_long().with_columns(both=pl.col("progabide") & pl.col("after"))
    found = fit_rate_ratio(
        rows, outcome="y", exposed="both", person_days="days", covariates=covariates,
        fixed_effects=levels, cluster="patient",
    )  # fmt: skip
    assert np.log(found.point) == pytest.approx(-0.101601670538, abs=1e-10)
    assert found.standard_error == pytest.approx(0.215196947937, abs=1e-9)
    assert found.details["model_standard_error"] == pytest.approx(model_error, abs=1e-9)
    if dispersion is not None:
        assert found.details["dispersion"] == pytest.approx(dispersion, abs=1e-8)
        robust = fit_rate_ratio(
            rows, outcome="y", exposed="both", person_days="days", covariates=covariates,
            fixed_effects=levels,
        )  # fmt: skip
        assert robust.standard_error == pytest.approx(0.143767487734, abs=1e-9)


def test_absorbed_levels_are_those_of_columns_of_nought_and_one() -> None:
    """Weights, covariates, uneven groups, all at once."""
    rng = np.random.default_rng(5)
    n = 600
    group = rng.integers(0, 25, n)
    rows = pl.DataFrame(
        {
            "group": group,
            "wave": rng.integers(0, 4, n),
            "x": rng.normal(size=n),
            "exposed": rng.random(n) < 0.4,
            "days": rng.uniform(50, 400, n),
            "w": rng.uniform(0.2, 2, n),
        }
    )
    rate = np.exp(rng.normal(0, 1, 25)[group] + 0.3 * rows["x"].to_numpy()) / 200
    rows = rows.with_columns(y=pl.Series(rng.poisson(rate * rows["days"].to_numpy())))
    rows = rows.filter(pl.col("y").sum().over("group") > 0)
    given = {"outcome": "y", "exposed": "exposed", "person_days": "days", "weights": "w"}
    absorbed = fit_rate_ratio(
        rows, **given, covariates=("x",), fixed_effects=("group", "wave"), cluster="group"
    )
    as_text = rows.with_columns(pl.col("group", "wave").cast(pl.String))
    columns = fit_rate_ratio(as_text, **given, covariates=("x", "group", "wave"), cluster="group")
    assert absorbed.point == pytest.approx(columns.point, rel=1e-9)
    assert absorbed.standard_error == pytest.approx(columns.standard_error, rel=1e-8)
    for name in ("parameters", "dispersion", "model_standard_error", "rate_expected"):
        assert absorbed.details[name] == pytest.approx(columns.details[name], rel=1e-8)
    assert absorbed.difference is not None
    assert columns.difference is not None
    assert absorbed.difference.standard_error == pytest.approx(
        columns.difference.standard_error, rel=1e-8
    )


def test_one_level_each_is_the_conditional_likelihood() -> None:
    """Two counts a person, before and after: the ratio is that of their sums, by binomials."""
    wide = epilepsy().with_columns(late=pl.sum_horizontal("y1", "y2", "y3", "y4"))
    rows = wide.unpivot(["base", "late"], index=["patient"]).with_columns(
        later=pl.col("variable") == "late"
    )
    found = fit_rate_ratio(rows, outcome="value", exposed="later", fixed_effects="patient")
    assert found.point == pytest.approx(wide["late"].sum() / wide["base"].sum(), rel=1e-10)


def test_robust_errors_are_statsmodels_s() -> None:
    rows = girls()
    found = fit_rate_ratio(rows, outcome="days", exposed="girl", covariates=("age",))
    dummies = [(rows["age"] == level).to_numpy().astype(float) for level in ("F1", "F2", "F3")]
    x = np.column_stack([np.ones(146), rows["girl"].to_numpy().astype(float), *dummies])
    theirs = sm.GLM(rows["days"].to_numpy(), x, family=sm.families.Poisson()).fit(
        tol=1e-14, maxiter=100, cov_type="HC0"
    )
    assert np.log(found.point) == pytest.approx(theirs.params[1], abs=1e-9)
    assert found.standard_error == pytest.approx(theirs.bse[1], abs=1e-9)


def test_the_difference_is_the_mean_of_what_the_model_takes_from_each_exposed() -> None:
    """G-computation by hand: everybody exposed once as they are, once not exposed."""
    rows = girls()
    x = np.column_stack(
        [np.ones(146), rows["girl"].to_numpy(), (rows["eth"] == "N").to_numpy()]
    ).astype(float)
    w, y = rows["w"].to_numpy(), rows["days"].to_numpy()
    theirs = sm.GLM(y, x, family=sm.families.Poisson(), var_weights=w).fit(tol=1e-14, maxiter=100)
    without = x.copy()
    without[:, 1] = 0
    each = theirs.predict(x) - theirs.predict(without)
    girl = x[:, 1] == 1
    found = fit_rate_ratio(rows, outcome="days", exposed="girl", covariates=("eth",), weights="w")
    assert found.difference is not None
    assert found.difference.point == pytest.approx(np.average(each[girl], weights=w[girl]))
    assert found.details["rate_expected"] == pytest.approx(
        np.average(theirs.predict(without)[girl], weights=w[girl])
    )
