"""The same people before and after, against print and R; R's figures by `r/before_after.R`."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from sp_eval.models.before_after import before_after, paired_change
from sp_eval.models.rate_ratio import fit_rate_ratio
from sp_eval_tests.support.published_data import epilepsy

# Student (1908), Biometrika 6:1; R's sleep
SLEEP = pl.DataFrame(
    {
        "one": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        "two": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
        "pair": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4],
    }
)


def placebo() -> pl.DataFrame:
    return epilepsy().filter(~pl.col("progabide")).with_columns(
        late=pl.sum_horizontal("y1", "y2", "y3", "y4"), eight_weeks=56.0,
        group=pl.col("patient") // 5,
    )  # fmt: skip


RATES = {
    "before": "base", "after": "late", "days_before": "eight_weeks", "days_after": "eight_weeks",
}  # fmt: skip


def test_student_s_sleep_as_r_prints_it() -> None:
    found = paired_change(SLEEP, before="one", after="two")
    assert found.scale == "mean_change"
    assert found.point == pytest.approx(1.58, abs=1e-12)
    assert found.point / found.standard_error == pytest.approx(4.0621277, abs=1e-7)
    assert found.p_value == pytest.approx(0.00283289, abs=1e-8)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.700114237, 2.459885763), abs=1e-9)


def test_mean_change_by_groups_of_people_as_r_has_it() -> None:
    found = paired_change(SLEEP, before="one", after="two", cluster="pair")
    assert found.standard_error == pytest.approx(0.411582312545, abs=1e-10)
    assert found.details["clusters"] == 5
    reach = stats.t.ppf(0.975, 4) * 0.411582312545
    assert found.ci_high == pytest.approx(1.58 + reach, abs=1e-9)


def test_seizures_before_and_after_as_r_has_them() -> None:
    found = paired_change(placebo(), **RATES)
    assert np.log(found.point) == pytest.approx(0.108719138307, abs=1e-11)
    assert found.standard_error == pytest.approx(0.117771325151, abs=1e-10)
    grouped = paired_change(placebo(), **RATES, cluster="group")
    assert grouped.standard_error == pytest.approx(0.143764447342, abs=1e-10)
    wide = placebo().rename(
        {"base": "events_pre", "late": "events", "eight_weeks": "days"}
    ).with_columns(days_pre="days")  # fmt: skip
    assert before_after(wide).standard_error == found.standard_error


def test_the_difference_of_the_two_rates_is_the_model_s() -> None:
    """Poisson regression on the two rows of each person says the same."""
    found = paired_change(placebo(), **RATES).difference
    rows = (
        placebo()
        .unpivot(["base", "late"], index=["patient", "eight_weeks"])
        .with_columns(later=pl.col("variable") == "late")
    )
    theirs = fit_rate_ratio(
        rows, outcome="value", exposed="later", person_days="eight_weeks", cluster="patient"
    ).difference
    assert found is not None
    assert theirs is not None
    assert found.point == pytest.approx(theirs.point, rel=1e-10)
    assert found.standard_error == pytest.approx(theirs.standard_error, rel=1e-9)
    assert found.scale == theirs.scale
