"""Random effects of the BCG trials: as printed, and as R's metafor has them to 1e-8."""

from __future__ import annotations

from math import exp, log

import numpy as np
import polars as pl
import pytest

from sp_eval.models.between_variance import between_variance, generalised_q
from sp_eval.models.estimate import Estimate
from sp_eval.models.synthesis import Synthesis, random_effects

# Tuberculosis among the vaccinated and the others, Colditz et al. 1994, JAMA 271:698-702:
# cases and all vaccinated, cases and all others, of thirteen trials.
BCG = [
    (4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220), (62, 13598, 248, 12867),
    (33, 5069, 47, 5808), (180, 1541, 372, 1451), (8, 2545, 10, 629), (505, 88391, 499, 88391),
    (29, 7499, 45, 7277), (17, 1716, 65, 1665), (186, 50634, 141, 27338), (5, 2498, 3, 2341),
    (27, 16913, 29, 17854),
]  # fmt: skip
TRIALS = np.array(
    [[log(a / n / (c / m)), (1 / a - 1 / n + 1 / c - 1 / m) ** 0.5] for a, n, c, m in BCG]
)
AGREEING = [(-0.10, 0.04), (-0.12, 0.05), (-0.11, 0.03), (-0.09, 0.06)]


def test_as_printed() -> None:
    """Viechtbauer 2010, Journal of Statistical Software 36(3), section 3.1."""
    found = random_effects(TRIALS, knapp_hartung=False)
    figures = (found.point, found.standard_error, found.ci_low, found.ci_high, found.tau2)
    assert [round(v, 4) for v in figures] == [-0.7145, 0.1798, -1.0669, -0.3622, 0.3132]
    assert (round(found.i2, 2), round(found.h2, 2), round(found.q, 4)) == (92.22, 12.86, 152.2330)
    assert [round(v, 4) for v in (found.tau2_low, found.tau2_high)] == [0.1197, 1.1115]
    assert [round(v, 2) for v in (found.i2_low, found.i2_high)] == [81.92, 97.68]


@pytest.mark.parametrize(
    ("method", "knapp_hartung", "mean", "error", "low", "high", "p_value", "tau2", "i2", "ends"),
    [  # reference/r/synthesis.R
        ("REML", False, -0.714532342158, 0.179781516105, -1.06689763881, -0.362167045506,
         7.05425810164e-05, 0.313243258136, 92.2213845213, (-2.00837590692, 0.579311222606)),
        ("REML", True, -0.714532342158, 0.180791744093, -1.10844371369, -0.320620970631,
         0.00192001509606, 0.313243258136, 92.2213845213, (-2.00905765037, 0.579992966055)),
        ("DL", False, -0.714117222073, 0.178742089535, -1.06444528008, -0.363789164062,
         6.4629243047e-05, 0.308760262862, 92.1173468546, (-1.99883849575, 0.570604051606)),
        ("DL", True, -0.714117222073, 0.180696628336, -1.10782135417, -0.320413089978,
         0.00192076676705, 0.308760262862, 92.1173468546, (-2.00016235181, 0.57192790766)),
        ("PM", True, -0.714968153493, 0.180892191538, -1.1090983812, -0.320837925785,
         0.00191927183128, 0.318068452205, 92.3303379542, (-2.01855805418, 0.588621747198)),
        ("ML", True, -0.711199135474, 0.180042222144, -1.10347743896, -0.318920831984,
         0.00192716565913, 0.280028137269, 91.3782837894, (-1.94147569529, 0.51907742434)),
    ],
)  # fmt: skip
def test_metafor(
    method: str, knapp_hartung: bool, mean: float, error: float, low: float, high: float,
    p_value: float, tau2: float, i2: float, ends: tuple[float, float],
) -> None:  # fmt: skip
    found = random_effects(TRIALS, method=method, knapp_hartung=knapp_hartung)
    ours = (found.point, found.standard_error, found.ci_low, found.ci_high, found.tau2)
    assert ours == pytest.approx((mean, error, low, high, tau2), abs=1e-10)
    assert found.p_value == pytest.approx(p_value, rel=1e-8)
    assert found.i2 == pytest.approx(i2, abs=1e-8)
    assert (found.prediction_low, found.prediction_high) == pytest.approx(ends, abs=1e-9)
    assert (found.tau2_low, found.tau2_high) == pytest.approx(
        (0.119718361141, 1.11147908406), abs=1e-9
    )
    assert found.q == pytest.approx(152.233008082, abs=1e-8)
    assert found.q_p_value == pytest.approx(1.99676459085e-26, rel=1e-8)


