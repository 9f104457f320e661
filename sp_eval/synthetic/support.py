"""What came with the service: questionnaires, activities passed on to, and the scheme's costs."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from sp_eval.contracts.codes import code_table
from sp_eval.study.outcomes import INSTRUMENTS
from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.population import People
from sp_eval.synthetic.settings import Style, WorldSettings, part_rng

__all__ = ["ITEMS", "draw_activities", "draw_costs", "draw_questionnaires", "swemwbs_metric"]

_SWEMWBS_ITEMS: Final = tuple(f"q{number}" for number in range(1, 8))
ITEMS: Final[dict[Style, tuple[str, ...]]] = {
    "rotherham": INSTRUMENTS["rotherham_wellbeing"].items,
    "gloucestershire": _SWEMWBS_ITEMS,
}
_DUE: Final[dict[Style, tuple[int, int]]] = {
    "rotherham": (88, 126),
    "gloucestershire": (90, 184),
}
# organisation, activity, price of a session in pounds
_PLACES: Final[dict[Style, tuple[tuple[str, str, float], ...]]] = {
    "rotherham": (
        ("Moorgate Befrienders", "Befriending", 12.0),
        ("Advice on Wheels", "Benefits advice", 20.0),
        ("Clifton Carers", "Carer respite", 14.5),
        ("Rother Valley Walkers", "Gentle exercise", 10.0),
        ("Allotment Friends", "Gardening", 15.75),
        ("Knit & Natter", "Social group", 9.0),
        ("Wath Men's Shed", "Crafts", 11.0),
        ("Community Kitchen", "Cooking", 13.25),
    ),
    "gloucestershire": (
        ("Severnside Befriending", "Befriending", 11.0),
        ("Café Zoë", "Lunch club", 7.5),
        ("Debt & Money Advice", "Debt advice", 18.0),
        ("Cotswold Carers’ Circle", "Carer support", 14.0),
        ("Forest Strollers", "Walking group", 6.0),
        ("Potting Shed – Stroud", "Gardening", 12.5),
        ("Singing for Breath", "Choir", 8.25),
        ("Home & Warm", "Housing advice", 16.0),
    ),
}
_LINES: Final[dict[Style, tuple[tuple[str, str, float], ...]]] = {
    "rotherham": (
        ("Link worker staff", "NHS Rotherham CCG", 22_000.0),
        ("VCSE grants", "Better Care Fund", 17_300.0),
        ("Management", "NHS Rotherham CCG", 5_200.0),
    ),
    "gloucestershire": (
        ("Hub coordinators", "NHS Gloucestershire CCG", 79_000.0),
        ("Voluntary sector grants", "Gloucestershire County Council", 30_500.0),
        ("Management & IT", "NHS Gloucestershire CCG", 14_200.0),
    ),
}


def swemwbs_metric() -> dict[int, str]:
    """Return the published raw-to-metric conversion of SWEMWBS, metric as text."""
    return {int(row["raw"]): row["metric"] for row in code_table("swemwbs_metric")}


def draw_questionnaires(
    settings: WorldSettings, people: People, referral: pl.DataFrame
) -> pl.DataFrame:
    """Return reference, stage, day and one column an item (1-5, null left blank).

    A baseline for everybody supported; a follow-up for the settled share of them.
    """
    rng = part_rng(settings, "questionnaires")
    items = ITEMS[settings.looks_like]
    started = referral.filter(pl.col("first_contact_day") < int(NEVER))
    n = started.height
    who = started["person"].to_numpy()
    before = started["first_contact_day"].to_numpy() + rng.integers(0, 15, n)
    after = before + rng.integers(*_DUE[settings.looks_like], n)
    done_before = people.is_seen(who, before)
    done_after = done_before & (rng.random(n) < settings.followed_up) & people.is_seen(who, after)
    level = rng.normal(2.5, 0.55, n)
    parts = []
    for stage, day, done, gain in (
        ("baseline", before, done_before, 0.0),
        ("follow_up", after, done_after, settings.wellbeing_gain),
    ):
        drawn = np.rint(rng.normal((level + gain)[:, None], 0.85, (n, len(items))))
        scores = np.clip(drawn, 1, 5).astype(np.int32)
        blank = happens(rng, 0.015, scores.size).reshape(scores.shape)
        frame = pl.DataFrame(scores, schema=list(items)).with_columns(
            pl.when(~pl.Series(blank[:, column])).then(pl.col(item)).alias(item)
            for column, item in enumerate(items)
        )
        head = started.select("reference", "referral_key").with_columns(
            pl.lit(stage).alias("stage"), pl.Series("day", day.astype(np.int32))
        )
        parts.append(pl.concat([head, frame], how="horizontal").filter(pl.Series(done)))
    return pl.concat(parts).sort("day", "reference", maintain_order=True)


def draw_activities(
    settings: WorldSettings, people: People, referral: pl.DataFrame
) -> pl.DataFrame:
    """Return reference, organisation, activity, day, offered, attended, cost; by day."""
    rng = part_rng(settings, "activities")
    places = _PLACES[settings.looks_like]
    started = referral.filter(pl.col("first_contact_day") < int(NEVER))
    number = rng.poisson(1.5, started.height)
    row = np.repeat(np.arange(started.height), number)
    place = rng.integers(0, len(places), len(row))
    first_contact = started["first_contact_day"].to_numpy()[row]
    day = first_contact + rng.integers(5, 75, len(row))
    offered = rng.integers(3, 13, len(row))
    attended = rng.binomial(offered, 0.66)
    price = np.array([cost for *_, cost in places])[place]
    frame = pl.DataFrame(
        {
            "reference": started["reference"].gather(row),
            "referral_key": started["referral_key"].gather(row),
            "organisation": pl.Series([name for name, *_ in places]).gather(place),
            "activity": pl.Series([kind for _, kind, _ in places]).gather(place),
            "day": day.astype(np.int32),
            "offered": offered.astype(np.int32),
            "attended": attended.astype(np.int32),
            "cost": np.round(price * offered, 2),
        }
    ).filter(pl.Series(people.is_seen(started["person"].to_numpy()[row], day)))
    frame = frame.unique(["reference", "organisation"], keep="first", maintain_order=True)
    return frame.sort("day", "reference", maintain_order=True)


def draw_costs(settings: WorldSettings) -> pl.DataFrame:
    """Return period_start, period_end, line, funder, amount: months, or quarters."""
    rng = part_rng(settings, "costs")
    style = settings.looks_like
    step = 1 if style == "rotherham" else 3
    year = settings.referrals_from.year
    starts = [_month_on(year, 4, turn * step) for turn in range(24 // step)]
    ends = [*starts[1:], _month_on(year, 4, 24)]
    scale = settings.referred / 1_500 * 0.5 + 0.5  # half of the cost is there whatever comes
    rows = [
        (start, end, line, funder, round(float(amount * scale * rng.uniform(0.95, 1.05)), 2))
        for start, end in zip(starts, ends, strict=True)
        for line, funder, amount in _LINES[style]
    ]
    names = ["period_start", "period_end", "line", "funder", "amount"]
    return pl.DataFrame(rows, schema=names, orient="row")


def _month_on(year: int, month: int, step: int) -> date:
    number = year * 12 + month - 1 + step
    return date(number // 12, number % 12 + 1, 1)
