"""The rows of questionnaires: change within the same people, described."""

from __future__ import annotations

from typing import Any

import polars as pl

from sp_eval.contracts.codes import code_table
from sp_eval.framework.rows import RowMaker
from sp_eval.models.estimate import Estimate, TooFewEventsError
from sp_eval.models.paired_change import FEWEST_PAIRS, paired_change, paired_scores
from sp_eval.study.outcomes import INSTRUMENTS, Instrument

__all__ = ["NOT_ASKED", "instrument_rows"]

NOT_ASKED = "no answers to this questionnaire came of the people studied"


def instrument_rows(maker: RowMaker, responses: pl.DataFrame) -> list[dict[str, Any]]:
    """One row an instrument the study names; withheld where the scheme sent no score of it."""
    rows = []
    for choice in maker.study.outcomes:
        instrument = INSTRUMENTS.get(choice.name)
        if instrument is None:
            continue
        own = responses.filter(pl.col("instrument") == instrument.questionnaire)
        try:
            found, note = _change(own, instrument)
            rows.append(maker.released(choice, found, role="descriptive", note=note))
        except TooFewEventsError as error:
            rows.append(
                maker.withheld(
                    choice,
                    method="paired_change",
                    scale="mean_change",
                    role="descriptive",
                    reason=str(error),
                )
            )
    return rows


def _change(own: pl.DataFrame, instrument: Instrument) -> tuple[Estimate, str | None]:
    if own.is_empty():
        raise TooFewEventsError(NOT_ASKED)
    wanted = instrument.made_of
    if not own["item"].is_in([*instrument.items, *instrument.whole]).any():
        sent = ", ".join(sorted(set(own["item"])))
        raise TooFewEventsError(
            f"of this questionnaire the scheme sent {sent} only, and this score is made of {wanted}"
        )
    conversion = _conversion(instrument.name)
    note = _not_converted(own, conversion)
    pairs = paired_scores(own, instrument, conversion=conversion)
    if pairs.height < FEWEST_PAIRS:
        told = (
            "fewer than three people have a score both at first and later; it is made of"
            f" {wanted}, with its date"
        )
        raise TooFewEventsError(f"{told}. {note}" if note else told)
    return paired_change(pairs), note


def _not_converted(own: pl.DataFrame, conversion: dict[int, float]) -> str | None:
    """What is said of metric scores that the published table does not hold: raw totals, mostly."""
    if not conversion:
        return None
    scores = own.filter(pl.col("item") == "metric")["score"]
    if scores.is_in([*conversion.values()]).all():
        return None
    return (
        "Scores sent as converted (item 'metric') that the published table does not give were not"
        " used; if they are raw totals, they belong under item 'total'."
    )


def _conversion(instrument: str) -> dict[int, float]:
    if instrument != "swemwbs":
        return {}
    return {int(row["raw"]): float(row["metric"]) for row in code_table("swemwbs_metric")}
