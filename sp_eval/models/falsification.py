"""What outcomes that cannot have changed say of the others: systematic error, allowed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import log, sqrt
from typing import Any

from scipy import stats

from sp_eval.models.between_variance import between_variance, profile_interval
from sp_eval.models.effects import Effects, Estimates, effects_of, on_scale
from sp_eval.models.estimate import Estimate
from sp_eval.models.placebo import mock_exposure, placebo_index, placebo_size

__all__ = [
    "FEW_CONTROLS",
    "LEAST_CONTROLS",
    "Calibration",
    "ControlCheck",
    "calibrate",
    "mock_exposure",
    "negative_control_moved",
    "placebo_index",
    "placebo_size",
]

LEAST_CONTROLS = 3
FEW_CONTROLS = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """The empirical null, and the estimates with systematic error allowed for.

    `mean` and `sd` of the systematic error of a log ratio, by maximum likelihood from
    `n_controls`; `mean_error` the standard error of `mean`, `sd_low, sd_high` a 95% interval of
    `sd`. `estimates` in the order given, method `calibrated`.
    """

    mean: float
    sd: float
    mean_error: float
    sd_low: float
    sd_high: float
    n_controls: int
    estimates: tuple[Estimate, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        listed = [estimate.to_dict() for estimate in self.estimates]
        return asdict(replace(self, estimates=())) | {"estimates": listed}


@dataclass(frozen=True, slots=True)
class ControlCheck:
    """Whether one negative control moved, and what it could have shown.

    `moved`: its interval leaves 1 out. `fall_shown, rise_shown`: the ratios nearest 1 that would
    show with `power`. `chance_to_show`: how often a bias as large as `bias` would; None where no
    bias was named.
    """

    moved: bool
    p_value: float
    fall_shown: float
    rise_shown: float
    power: float
    bias: float | None
    chance_to_show: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def calibrate(
    estimates: Estimates, negative_controls: Estimates, *, ci_level: float = 0.95
) -> Calibration:
    """Calibrate p-values and intervals of ratios by negative controls.

    Parameters
    ----------
    estimates : ratios to calibrate; see `effects_of`.
    negative_controls : ratios of outcomes that the exposure cannot change, three or more, made by
        the same method in the same people; see `effects_of`.
    ci_level : of the calibrated intervals.

    Returns
    -------
    Calibration : of an estimate b with error s, point exp(b - mean), error sqrt(sd^2 + s^2),
        interval and two-sided p-value by the normal distribution. A note where there are fewer
        than twenty controls: `sd` is likely too small, and its own error is not in the interval.

    Raises
    ------
    ValueError : fewer than three controls (ask `negative_control_moved` of each instead), or
        estimates that are not ratios.

    Assumes
    -------
    Controls without effect, independent of one another; systematic errors of all outcomes alike,
    drawn from one normal distribution whatever the true effect. Where a method pulls ratios
    towards 1 the last fails, and the interval is too narrow.

    Source: Schuemie et al., Statistics in Medicine 2014;33:209-218, doi 10.1002/sim.5925 (null
    and p-value); Schuemie et al., PNAS 2018;115:2571-2577, doi 10.1073/pnas.1708282114 (interval,
    here with the error's mean and spread constant: convertNullToErrorModel of R's
    EmpiricalCalibration, whose search for the maximum stops at about four digits).
    """
    found, controls = _ratios(estimates), _ratios(negative_controls)
    k = len(controls.points)
    if k < LEAST_CONTROLS:
        raise ValueError(
            f"{LEAST_CONTROLS} negative controls or more are needed to calibrate by, not {k}:"
            " ask negative_control_moved of each"
        )
    variances = controls.errors**2
    variance = between_variance(controls.points, variances, "ML")
    w = 1 / (variances + variance)
    mean, sd = float(w @ controls.points / w.sum()), sqrt(variance)
    low, high = (sqrt(end) for end in profile_interval(controls.points, variances, 0.95))
    notes: tuple[str, ...] = ()
    if k < FEW_CONTROLS:
        notes = (
            f"{k} negative controls tell little: their spread lies anywhere from {low:.2f} to"
            f" {high:.2f} on the log scale, and is taken as {sd:.2f}",
        )
    return Calibration(
        mean=mean,
        sd=sd,
        mean_error=float(w.sum() ** -0.5),
        sd_low=low,
        sd_high=high,
        n_controls=k,
        estimates=tuple(
            _calibrated(b - mean, sqrt(variance + s**2), found.scale, ci_level, notes)
            for b, s in zip(found.points.tolist(), found.errors.tolist(), strict=True)
        ),
        notes=notes,
    )


def negative_control_moved(
    control: Estimates,
    *,
    bias: float | None = None,
    power: float = 0.8,
    ci_level: float = 0.95,
) -> ControlCheck:
    """Ask of one negative control whether it moved, and how large a bias it could have missed.

    Parameters
    ----------
    control : one ratio; see `effects_of`. The interval of an `Estimate` that has one decides
        whether it moved, as it may be wider than the normal one.
    bias : a ratio, for instance the estimate that is in doubt: how often would a bias as large
        have moved the control?
    power : for `fall_shown` and `rise_shown`, above 1 - `ci_level` and below 1.
    ci_level : of the interval that must leave 1 out.

    Raises
    ------
    ValueError : not one ratio, or `bias`, `power` or `ci_level` out of range.

    Assumes
    -------
    A normal log ratio, its error known; a bias that moves the control as it moves the outcome in
    doubt. A control that stayed put says little if it could hardly have moved.
    """
    found = _ratios(control)
    if len(found.points) != 1:
        raise ValueError("one negative control at a time: ask of each")
    if not 0 < 1 - ci_level < power < 1 or (bias is not None and not bias > 0):
        raise ValueError("'power' must lie between 1 - ci_level and 1, 'bias' above nought")
    b, s = float(found.points[0]), float(found.errors[0])
    reach = float(stats.norm.ppf(0.5 + ci_level / 2))
    least = (reach + float(stats.norm.ppf(power))) * s
    shown = None
    if bias is not None:
        away = abs(log(bias)) / s
        shown = float(stats.norm.sf(reach - away) + stats.norm.cdf(-reach - away))
    low, high = on_scale(b - reach * s, found.scale), on_scale(b + reach * s, found.scale)
    if isinstance(control, Estimate) and None not in (control.ci_low, control.ci_high):
        low, high = float(control.ci_low or 0), float(control.ci_high or 0)
    return ControlCheck(
        moved=not low <= 1 <= high,
        p_value=float(2 * stats.norm.sf(abs(b) / s)),
        fall_shown=on_scale(-least, found.scale),
        rise_shown=on_scale(least, found.scale),
        power=power,
        bias=bias,
        chance_to_show=shown,
    )


def _ratios(estimates: Estimates) -> Effects:
    found = effects_of(estimates)
    if not found.scale.endswith("ratio"):
        raise ValueError(f"systematic error is measured on ratios, not on a {found.scale}")
    return found


def _calibrated(
    log_ratio: float, error: float, scale: str, ci_level: float, notes: Sequence[str]
) -> Estimate:
    reach = float(stats.norm.ppf(0.5 + ci_level / 2)) * error
    return Estimate(
        method="calibrated",
        scale=scale,
        point=on_scale(log_ratio, scale),
        ci_low=on_scale(log_ratio - reach, scale),
        ci_high=on_scale(log_ratio + reach, scale),
        ci_level=ci_level,
        p_value=float(2 * stats.norm.sf(abs(log_ratio) / error)),
        standard_error=error,
        notes=tuple(notes),
    )
