"""A spreadsheet kept by community wellbeing officers, Halton style: raw and metric scores mixed."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from sp_eval.synthetic.codes import labels
from sp_eval.synthetic.identity import Identity, spaced
from sp_eval.synthetic.listing import day_text, listed, money_text, with_identity
from sp_eval.synthetic.plain_words import OUTCOME_WORDS, consent, needs
from sp_eval.synthetic.raw_table import (
    NOTED,
    REPDIGITS_AS_TEXT,
    RawTable,
    SheetForm,
    Spot,
)
from sp_eval.synthetic.settings import WorldSettings, part_rng
from sp_eval.synthetic.support import swemwbs_metric
from sp_eval.synthetic.world import Records

__all__ = ["officers_workbook"]

_SHORT: Final = "%d/%m/%y"
_PATH: Final = "Wellbeing_officers.xlsx"
_OFFICERS: Final = ("R. Ashcroft", "P. Ditton", "S. Farnworth")
_SECOND: Final = 0.5  # of those asked at three months, asked again at six
_QUARTER: Final = 91


def officers_workbook(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the workbook's sheets as they were on day number `cut` (exclusive)."""
    return [
        _referrals(settings, records, identity, cut),
        _swemwbs(settings, records, cut),
    ]


def _referrals(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.referral, "halton list", cut), identity)
    rng = part_rng(settings, "halton words")
    whole = records.referral.height
    officer = labels(_OFFICERS, rng.integers(0, len(_OFFICERS), whole)).gather(rows["_row"])
    proxy = pl.Series(np.round(rng.gamma(3, 400, whole), 2)).gather(rows["_row"])
    frame = rows.with_columns(officer.alias("_officer"), proxy.alias("_proxy")).select(
        "_row",
        *NOTED,
        pl.col("reference").alias("WE ref"),
        pl.col("name").alias("Client name"),
        spaced(pl.col("nhs"), " ").alias("NHS No."),
        day_text("day", origin, _SHORT, cut).alias("Referred"),
        pl.col("practice_code").alias("Practice"),
        needs(", ").alias("Needs"),
        pl.col("outcome").replace_strict(OUTCOME_WORDS).alias("Result"),
        day_text("first_contact_day", origin, _SHORT, cut).alias("First session"),
        pl.col("_officer").alias("Officer"),
        consent("Yes", "No").alias("Agreed to evaluation"),
        money_text("_proxy").alias("Social value (proxy)"),
    )
    spots = (
        Spot("nhs_bad_check_digit", "NHS No."),
        Spot("nhs_repdigit", "NHS No.", REPDIGITS_AS_TEXT),
        Spot("nhs_missing", "NHS No."),
        Spot("date_impossible", "Referred", style=_SHORT),
        Spot("date_future", "Referred", style=_SHORT),
        Spot("unknown_code", "Result", ("tbc", "On hold")),
        Spot("exact_duplicate", ""),
    )
    form = SheetForm(title="Community Wellbeing Officers: people referred")
    return RawTable(_PATH, frame, form, sheet="Referrals", spots=spots, by_hand=True)


def _swemwbs(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    items = [item.name for item in settings.sender.items]
    rows = listed(settings, _with_six_months(settings, records), "halton swemwbs", cut)
    total = pl.sum_horizontal(pl.col(items), ignore_nulls=False).cast(pl.Int64)
    metric = total.replace_strict(swemwbs_metric(), default=None, return_dtype=pl.String)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("WE ref"),
        pl.col("_when").alias("When"),
        day_text("day", settings.observed_from, _SHORT, cut).alias("Date"),
        *(pl.col(item).cast(pl.String).alias(item.upper()) for item in items),
        total.cast(pl.String).alias("SWEMWBS raw"),
        metric.alias("SWEMWBS score"),
    )
    spots = (
        Spot("metric_holds_raw", "SWEMWBS score", against="SWEMWBS raw"),
        Spot("total_disagrees_with_items", "SWEMWBS raw"),
        Spot("score_out_of_range", "Q3", ("0", "6")),
        Spot("unknown_code", "When", ("exit", "9 months")),
        Spot("date_impossible", "Date", style=_SHORT),
        Spot("followup_before_baseline", "Date", style=_SHORT, against="WE ref"),
        Spot("exact_duplicate", ""),
    )
    return RawTable(_PATH, frame, SheetForm(), sheet="SWEMWBS", spots=spots, by_hand=True)


def _with_six_months(settings: WorldSettings, records: Records) -> pl.DataFrame:
    """Ask some of those asked at three months again at six; a little has worn off."""
    items = [item.name for item in settings.sender.items]
    named = records.responses.with_columns(
        pl.col("stage")
        .replace_strict({"baseline": "baseline", "follow_up": "3 months"})
        .alias("_when")
    )
    three = named.filter(pl.col("_when") == "3 months")
    rng = part_rng(settings, "six months")
    number = round(_SECOND * three.height)
    chosen = three[np.sort(rng.choice(three.height, number, replace=False))]
    six = chosen.with_columns(
        pl.lit("6 months").alias("_when"),
        (pl.col("day") + _QUARTER).cast(pl.Int32),
        (pl.col(items[0]) - 1).clip(1, 5),
    )
    return pl.concat([named, six.filter(pl.col("day") < settings.days)])
