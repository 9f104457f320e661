"""The scheme's referrals as it keyed them: with strangers, and with some who had died."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["keyed_referrals"]

_FIRST_LATE_REFERENCE = 50_000


def keyed_referrals(settings: WorldSettings, records: Records, after_death: int) -> pl.DataFrame:
    """Return the referrals with `is_known`, `dead_since`, and a person number for everybody.

    People on no register get the numbers after the last person. `after_death` referrals more
    are dated after their person's death; fewer where too few have died with a practice that
    refers.
    """
    referral = records.referral.with_columns(
        pl.col("person").is_not_null().alias("is_known"),
        pl.lit(None, dtype=pl.String).alias("dead_since"),
    )
    unknown = pl.col("person").is_null()
    turn = unknown.cast(pl.UInt32).cum_sum() - 1
    numbered = referral.with_columns(
        pl.when(unknown).then(turn + len(records.people)).otherwise("person").cast(pl.UInt32)
        .alias("person")
    )  # fmt: skip
    late = _after_death(settings, records, numbered, after_death)
    return pl.concat([numbered, late]).sort("day", "reference", maintain_order=True)


def _after_death(
    settings: WorldSettings, records: Records, referral: pl.DataFrame, wanted: int
) -> pl.DataFrame:
    rng = part_rng(settings, "referred after death")
    people = records.people
    last = settings.day(settings.referrals_to)
    everybody = np.arange(len(people))
    practice = people.practice_at(everybody, np.minimum(people.died_on, settings.days))
    possible = (people.died_on < last - 14) & (records.referred_on >= NEVER)
    possible &= records.practices.refers[practice]
    who = np.sort(rng.permutation(np.flatnonzero(possible))[:wanted])
    died = people.died_on[who]
    earliest = np.maximum(died + 1, settings.day(settings.referrals_from))
    day = earliest + (rng.random(len(who)) * (last - earliest)).astype(np.int32)
    like = referral[rng.integers(0, referral.height, len(who))]
    prefix = str(referral["reference"][0]).rstrip("0123456789")
    known_death = [f"died {settings.observed_from + timedelta(days=int(one))}" for one in died]
    never = pl.lit(int(NEVER), dtype=pl.Int32)
    return like.with_columns(
        pl.Series("person", who.astype(np.uint32)),
        pl.Series("day", day.astype(np.int32)),
        pl.Series("practice_code", records.practices.code[practice[who]]),
        pl.Series(
            "reference", [f"{prefix}{_FIRST_LATE_REFERENCE + turn}" for turn in range(len(who))],
            dtype=pl.String,
        ),
        pl.Series("dead_since", known_death, dtype=pl.String),
        pl.lit("uncontactable").alias("outcome"),
        never.alias("first_contact_day"),
        never.alias("closed_day"),
        pl.lit(None, dtype=pl.String).alias("closure_reason"),
        pl.lit(value=True).alias("is_known"),
        pl.lit(value=True).alias("has_consent"),
        pl.lit(value=True).alias("is_first"),
        pl.lit(0, dtype=pl.Int32).alias("days_since_first"),
    )  # fmt: skip
