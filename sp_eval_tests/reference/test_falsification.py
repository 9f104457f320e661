"""Calibration by negative controls: against R's printed example and the likelihood written out."""

from __future__ import annotations

from math import exp, log

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats

from sp_eval.models.estimate import Estimate
from sp_eval.models.falsification import calibrate, negative_control_moved

# Log ratios and errors of the negative controls, by OHDSI's R package EmpiricalCalibration 3.1.4:
# `sccs`, drugs that do not cause a gastro-intestinal bleed, and `grahamReplication`, outcomes that
# a drug does not cause.
SCCS = [
    (0.433902074, 0.761753760), (0.636318364, 0.183989199), (0.929754897, 0.297980184),
    (1.691927343, 0.595522198), (0.526169060, 0.196719949), (0.858189008, 0.130846045),
    (0.800992415, 0.120855794), (0.878170151, 0.346239787), (0.730451680, 0.139021871),
    (0.776188471, 0.297058794), (0.734523595, 0.277883254), (1.279632463, 0.262141411),
    (0.531254954, 0.133970460), (0.106333278, 0.331148268), (0.464246631, 0.138740186),
    (1.243441840, 0.090779785), (1.347351819, 0.115971298), (0.106333278, 0.331148268),
    (-0.647623867, 1.313521167), (0.856079306, 0.160921140), (1.307924760, 0.194096650),
    (1.163684831, 0.117531482), (0.816234687, 0.387381672), (0.106333278, 0.331148268),
    (1.506439297, 0.131170755), (0.737563397, 0.805616431), (0.687849571, 0.061145939),
    (0.629433124, 0.101550543), (0.787747645, 0.081931050), (0.089599439, 0.551000165),
    (0.704474846, 0.072644490), (0.647387346, 0.251797359), (0.250665642, 0.233063132),
    (1.938194097, 0.805018223), (1.119246873, 0.145833796), (0.380414394, 0.131097471),
    (0.571386224, 0.676474602), (0.521790656, 0.126716424), (1.021801577, 0.311065514),
    (0.473702289, 0.503351731), (0.796144677, 0.647582367), (0.893591869, 0.375996948),
    (1.029418911, 0.141659470), (-0.853082264, 0.809950296), (1.127486037, 0.573010088),
]  # fmt: skip
GRAHAM = [
    (-0.118952248, 0.108685358), (0.143796257, 0.187177511), (0.129085499, 0.302411703),
    (0.295038944, 0.177163695), (-0.292606447, 0.135516694), (-0.064025069, 0.074316273),
    (-0.121634158, 0.138657564), (-0.186011874, 0.133208499), (-0.286921743, 0.194165753),
    (-0.055345034, 0.282162038), (-0.069027461, 0.167785961), (0.035374632, 0.101764391),
    (-0.427655941, 0.207988572), (0.252567309, 0.209509657), (0.028517027, 0.134150515),
    (-0.019979889, 0.104259348), (0.069597512, 0.145368695), (0.747524555, 0.431755679),
    (-0.202337456, 0.291299681), (-0.174245371, 0.282512017), (0.102393493, 0.119795971),
    (0.049158911, 0.141128205), (-0.033581738, 0.096077398), (-0.056675293, 0.079319078),
    (0.120311946, 0.075645587), (0.019732033, 0.096241002), (0.420402492, 0.214351556),
    (-0.150216404, 0.173375479), (-0.532334221, 0.585569444), (-0.227712325, 0.141970112),
    (0.186051406, 0.086874663), (-0.228893116, 0.090280986), (0.026423105, 0.095746953),
    (-0.112060177, 0.147558414), (-0.251869788, 0.193809807), (-0.081228633, 0.092087902),
    (-0.013256474, 0.258017757), (-0.046665059, 0.139138670), (0.277336035, 0.223389985),
    (-0.107779294, 0.229161071), (-0.200574003, 0.186683275), (-0.069393984, 0.153488655),
    (-0.108055220, 0.311339895), (-0.106520416, 0.150774658), (-0.047126468, 0.092829240),
    (-0.031238394, 0.237105565), (0.118794057, 0.293778226), (-0.565411830, 0.243223488),
    (-0.060009192, 0.095437431),
]  # fmt: skip
SERTRALINE = (0.732623537, 0.0737170848974772)
BLEED = (0.2371813342547, 0.1079578365452)


