"""Records in a file's order, cut at a day, and their cells as text."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from sp_eval.synthetic.contract_form import registrations
from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.raw_table import DateStyle
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.world import Records

__all__ = ["day_text", "listed", "money_text", "register_rows", "with_identity"]


def listed(settings: WorldSettings, frame: pl.DataFrame, name: str, cut: int) -> pl.DataFrame:
    """Put records in file order (by day, at random within it), number them, drop those to come.

    The number `_row` is that of the whole world's file, so it is the same at every cut.
    """
    rng = part_rng(settings, f"order {name}")
    shuffled = frame.with_columns(pl.Series("_at", rng.random(frame.height)))
    ordered = shuffled.sort("day", "_at").drop("_at").with_row_index("_row")
    return ordered.filter(pl.col("day") < cut)


def day_text(name: str, origin: date, style: DateStyle, cut: int) -> pl.Expr:
    """Write a column of day numbers as dates; blank for what has not happened by the cut."""
    day = pl.col(name).cast(pl.Int32)
    text = (pl.lit(origin) + pl.duration(days=day)).cast(pl.Date).dt.strftime(style)
    return pl.when(day < min(cut, int(NEVER))).then(text)


def money_text(name: str) -> pl.Expr:
    """Write pounds as `£1,234.50`."""
    pence = (pl.col(name) * 100).round(0).cast(pl.Int64)
    pounds, rest = pence // 100, (pence % 100).cast(pl.String).str.zfill(2)
    thousands = (pounds // 1000).cast(pl.String)
    last_three = (pounds % 1000).cast(pl.String)
    whole = (
        pl.when(pounds >= 1000)
        .then(thousands + "," + last_three.str.zfill(3))
        .otherwise(last_three)
    )
    return pl.lit("£") + whole + "." + rest


def with_identity(frame: pl.DataFrame, identity: Identity) -> pl.DataFrame:
    """Add who each record's person is: nhs, name, female, born_on, ethnic, lsoa."""
    return frame.join(identity.people, on="person", how="left", maintain_order="left")


def register_rows(records: Records, identity: Identity, cut: int) -> pl.DataFrame:
    """Return the register's rows by NHS number, with `_row`; what is to come is not known.

    Columns besides those of `with_identity`: practice_code, day_from, last_day (`NEVER`: still
    registered), died_on (on the last row), is_last, decile, conditions.
    """
    people = records.people
    spells = registrations(people, records.practices)
    who = spells["person"].to_numpy()
    died = np.where(spells["is_last"].to_numpy(), people.died_on[who], NEVER)
    frame = spells.with_columns(
        pl.when(pl.col("day_to") < int(NEVER))
        .then(pl.col("day_to") - 1)
        .otherwise(int(NEVER))
        .alias("last_day"),
        pl.Series("died_on", died.astype(np.int32)),
        pl.Series("decile", people.decile[who]),
        pl.Series("conditions", people.conditions[who]),
    )
    ordered = with_identity(frame, identity).sort("nhs", "day_from").with_row_index("_row")
    return ordered.filter(pl.col("day_from") < cut)
