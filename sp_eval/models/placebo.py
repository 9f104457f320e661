"""A placebo index date: people not referred, some of them as if they had been; nothing may show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from sp_eval.comparison.draws import mix
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.matched_rate_ratio import matched_rate_ratio

__all__ = ["ONLY_UNREFERRED", "PlaceboSize", "mock_exposure", "placebo_index", "placebo_size"]

ONLY_UNREFERRED = (
    "a placebo index date is tried on people never referred: the window after it would run, in "
    "people referred, into the busy spell that led to their referral, and show a rise that is no "
    "fault of the method; leave people with a first referral date out"
)


@dataclass(frozen=True, slots=True)
class PlaceboSize:
    """How often nothing was taken for something.

    Of `draws`: `share_excluding_one` of intervals, to be 1 - `ci_level`; `mean_log_ratio`, to be
    nought; `sd_over_se` of the log ratios, to be 1.
    """

    draws: int
    ci_level: float
    share_excluding_one: float
    mean_log_ratio: float
    sd_over_se: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def mock_exposure(
    rows: pl.DataFrame, *, seed: int, share: float = 0.5, chance: str | None = None
) -> pl.DataFrame:
    """Mark some people as if they had been referred, by a hash of the seed and their number.

    Parameters
    ----------
    rows : `person_number` whole number, 0 or more; `first_referral_date` null throughout; an
        `is_exposed` column, where there is one, false throughout.
    share : of people to mark. chance : column with each row's own chance, 0 to 1, instead, so that
        busy people can be drawn more often, as referral does.

    Returns
    -------
    The rows with `exposed` Boolean; all rows of a person share one draw. A whole design can be
    made on it as on a true exposure.

    Raises
    ------
    ValueError : there are referred people among the rows, or no column says that there are none;
        a chance is no chance.
    """
    if "first_referral_date" not in rows.columns or "person_number" not in rows.columns:
        raise ValueError("the rows need 'person_number' and 'first_referral_date', to know who was")
    referred = rows["first_referral_date"].is_not_null().any()
    if referred or ("is_exposed" in rows.columns and rows["is_exposed"].any()):
        raise ValueError(ONLY_UNREFERRED)
    wanted = pl.lit(share) if chance is None else pl.col(chance)
    chances = rows.with_columns(_chance=wanted.cast(pl.Float64))["_chance"].to_numpy()
    if not ((chances > 0) & (chances < 1)).all():
        raise ValueError("a chance of being drawn must lie between 0 and 1, ends outside")
    person = rows["person_number"].cast(pl.UInt64).to_numpy()
    drawn = mix(np.full(len(person), seed, dtype=np.uint64), person) / 2.0**64
    return rows.with_columns(exposed=pl.Series(drawn < chances, dtype=pl.Boolean))


def placebo_index(
    rows: pl.DataFrame,
    *,
    seed: int,
    share: float = 0.5,
    chance: str | None = None,
    adjustment: tuple[str, ...] = (),
    ci_level: float = 0.95,
) -> Estimate:
    """Rate ratio of people marked by a draw against the others, none of whom was referred.

    Parameters
    ----------
    rows : see `mock_exposure`; one row a candidate: `events`, `days` (after the index date; rows
        with 0 drop out) and the `adjustment` columns.
    chance : with it, others weigh chance / (1 - chance), as those marked are to be stood for.

    Returns
    -------
    Estimate on `rate_ratio`, method `placebo_index`, by the model of the primary estimate with
    persons as clusters. It should be 1; an interval in twenty will leave it out by chance.

    Raises
    ------
    ValueError : as `mock_exposure`. TooFewEventsError : too few events among those marked or not.

    Assumes
    -------
    Nothing of the people; the draw is independent of everything but the chance given. It shows
    errors of counting and intervals that are too narrow, and no hidden cause of referral.

    Source: the negative control exposure of Lipsitch, Tchetgen Tchetgen & Cohen (2010),
    Epidemiology 21:383-388, doi 10.1097/EDE.0b013e3181d61eeb.
    """
    marked = mock_exposure(rows, seed=seed, share=share, chance=chance)
    odds = pl.lit(1.0) if chance is None else pl.col(chance) / (1 - pl.col(chance))
    prepared = marked.with_columns(
        pl.col("events", "days").cast(pl.Float64),
        weight=pl.when("exposed").then(1.0).otherwise(odds),
        match_set="person_number",
        practice_number=pl.lit(0),
    )
    try:
        found = matched_rate_ratio(
            prepared, adjustment=adjustment, method="placebo_index", ci_level=ci_level
        )
    except TooFewEventsError as error:
        raise TooFewEventsError("too few events among those drawn, or among the others") from error
    return found.ratio


def placebo_size(
    rows: pl.DataFrame,
    *,
    seeds: Iterable[int],
    share: float = 0.5,
    chance: str | None = None,
    adjustment: tuple[str, ...] = (),
    ci_level: float = 0.95,
) -> PlaceboSize:
    """Try many draws: how often an interval leaves out 1 where nothing happened.

    Parameters and errors are those of `placebo_index`, and ValueError with fewer than two seeds.
    The people are the same in every draw, so that the draws differ by the marking alone.
    """
    found = [
        placebo_index(
            rows, seed=s, share=share, chance=chance, adjustment=adjustment, ci_level=ci_level
        )
        for s in seeds
    ]
    if len(found) < 2:
        raise ValueError("two draws or more are needed to tell how they vary")
    log_ratio = np.log([estimate.point for estimate in found])
    error = np.array([estimate.standard_error for estimate in found], dtype=float)
    outside = [not (e.ci_low or 0.0) <= 1 <= (e.ci_high or np.inf) for e in found]
    return PlaceboSize(
        draws=len(found),
        ci_level=ci_level,
        share_excluding_one=float(np.mean(outside)),
        mean_log_ratio=float(log_ratio.mean()),
        sd_over_se=float(log_ratio.std(ddof=1) / error.mean()),
    )