def test_the_example_as_printed() -> None:
    """EmpiricalCalibration's vignette: mean 0.7922, SD 0.2834, sertraline's p 0.84."""
    found = calibrate([SERTRALINE], SCCS)
    assert (round(found.mean, 3), round(found.sd, 4)) == (0.792, 0.2834)
    assert found.mean == pytest.approx(0.7922, abs=1e-4)  # its search stops a little early
    assert found.estimates[0].p_value == pytest.approx(0.8389142, abs=2e-4)
    assert found.n_controls == 45
    assert found.notes == ()


@pytest.mark.parametrize(
    ("controls", "drug", "mean", "sd", "p_value", "point", "low", "high", "error"),
    [  # reference/r/calibration.R
        (
            SCCS, SERTRALINE, 0.792116502457156, 0.28342288014924, 0.839017984874554,
            -0.0594929654571559, -0.633473823005753, 0.514487892091441, 0.292852757538447,
        ),
        (
            GRAHAM, BLEED, -0.0361267033319493, 0.0531707288796302, 0.0231404306772029,
            0.273308037586649, 0.037443485660716, 0.509172589512583, 0.120341268404115,
        ),
    ],
)  # fmt: skip
def test_r_written_out(
    controls: list[tuple[float, float]],
    drug: tuple[float, float],
    mean: float,
    sd: float,
    p_value: float,
    point: float,
    low: float,
    high: float,
    error: float,
) -> None:
    found = calibrate([drug], controls)
    assert (found.mean, found.sd) == pytest.approx((mean, sd), abs=1e-6)
    (one,) = found.estimates
    assert one.p_value == pytest.approx(p_value, abs=1e-6)
    ends = [log(value) for value in (one.point, one.ci_low, one.ci_high)]
    assert ends == pytest.approx([point, low, high], abs=1e-6)
    assert one.standard_error == pytest.approx(error, abs=1e-6)
    assert (one.method, one.scale) == ("calibrated", "rate_ratio")


def test_nothing_is_likelier() -> None:
    """The fitted mean and spread top the likelihood, searched without our estimator."""
    y, s = np.array(GRAHAM).T

    def loss(at: np.ndarray) -> float:
        return -float(stats.norm.logpdf(y, at[0], np.hypot(s, at[1])).sum())

    best = optimize.minimize(loss, [0, 0.1], method="Nelder-Mead", options={"xatol": 1e-9})
    found = calibrate([BLEED], GRAHAM)
    assert loss(np.array([found.mean, found.sd])) <= best.fun + 1e-12
    assert [found.mean, found.sd] == pytest.approx([best.x[0], abs(best.x[1])], abs=1e-5)
    assert found.sd_low <= found.sd <= found.sd_high


def test_controls_that_agree_leave_the_estimate_as_it_was() -> None:
    found = calibrate([(log(0.8), 0.1)], [(0.05, 0.1), (-0.05, 0.1), (0.0, 0.1)])
    (one,) = found.estimates
    assert found.sd == 0
    assert found.mean == pytest.approx(0)
    assert one.p_value == pytest.approx(2 * stats.norm.sf(abs(log(0.8)) / 0.1))


