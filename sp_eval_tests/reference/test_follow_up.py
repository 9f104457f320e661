"""Losses by arm: Newcombe's printed example, and R's exact ratio of rates."""

from __future__ import annotations

import polars as pl
import pytest

from sp_eval.models.follow_up import Loss, follow_up


def rows(exposed: tuple[int, int, float], comparison: tuple[int, int, float]) -> pl.DataFrame:
    """Of each arm: people, deaths, and days followed a person."""
    arms = [
        pl.DataFrame({"ended_by": ["death"] * lost + ["end"] * (people - lost)}).with_columns(
            exposed=pl.lit(arm), days=pl.lit(days)
        )
        for arm, (people, lost, days) in ((True, exposed), (False, comparison))
    ]
    return pl.concat(arms)


def only(found: pl.DataFrame, **settings: float) -> Loss:
    (loss,) = follow_up(found, **({"window_days": 365} | settings)).losses
    return loss


def test_newcombe_as_printed() -> None:
    """Newcombe 1998, table II (a), method 10: 56/70 less 48/80, 0.0524 to 0.3339."""
    loss = only(rows((70, 56, 300.0), (80, 48, 350.0)))
    assert loss.risk_difference == pytest.approx(0.2)
    ends = loss.risk_difference_low, loss.risk_difference_high
    assert [round(v, 4) for v in ends] == [0.0524, 0.3339]


@pytest.mark.parametrize(
    ("exposed", "comparison", "low", "high"),
    [  # Newcombe 1998, table II, method 10: 9/10 less 3/10, 6/7 less 2/7, 5/56 less 0/29
        ((10, 9), (10, 3), 0.1705, 0.8090),
        ((7, 6), (7, 2), 0.0582, 0.8062),
        ((56, 5), (29, 0), -0.0381, 0.1926),
    ],
)
def test_more_of_newcombes_table(
    exposed: tuple[int, int], comparison: tuple[int, int], low: float, high: float
) -> None:
    loss = only(rows((*exposed, 300.0), (*comparison, 300.0)))
    ends = loss.risk_difference_low, loss.risk_difference_high
    assert [round(v, 4) for v in ends] == [low, high]


@pytest.mark.parametrize(
    ("exposed", "comparison", "ratio", "low", "high", "p_value"),
    [  # reference/r/follow_up.R: poisson.test
        ((70, 56, 300.0), (80, 48, 350.0), 1.55555555556, 1.03895570318, 2.33694202806,
         0.0288165723452),
        ((10, 3, 300.0), (20, 0, 350.0), None, 0.964206495072, None, 0.027),
        ((3, 2, 300.0), (10, 9, 150.0), 0.37037037037, 0.0389410684217, 1.78939739305,
         0.227565058391),
    ],
)  # fmt: skip
def test_poisson_test(
    exposed: tuple[int, int, float], comparison: tuple[int, int, float], ratio: float | None,
    low: float, high: float | None, p_value: float,
) -> None:  # fmt: skip
    loss = only(rows(exposed, comparison))
    assert loss.rate_ratio_low == pytest.approx(low, rel=1e-9)
    for ours, theirs in ((loss.rate_ratio, ratio), (loss.rate_ratio_high, high)):
        assert ours is None if theirs is None else ours == pytest.approx(theirs, rel=1e-9)
    assert loss.p_value == pytest.approx(p_value, rel=1e-9)


def test_prop_test() -> None:
    """reference/r/follow_up.R: Wilson's interval of a share"""
    loss = only(rows((70, 56, 300.0), (80, 48, 350.0)))
    ours = (loss.risk_exposed_low, loss.risk_exposed_high)
    assert ours == pytest.approx((0.691833555037, 0.876952607516), abs=1e-11)
    ours = (loss.risk_comparison_low, loss.risk_comparison_high)
    assert ours == pytest.approx((0.490454650052, 0.700381724041), abs=1e-11)
    none = only(rows((10, 3, 300.0), (20, 0, 350.0)))
    assert none.risk_comparison_low == 0
    assert none.risk_comparison_high == pytest.approx(0.161125158053, abs=1e-11)


def test_days_and_reasons_by_hand() -> None:
    found = follow_up(
        pl.DataFrame(
            {
                "exposed": [True, True, True, False, False],
                "days": [365, 100, 0, 365, 200],
                "ended_by": ["end", "left", "death", "end", "covered"],
            }
        ),
        window_days=365,
    )
    assert (found.exposed.people, found.exposed.person_days) == (3, 465)
    assert found.exposed.share_followed == pytest.approx(465 / 1095)
    assert found.comparison.share_followed == pytest.approx(565 / 730)
    assert [loss.reason for loss in found.losses] == ["covered", "death", "left"]
    covered, death, _ = found.losses
    assert (death.exposed, death.comparison) == (1, 0)
    assert death.rate_exposed == pytest.approx(1000 * 365.25 / 465)
    assert covered.rate_comparison == pytest.approx(1000 * 365.25 / 565)
    assert (covered.rate_ratio, covered.rate_ratio_low) == (0, 0)
    assert found.differential == ()
    assert found.to_dict()["differential"] == ()


def test_losses_that_differ_are_named() -> None:
    more = follow_up(rows((400, 60, 330.0), (400, 20, 350.0)), window_days=365)
    assert more.differential == ("death",)
    fewer = follow_up(rows((400, 20, 330.0), (400, 60, 350.0)), window_days=365)
    assert fewer.differential == ("death",)
    alike = follow_up(rows((400, 20, 330.0), (400, 22, 350.0)), window_days=365)
    assert alike.differential == ()
    sooner = only(rows((400, 30, 150.0), (400, 30, 350.0)))
    assert sooner.risk_difference == 0
    assert sooner.is_differential  # as many, in less than half the time
    assert only(rows((400, 30, 350.0), (400, 30, 150.0))).is_differential
    wider = only(rows((400, 20, 330.0), (400, 22, 350.0)), ci_level=0.99)
    narrower = only(rows((400, 20, 330.0), (400, 22, 350.0)), ci_level=0.8)
    assert wider.rate_ratio_high > narrower.rate_ratio_high
    assert wider.risk_difference_low < narrower.risk_difference_low
    nobody = follow_up(rows((9, 0, 365.0), (9, 0, 365.0)), window_days=365)
    assert nobody.losses == ()
    as_whole = follow_up(
        rows((9, 2, 365.0), (9, 0, 365.0)), window_days=365, whole=("end", "death")
    )
    assert as_whole.losses == ()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (lambda f: f.drop("days"), "every row needs"),
        (lambda f: f.with_columns(ended_by=None), "every row needs"),
        (lambda f: f.filter("exposed"), "both arms need people"),
        (lambda f: f.with_columns(days=0.0), "both arms need people"),
        (lambda f: f.with_columns(days=400.0), "between 0 and the window's 365"),
        (lambda f: f.clear(), "both arms need people"),
    ],
)
def test_what_cannot_be_followed_is_refused(changed: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        follow_up(changed(rows((5, 1, 300.0), (5, 1, 300.0))), window_days=365)
