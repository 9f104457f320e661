"""Boroughs that each send their own list, Surrey style: own headers, own dates, shared people."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from sp_eval.synthetic.identity import Identity, spaced
from sp_eval.synthetic.listing import day_text, listed, with_identity
from sp_eval.synthetic.months import NEVER
from sp_eval.synthetic.plain_words import OUTCOME_WORDS, consent, needs
from sp_eval.synthetic.raw_table import NOTED, CsvForm, DateStyle, RawTable, Spot, usual_spots
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.use_counts import counted_use
from sp_eval.synthetic.world import Records

__all__ = ["borough_files"]


class _Borough(NamedTuple):
    """How a borough heads and dates its list, in the order of `_HEADS`."""

    heads: tuple[str, ...]
    dates: DateStyle
    form: CsvForm
    counts: bool


_HEADS: Final = ("ref", "nhs", "referred", "practice", "why", "result", "seen", "agreed", "home")
_BOROUGHS: Final = {
    "Elmbridge": _Borough(
        ("Ref", "NHS number", "Date referred", "Surgery", "Reason", "Result", "First seen",
         "Consent", "UPRN"),
        "%d/%m/%Y", CsvForm(), counts=True,
    ),
    "Guildford": _Borough(
        ("Client ref", "NHS No", "Referral date", "GP practice", "Need(s)", "Outcome",
         "Date first seen", "Consent given?", "Postcode"),
        "%d-%b-%y", CsvForm(";", "cp1252", "\r\n"), counts=False,
    ),
    "Waverley": _Borough(
        ("Client ref", "NHS No", "Referral date", "GP practice", "Need(s)", "Outcome",
         "Date first seen", "Consent given?", "Postcode"),
        "%d-%b-%y", CsvForm(";", "cp1252", "\r\n"), counts=False,
    ),
    "Woking": _Borough(
        ("case_id", "nhs_number", "referred_on", "practice_code", "needs", "status",
         "first_contact", "consent", "property"),
        "%Y-%m-%d", CsvForm("\t", "utf-8-sig"), counts=True,
    ),
}  # fmt: skip
_COUNTED: Final = {"gp_contact": "GP", "ae_attendance": "AE", "emergency_admission": "NEL"}
_HALF_YEAR: Final = 182
_IN_TWO: Final = 0.05  # of people, referred by a second borough too
_LATER: Final = (40, 150)  # days


def borough_files(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return every borough's files as they were on day number `cut` (exclusive)."""
    referral = _with_second_borough(settings, _placed(records, records.referral))
    tables: list[RawTable] = []
    for name, borough in _BOROUGHS.items():
        own = referral.filter(pl.col("_borough") == name)
        tables.append(_referrals(settings, own, identity, cut, name, borough))
        if borough.counts:
            tables.append(_counts(settings, records, cut, name))
        tables.append(_ons4(settings, records, cut, name))
    return tables


