"""The robustness value as printed for Darfur, and a hidden cause built to be just so strong."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from sp_eval.models.estimate import Estimate
from sp_eval.models.sensitivity import robustness_value

# peacefactor on directlyharmed, R's sensemakr 0.1.6: estimate, standard error, degrees of freedom
DARFUR = (0.0973158192849558, 0.0232565378098110, 783)


def test_darfur_as_printed() -> None:
    """Cinelli and Hazlett 2020, table 1: partial R2 2.2%, RV 13.9%, RV at alpha .05 7.6%."""
    rounded = robustness_value(0.097, 0.023, 783)
    exact = robustness_value(*DARFUR)
    for found in (rounded, exact):
        shares = [found.partial_r2, found.point, found.interval]
        assert [round(100 * share, 1) for share in shares] == pytest.approx(
            [2.2, 13.9, 7.6], abs=0.11 if found is rounded else 0
        )


def test_sensemakr_to_the_last_digit() -> None:
    found = robustness_value(*DARFUR)
    assert found.point == pytest.approx(0.138776353893588, abs=1e-12)
    assert found.interval == pytest.approx(0.0762579655448573, abs=1e-12)
    assert found.partial_r2 == pytest.approx(0.0218730933411097, abs=1e-12)
    half = robustness_value(*DARFUR, q=0.5)
    assert half.interval == pytest.approx(0.00456276081438899, abs=1e-12)
    assert half.point < found.point
    assert robustness_value(1, 0.3, 7).interval == pytest.approx(0.227806963948627, abs=1e-12)
    assert robustness_value(10, 1, 7).interval == pytest.approx(0.869296505839695, abs=1e-12)
    assert robustness_value(1, 1, 50).interval == 0


def test_the_sign_does_not_matter_and_nothing_needs_no_cause() -> None:
    assert robustness_value(-0.5, 0.1, 90) == robustness_value(0.5, 0.1, 90)
    assert robustness_value(0.0, 0.1, 90).to_dict() == {
        "point": 0.0, "interval": 0.0, "partial_r2": 0.0, "q": 1.0, "alpha": 0.05,
    }  # fmt: skip


def _residual(rng: np.random.Generator, n: int, others: list[np.ndarray]) -> np.ndarray:
    base = np.column_stack([np.ones(n), *others])
    raw = rng.normal(size=n)
    left = raw - base @ np.linalg.lstsq(base, raw, rcond=None)[0]
    return left / np.sqrt((left**2).sum())


def _with_hidden(share: float, n: int = 120):
    """Outcome and exposure, and a cause that explains `share` of what is left of either.

    Returns the regressions without and with it; the first is made to have the wished coefficient.
    """
    rng = np.random.default_rng(4)
    z = rng.normal(size=n)
    noise = _residual(rng, n, [z])
    hidden = _residual(rng, n, [z, noise])
    exposure = np.sqrt(share) * hidden + np.sqrt(1 - share) * noise
    rest = _residual(rng, n, [z, noise, hidden])
    # The part of the hidden cause that exposure leaves carries `share` of the outcome's rest.
    free = hidden - exposure * np.sqrt(share)
    free /= np.sqrt((free**2).sum())
    outcome = np.sqrt(share) * free + np.sqrt(1 - share) * rest
    slope = np.sqrt(share * share / (1 - share))  # the bias that so strong a cause can make
    outcome = outcome + slope * exposure + 0.3 * z
    x = np.column_stack([np.ones(n), exposure, z])
    return sm.OLS(outcome, x).fit(), sm.OLS(outcome, np.column_stack([x, hidden])).fit()


@pytest.mark.parametrize("share", [0.05, 0.138776, 0.4])
def test_a_cause_just_so_strong_takes_the_whole_estimate(share: float) -> None:
    without, with_cause = _with_hidden(share)
    found = robustness_value(without.params[1], without.bse[1], without.df_resid)
    assert found.point == pytest.approx(share, rel=1e-9)
    assert with_cause.params[1] == pytest.approx(0, abs=1e-9)
    t = without.tvalues[1]
    assert found.partial_r2 == pytest.approx(t * t / (t * t + without.df_resid))


def test_at_the_interval_the_t_left_is_the_critical_one() -> None:
    """The bias and error that Cinelli and Hazlett give, their equations 9 and 10."""
    b, se, dof = 0.6, 0.15, 60
    r = robustness_value(b, se, dof).interval
    left = b - se * np.sqrt(dof) * np.sqrt(r * r / (1 - r))
    error = se * np.sqrt((1 - r) / (1 - r)) * np.sqrt(dof / (dof - 1))
    assert left / error == pytest.approx(stats.t.ppf(0.975, dof - 1), rel=1e-9)


def test_of_linear_models_only() -> None:
    ratio = Estimate("matched_rate_ratio", "rate_ratio", 0.85, standard_error=0.05)
    with pytest.raises(ValueError, match="use e_value"):
        robustness_value(ratio, dof=100)
    with pytest.raises(ValueError, match="use e_value"):
        robustness_value(-0.16, 0.05, 100, scale="log_rate_ratio")
    with pytest.raises(ValueError, match="use e_value"):
        robustness_value(-16, 5, 100, scale="rate_difference_per_1000_person_years")
    linear = Estimate("paired_change", "mean_change", 0.5, standard_error=0.1)
    assert robustness_value(linear, dof=90) == robustness_value(0.5, 0.1, 90)


@pytest.mark.parametrize(
    "wrong",
    [{"se": 0.0}, {"se": None}, {"dof": 1}, {"q": 0.0}, {"alpha": 0.0}, {"alpha": 1.0}],
)
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above nought"):
        robustness_value(**({"estimate": 0.5, "se": 0.1, "dof": 90} | wrong))