def test_estimates_frames_and_pairs_say_the_same() -> None:
    pairs = [(0.1, 0.2), (-0.2, 0.1), (0.3, 0.15), (0.05, 0.3)]
    shown = [Estimate("m", "rate_ratio", exp(b), standard_error=s) for b, s in pairs]
    frame = pl.DataFrame(pairs, schema=["log_point", "standard_error"], orient="row")
    one = calibrate(shown[0], shown)
    assert calibrate([shown[0]], shown) == one
    for same in (calibrate(shown, frame), calibrate(frame, pairs)):
        assert (same.mean, same.sd) == pytest.approx((one.mean, one.sd))
        assert same.estimates[0].p_value == pytest.approx(one.estimates[0].p_value)
    z = float(stats.norm.ppf(0.975))
    read = [Estimate("m", "rate_ratio", exp(b), exp(b - z * s), exp(b + z * s)) for b, s in pairs]
    assert calibrate(read, read).sd == pytest.approx(one.sd)
    assert len(calibrate(read, read).to_dict()["estimates"]) == 4


def test_few_controls_are_told_of_and_fewer_refused() -> None:
    few = [(0.1, 0.1), (0.3, 0.1), (-0.2, 0.1)]
    found = calibrate([(0.1, 0.1)], few)
    assert "3 negative controls tell little" in found.notes[0]
    assert found.estimates[0].notes == found.notes
    assert found.sd_high > 3 * found.sd
    with pytest.raises(ValueError, match="ask negative_control_moved"):
        calibrate([(0.1, 0.1)], few[:2])
    with pytest.raises(ValueError, match="no estimate"):
        calibrate([(0.1, 0.1)], pl.DataFrame({"log_point": [], "standard_error": []}))
    with pytest.raises(ValueError, match="measured on ratios"):
        calibrate(Estimate("m", "rate_difference", 3.0, standard_error=1.0), few)
    with pytest.raises(ValueError, match="leave those without out"):
        calibrate([(0.1, 0.0)], few)
    with pytest.raises(ValueError, match="two columns"):
        calibrate([0.1, 0.2, 0.3], few)


def test_a_control_that_moved_and_one_that_could_not() -> None:
    moved = negative_control_moved(Estimate("m", "rate_ratio", 0.9, standard_error=0.04))
    assert moved.moved
    wide = Estimate("m", "rate_ratio", 0.9, 0.78, 1.04, standard_error=0.04)  # by Student's t
    assert not negative_control_moved(wide).moved
    assert negative_control_moved(Estimate("m", "rate_ratio", 0.9, 0.82, 0.99)).moved
    assert moved.p_value == pytest.approx(2 * stats.norm.sf(-log(0.9) / 0.04))
    blunt = negative_control_moved([(log(0.9), 0.2)], bias=0.85)
    assert not blunt.moved
    assert blunt.rise_shown == pytest.approx(exp(2.8015852 * 0.2))
    assert blunt.fall_shown == pytest.approx(1 / blunt.rise_shown)
    z = -log(0.85) / 0.2
    tails = stats.norm.sf(1.959963985 - z) + stats.norm.cdf(-1.959963985 - z)
    assert blunt.chance_to_show == pytest.approx(tails)
    assert blunt.chance_to_show == negative_control_moved([(0, 0.2)], bias=1 / 0.85).chance_to_show
    at = negative_control_moved([(0.0, 0.2)], bias=blunt.fall_shown)
    assert at.chance_to_show == pytest.approx(0.8, abs=1e-5)
    assert at.to_dict()["power"] == 0.8
    assert negative_control_moved([(0.0, 0.2)], bias=1).chance_to_show == pytest.approx(0.05)


def test_what_cannot_be_asked_of_a_control_is_refused() -> None:
    with pytest.raises(ValueError, match="one negative control at a time"):
        negative_control_moved([(0.1, 0.1), (0.2, 0.1)])
    for wrong in ({"bias": 0.0}, {"power": 1.0}, {"power": 0.01}, {"ci_level": 1.0}):
        with pytest.raises(ValueError, match="must lie"):
            negative_control_moved([(0.1, 0.1)], **wrong)