def test_metafors_degrees_for_prediction() -> None:
    found = random_effects(TRIALS, prediction_df="k-1")
    ends = (found.prediction_low, found.prediction_high)
    assert ends == pytest.approx((-1.9960168342, 0.56695214988), abs=1e-9)


@pytest.mark.parametrize(
    ("settings", "error", "low", "high"),
    [  # reference/r/synthesis.R: test = "z", "knha", "adhoc"
        ({"knapp_hartung": False}, 0.0203536059466, -0.14665873277, -0.066874063548),
        ({}, 0.0051002071615, -0.122997533596, -0.0905352627215),
        ({"at_least_chance": True}, 0.0203536059466, -0.171540656203, -0.0419921401149),
    ],
)
def test_sites_that_agree_better_than_chance(
    settings: dict[str, bool], error: float, low: float, high: float
) -> None:
    found = random_effects(AGREEING, **settings)
    ours = (found.standard_error, found.ci_low, found.ci_high)
    assert ours == pytest.approx((error, low, high), abs=1e-11)
    assert (found.tau2, found.i2, found.h2, found.tau2_high) == (0, 0, 1, 0)
    assert any("agree better than chance" in note for note in found.notes) == (settings == {})
    assert any("fewer than 5 sites" in note for note in found.notes)
    assert random_effects(TRIALS).notes == ()


def test_i2_of_dersimonian_and_laird_is_q_less_its_degrees_over_q() -> None:
    found = random_effects(TRIALS, method="DL")
    assert found.i2 == pytest.approx(100 * (found.q - 12) / found.q)
    assert found.h2 == pytest.approx(found.q / 12)


def test_the_variance_found_is_where_each_method_says() -> None:
    y, v = TRIALS[:, 0], TRIALS[:, 1] ** 2
    assert generalised_q(y, v, between_variance(y, v, "PM")) == pytest.approx(12, rel=1e-12)
    for method, restricted in (("REML", 1), ("ML", 0)):
        tops = np.array([between_variance(y, v, method) + step for step in (-1e-4, 0, 1e-4)])
        heights = [_likelihood(y, v, tau2, restricted) for tau2 in tops]
        assert heights[1] == max(heights)


def _likelihood(y: np.ndarray, v: np.ndarray, tau2: float, restricted: int) -> float:
    """By the covariance of all contrasts of the estimates, not by our formula."""
    k = len(y)
    if restricted:
        contrast = np.linalg.svd(np.ones((1, k)))[2][1:]
        cov = contrast @ np.diag(v + tau2) @ contrast.T
        left = contrast @ y
    else:
        cov = np.diag(v + tau2)
        w = 1 / (v + tau2)
        left = y - (w @ y) / w.sum()
    return float(-np.linalg.slogdet(cov)[1] - left @ np.linalg.solve(cov, left))


