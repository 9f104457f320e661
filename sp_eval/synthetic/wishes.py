"""What was asked for, checked, as the settings of one world a scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sp_eval.synthetic.faults import FaultRates
from sp_eval.synthetic.settings import SCHEMES, WorldSettings
from sp_eval.synthetic.styles import STYLES

__all__ = ["first_of", "settings_of"]


def settings_of(
    schemes: Sequence[str],
    *,
    people: int | None,
    referred: int | None,
    seed: int,
    effects: Mapping[str, float] | None,
    rates: FaultRates,
    to: Sequence[str] = (),
    hidden_driver: float = 0.0,
) -> list[WorldSettings]:
    """Return the settings of each scheme's world; deliveries cut in the months `to` must fit.

    Where `people` or `referred` is None, the number is the style's own.

    `ValueError`, in words for the person who asked, for what cannot be.
    """
    for scheme in schemes:
        if scheme not in SCHEMES:
            raise ValueError(f"no style for scheme '{scheme}'; there are: {', '.join(SCHEMES)}")
    wanted = {"people": people, "referred": referred}
    asked = {name: number for name, number in wanted.items() if number is not None}
    all_settings = [
        WorldSettings(
            scheme_code=scheme,
            seed=seed,
            effects=dict(effects or {}),
            consent_refused=rates.consent_no,
            unlinked=rates.unlinked_not_on_register,
            referred_again=rates.rereferral_within_28d,
            hidden_driver=hidden_driver,
            **dict(STYLES[scheme].world) | asked,
        )
        for scheme in schemes
    ]
    for settings in all_settings:
        for month in to:
            if not 0 < settings.day(first_of(month)) <= settings.days:
                raise ValueError(
                    f"a delivery of {month} is not possible: the world lasts from"
                    f" {settings.observed_from:%Y-%m} to {settings.observed_to:%Y-%m}"
                )
    return all_settings


def first_of(month: str) -> date:
    """Return the first day of a month written as 2019-04."""
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise ValueError(f"'{month}' is no month; write it as 2019-04") from error
