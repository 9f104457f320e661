"""What came with the service: questionnaires, activities passed on to, and the scheme's costs."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sp_eval.contracts.codes import code_table
from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.population import People
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["draw_activities", "draw_costs", "draw_questionnaires", "swemwbs_metric"]


def swemwbs_metric() -> dict[int, str]:
    """Return the published raw-to-metric conversion of SWEMWBS, metric as text."""
    return {int(row["raw"]): row["metric"] for row in code_table("swemwbs_metric")}


def draw_questionnaires(
    settings: WorldSettings, people: People, referral: pl.DataFrame
) -> pl.DataFrame:
    """Return reference, stage, day and one column an item (null left blank).

    A baseline for everybody supported; a follow-up for the settled share of them.
    """
    rng = part_rng(settings, "questionnaires")
    items = settings.sender.items
    low, high = (np.array([one[at] for one in items]) for at in (2, 3))
    reversed_ = np.array([one.lower_is_better for one in items], dtype=np.bool_)
    started = referral.filter(pl.col("first_contact_day") < int(NEVER))
    n = started.height
    who = started["person"].to_numpy()
    before = started["first_contact_day"].to_numpy() + rng.integers(0, 15, n)
    after = before + rng.integers(*settings.sender.due, n)
    done_before = people.is_seen(who, before)
    done_after = done_before & (rng.random(n) < settings.followed_up) & people.is_seen(who, after)
    level = rng.normal(2.5, 0.55, n)
    parts = []
    for stage, day, done, gain in (
        ("baseline", before, done_before, 0.0),
        ("follow_up", after, done_after, settings.wellbeing_gain),
    ):
        felt = rng.normal((level + gain)[:, None], 0.85, (n, len(items)))  # 1 worst, 5 best
        drawn = low + (np.where(reversed_, 6 - felt, felt) - 1) * ((high - low) / 4)
        scores = np.clip(np.rint(drawn), low, high).astype(np.int32)
        blank = happens(rng, 0.015, scores.size).reshape(scores.shape)
        frame = pl.DataFrame(scores, schema=[item.name for item in items]).with_columns(
            pl.when(~pl.Series(blank[:, column])).then(pl.col(item.name)).alias(item.name)
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
    places = settings.sender.places
    started = referral.filter(pl.col("first_contact_day") < int(NEVER))
    number = rng.poisson(1.5 if places else 0.0, started.height)
    row = np.repeat(np.arange(started.height), number)
    place = rng.integers(0, max(1, len(places)), len(row))
    first_contact = started["first_contact_day"].to_numpy()[row]
    day = first_contact + rng.integers(5, 75, len(row))
    offered = rng.integers(3, 13, len(row))
    attended = rng.binomial(offered, 0.66)
    price = np.array([cost for *_, cost in places], dtype=np.float64)[place]
    frame = pl.DataFrame(
        {
            "reference": started["reference"].gather(row),
            "referral_key": started["referral_key"].gather(row),
            "organisation": pl.Series([name for name, *_ in places], dtype=pl.String).gather(place),
            "activity": pl.Series([kind for _, kind, _ in places], dtype=pl.String).gather(place),
            "day": day.astype(np.int32),
            "offered": offered.astype(np.int32),
            "attended": attended.astype(np.int32),
            "cost": np.round(price * offered, 2),
        }
    ).filter(pl.Series(people.is_seen(started["person"].to_numpy()[row], day)))
    frame = frame.unique(["reference", "organisation"], keep="first", maintain_order=True)
    return frame.sort("day", "reference", maintain_order=True)


def draw_costs(settings: WorldSettings) -> pl.DataFrame:
    """Return period_start, period_end, line, funder, amount: by period."""
    rng = part_rng(settings, "costs")
    step = settings.sender.cost_months
    year = settings.referrals_from.year
    starts = [_month_on(year, 4, turn * step) for turn in range(24 // step)]
    ends = [*starts[1:], _month_on(year, 4, 24)]
    scale = settings.referred / 1_500 * 0.5 + 0.5  # half of the cost is there whatever comes
    rows = [
        (start, end, line, funder, round(float(amount * scale * rng.uniform(0.95, 1.05)), 2))
        for start, end in zip(starts, ends, strict=True)
        for line, funder, amount in settings.sender.cost_lines
    ]
    schema = {
        "period_start": pl.Date,
        "period_end": pl.Date,
        "line": pl.String,
        "funder": pl.String,
        "amount": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _month_on(year: int, month: int, step: int) -> date:
    number = year * 12 + month - 1 + step
    return date(number // 12, number % 12 + 1, 1)