def test_nothing_on_a_grid_is_likelier() -> None:
    """Few estimates, precise and vague: no variance on a fine grid is likelier than ours."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        k = int(rng.integers(3, 7))
        y, v = rng.normal(0, 1, k), rng.uniform(0.001, 3, k) ** 2
        for method, restricted in (("REML", 1), ("ML", 0)):
            found = between_variance(y, v, method)
            tried = np.concatenate([[0.0], np.geomspace(1e-8, 50, 300)])
            best = max(_likelihood(y, v, float(t), restricted) for t in tried)
            assert _likelihood(y, v, found, restricted) >= best - 1e-9


def test_a_likelihood_that_first_falls_and_then_rises() -> None:
    y = np.array([-1.3, -1.4, 0.2, 0.0, -1.9])
    v = np.array([0.01, 0.03, 0.32, 0.25, 1.66])
    assert _likelihood(y, v, 1e-4, 0) < _likelihood(y, v, 0.0, 0)
    found = between_variance(y, v, "ML")
    assert found == pytest.approx(0.29495948, abs=1e-8)
    assert _likelihood(y, v, found, 0) > _likelihood(y, v, 0.0, 0) + 1


def _estimate(point: float, error: float, **changes: object) -> Estimate:
    given = {"method": "matched_rate_ratio", "scale": "rate_ratio", "standard_error": error}
    return Estimate(**(given | {"point": point} | changes))


def test_of_estimates_it_gives_an_estimate() -> None:
    sites = [_estimate(exp(b), s) for b, s in TRIALS]
    found = random_effects(sites)
    assert found.point == pytest.approx(random_effects(TRIALS).point)
    pooled = found.estimate()
    assert (pooled.method, pooled.scale) == ("random_effects_REML", "rate_ratio")
    assert pooled.point == pytest.approx(exp(-0.714532342158))
    assert pooled.ci_high == pytest.approx(exp(-0.320620970631))
    assert pooled.standard_error == found.standard_error
    differences = [_estimate(p, 3, scale="rate_difference") for p in (-10, -14, -3, -8, -9)]
    assert random_effects(differences).estimate().point == random_effects(differences).point
    assert found.to_dict()["sites"] == 13


def test_rows_as_published_are_read() -> None:
    rows = pl.DataFrame(
        {
            "scheme_code": list("abcde"), "outcome": "gp_contact", "scale": "rate_ratio",
            "point": [0.8, 0.9, 0.85, 1.0, 0.7], "ci_low": [0.7, 0.8, 0.7, 0.9, 0.5],
            "ci_high": [0.9143, 1.0125, 1.0321, 1.1111, 0.98], "ci_level": 0.95,
        }
    )  # fmt: skip
    found = random_effects(rows)
    by_hand = [
        (log(p), log(h / w) / (2 * 1.959963985))
        for p, w, h in zip(rows["point"], rows["ci_low"], rows["ci_high"], strict=True)
    ]
    assert found.point == pytest.approx(random_effects(by_hand).point, abs=1e-9)
    mixed = rows.with_columns(window_post_days=pl.Series([365, 365, 365, 365, 180]))
    with pytest.raises(ValueError, match="window_post_days do not go together: 180 and 365"):
        random_effects(mixed)
    with pytest.raises(ValueError, match="outcome"):
        random_effects(rows.with_columns(outcome=pl.col("scheme_code")))


def test_what_does_not_answer_one_question_is_refused() -> None:
    one, two = _estimate(0.8, 0.1), _estimate(0.9, 0.1)
    with pytest.raises(ValueError, match="different scale"):
        random_effects([one, _estimate(-3, 1.0, scale="rate_difference")])
    with pytest.raises(ValueError, match="different method"):
        random_effects([one, _estimate(0.9, 0.1, method="before_after")])
    with pytest.raises(ValueError, match="two sites"):
        random_effects([one])
    with pytest.raises(ValueError, match="no estimate"):
        random_effects([])
    with pytest.raises(ValueError, match="leave those without out"):
        random_effects([one, _estimate(0.9, None)])
    with pytest.raises(ValueError, match="one of REML"):
        random_effects([one, two], method="HS")
    with pytest.raises(ValueError, match="k-2 or k-1"):
        random_effects([one, two], prediction_df="k")
    with pytest.raises(ValueError, match="all the same"):
        random_effects([one, one, one])
    with pytest.raises(ValueError, match="'log_point', or 'point' with its 'scale'"):
        random_effects(pl.DataFrame({"point": [1.0, 2.0], "standard_error": [1.0, 1.0]}))
    same = random_effects([one, one, one], at_least_chance=True)
    assert same.standard_error == pytest.approx(0.1 / 3**0.5)


def test_of_two_sites_no_prediction() -> None:
    found: Synthesis = random_effects([_estimate(0.8, 0.1), _estimate(0.9, 0.1)])
    assert (found.prediction_low, found.prediction_high) == (None, None)
    spread = log(0.9 / 0.8) / 2  # of two, Student's interval of their mean on one degree
    assert found.ci_high - found.point == pytest.approx(12.7062047 * spread, rel=1e-8)
