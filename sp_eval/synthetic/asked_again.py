"""A questionnaire or measurement asked for again, of fewer and fewer people, at later times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from sp_eval.synthetic.codes import happens
from sp_eval.synthetic.settings import WorldSettings, part_rng

__all__ = ["asked_again"]

_SHARE: Final = 0.5  # of those who answered one time, the next time


def asked_again(
    settings: WorldSettings,
    responses: pl.DataFrame,
    *,
    first: str,
    second: str,
    later: Sequence[tuple[str, int]],
) -> pl.DataFrame:
    """Return the responses with `stage` in the sender's words, and those of later times.

    `later`: the word for each time after the second, and its days after the one before. Half of the
    people answer each time, as they did the time before; what lies after the world's end is not
    there.
    """
    stages = {"baseline": first, "follow_up": second}
    named = responses.with_columns(pl.col("stage").replace_strict(stages))
    rng = part_rng(settings, "asked again")
    found, last = [named], named.filter(pl.col("stage") == second)
    for word, days in later:
        chosen = pl.Series(happens(rng, _SHARE, last.height), dtype=pl.Boolean)
        last = last.filter(chosen).with_columns(
            pl.lit(word).alias("stage"), (pl.col("day") + days).cast(pl.Int32)
        )
        found.append(last)
    return pl.concat(found).filter(pl.col("day") < settings.days)