def _placed(records: Records, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the borough of each referral's practice."""
    names = list(_BOROUGHS)
    codes = sorted(records.practices.code.tolist())
    borough_of = {code: names[at % len(names)] for at, code in enumerate(codes)}
    return frame.with_columns(pl.col("practice_code").replace_strict(borough_of).alias("_borough"))


def _with_second_borough(settings: WorldSettings, referral: pl.DataFrame) -> pl.DataFrame:
    """Let some people come to another borough's scheme some months later."""
    rng = part_rng(settings, "second borough")
    plain = referral.filter(
        pl.col("is_known") & pl.col("is_first") & pl.col("dead_since").is_null()
    )
    number = max(1, round(_IN_TWO * plain.height))
    chosen = plain[np.sort(rng.choice(plain.height, number, replace=False))]
    names = list(_BOROUGHS)
    other = {name: names[(at + 1) % len(names)] for at, name in enumerate(names)}
    days = (chosen["day"].to_numpy() + rng.integers(*_LATER, number)).astype(np.int32)
    again = chosen.with_columns(
        pl.col("_borough").replace_strict(other),
        pl.Series("day", days),
        pl.col("reference").str.replace("SY", "SY7"),
        pl.lit(int(NEVER), dtype=pl.Int32).alias("first_contact_day"),
        pl.lit("declined").alias("outcome"),
    )
    return pl.concat([referral, again])


def _referrals(
    settings: WorldSettings,
    own: pl.DataFrame,
    identity: Identity,
    cut: int,
    name: str,
    borough: _Borough,
) -> RawTable:
    origin = settings.observed_from
    head = dict(zip(_HEADS, borough.heads, strict=True))
    rows = with_identity(listed(settings, own, f"surrey {name}", cut), identity)
    yes, no = ("Yes", "No") if name == "Woking" else ("Y", "N")
    frame = rows.select(
        "_row",
        *NOTED,
        pl.col("reference").alias(head["ref"]),
        spaced(pl.col("nhs"), " ").alias(head["nhs"]),
        day_text("day", origin, borough.dates, cut).alias(head["referred"]),
        pl.col("practice_code").alias(head["practice"]),
        needs("/").alias(head["why"]),
        pl.col("outcome").replace_strict(OUTCOME_WORDS).alias(head["result"]),
        day_text("first_contact_day", origin, borough.dates, cut).alias(head["seen"]),
        consent(yes, no).alias(head["agreed"]),
        pl.format("GU{}", pl.col("lsoa")).alias(head["home"]),
    )
    spots = usual_spots(
        head["nhs"], head["referred"], head["result"], ("tbc", "?"), style=borough.dates
    )
    # short lists: each with some of the kinds of fault, or a fifth of a list would be spoilt
    some = spots[list(_BOROUGHS).index(name) % 2 :: 2]
    return RawTable(f"{name}/referrals.csv", frame, borough.form, spots=some, by_hand=True)


def _ons4(settings: WorldSettings, records: Records, cut: int, name: str) -> RawTable:
    items = [item.name for item in settings.sender.items]
    where = _placed(records, records.referral).select("reference", "_borough")
    placed = records.responses.join(where, on="reference", maintain_order="left")
    own = placed.filter(pl.col("_borough") == name)
    rows = listed(settings, own, f"surrey ons4 {name}", cut)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("Ref"),
        pl.col("stage").replace_strict({"baseline": "1", "follow_up": "2"}).alias("Survey"),
        day_text("day", settings.observed_from, "%Y-%m-%d", cut).alias("Date"),
        *(pl.col(item).cast(pl.String).alias(item.capitalize()) for item in items),
    )
    spots = (
        Spot("date_impossible", "Date", style="%Y-%m-%d"),
        Spot("mandatory_missing", "Survey"),
        Spot("score_out_of_range", "Anxious", ("11", "99")),
        Spot("followup_before_baseline", "Date", style="%Y-%m-%d", against="Ref"),
        Spot("exact_duplicate", ""),
    )
    return RawTable(f"{name}/ons4.csv", frame, spots=spots, by_hand=True)


def _counts(settings: WorldSettings, records: Records, cut: int, name: str) -> RawTable:
    found = counted_use(settings, records, tuple(_COUNTED), days=_HALF_YEAR, cut=cut)
    own = _placed(records, found).filter(pl.col("_borough") == name)
    rows = listed(settings, own, f"surrey counts {name}", cut)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("Ref"),
        *(
            pl.col(f"{outcome}_{side}").alias(f"{head}_6m_{said}")
            for outcome, head in _COUNTED.items()
            for side, said in (("before", "pre"), ("after", "post"))
        ),
    )
    spots = (
        Spot("score_out_of_range", "GP_6m_pre", ("-2", "2000")),
        Spot("exact_duplicate", ""),
    )
    return RawTable(f"{name}/use_6_months.csv", frame, spots=spots, by_hand=True)
