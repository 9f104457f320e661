"""A log kept by a few practices that pay for it themselves, Gateshead style: tiny numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from sp_eval.synthetic.identity import Identity
from sp_eval.synthetic.listing import day_text, listed, with_identity
from sp_eval.synthetic.plain_words import OUTCOME_WORDS, consent, needs
from sp_eval.synthetic.raw_table import NOTED, CsvForm, RawTable, Spot
from sp_eval.synthetic.settings import WorldSettings
from sp_eval.synthetic.use_counts import counted_use
from sp_eval.synthetic.world import Records

__all__ = ["practice_log"]

_SHORT: Final = "%d-%b-%y"
_FORM: Final = CsvForm(encoding="cp1252", line_end="\r\n")
_COUNTED: Final = {
    "gp_contact": "GP and nurse contacts",
    "ae_attendance": "A&E attendances",
    "emergency_admission": "Emergency admissions",
}
_YEAR: Final = 365


def practice_log(
    settings: WorldSettings, records: Records, identity: Identity, cut: int
) -> list[RawTable]:
    """Return the log, the questionnaires and the counts on day number `cut` (exclusive)."""
    return [
        _log(settings, records, identity, cut),
        _wemwbs(settings, records, cut),
        _counts(settings, records, cut),
    ]


def _log(settings: WorldSettings, records: Records, identity: Identity, cut: int) -> RawTable:
    origin = settings.observed_from
    rows = with_identity(listed(settings, records.referral, "gateshead log", cut), identity)
    frame = rows.select(
        "_row",
        *NOTED,
        pl.col("reference").alias("Our ref"),
        pl.col("nhs").alias("NHS number"),
        pl.col("practice_code").alias("Practice"),
        day_text("day", origin, "%d/%m/%Y", cut).alias("Referred"),
        needs(";").alias("Why"),
        pl.col("outcome").replace_strict(OUTCOME_WORDS).alias("What happened"),
        # a second worker writes the first visit in another style than the referral
        day_text("first_contact_day", origin, _SHORT, cut).alias("First visit"),
        consent("y", "n").alias("Evaluation"),
    )
    spots = (
        Spot("nhs_bad_check_digit", "NHS number"),
        Spot("date_impossible", "Referred"),
    )
    return RawTable("practice_log.csv", frame, _FORM, spots=spots, by_hand=True)


def _wemwbs(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    items = [item.name for item in settings.sender.items]
    rows = listed(settings, records.responses, "gateshead wemwbs", cut)
    total = pl.sum_horizontal(pl.col(items), ignore_nulls=False)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("Our ref"),
        pl.col("stage").replace_strict({"baseline": "start", "follow_up": "12 months"})
        .alias("When"),
        day_text("day", settings.observed_from, "%d/%m/%Y", cut).alias("Date"),
        *(pl.col(item).cast(pl.String).alias(f"W{item[1:]}") for item in items),
        total.cast(pl.String).alias("Total"),
    )  # fmt: skip
    spots = (Spot("total_disagrees_with_items", "Total"), Spot("exact_duplicate", ""))
    return RawTable("wemwbs.csv", frame, _FORM, spots=spots, by_hand=True)


def _counts(settings: WorldSettings, records: Records, cut: int) -> RawTable:
    found = counted_use(settings, records, tuple(_COUNTED), days=_YEAR, cut=cut)
    rows = listed(settings, found, "gateshead counts", cut)
    counted_on = settings.observed_from + timedelta(days=cut - 1)
    frame = rows.select(
        "_row",
        pl.col("reference").alias("Our ref"),
        pl.lit(counted_on.strftime("%d/%m/%Y")).alias("Counted on"),
        *(
            pl.col(f"{outcome}_{side}").alias(f"{words}, 12 months {side}")
            for outcome, words in _COUNTED.items()
            for side in ("before", "after")
        ),
    )
    spots = (Spot("score_out_of_range", "GP and nurse contacts, 12 months before", ("-1", "4000")),)
    return RawTable("use_12_months.csv", frame, _FORM, spots=spots, by_hand=True)
