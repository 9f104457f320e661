"""The rows of questionnaires: change within the same people, described."""

from __future__ import annotations

from typing import Any

import polars as pl

from sp_eval.contracts.codes import code_table
from sp_eval.framework.rows import RowMaker
from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.paired_change import paired_change, paired_scores
from sp_eval.study.outcomes import INSTRUMENTS

__all__ = ["NOT_ASKED", "instrument_rows"]

NOT_ASKED = "this scheme sent no answers to this questionnaire"


def instrument_rows(maker: RowMaker, responses: pl.DataFrame) -> list[dict[str, Any]]:
    """One row an instrument the study names; withheld where the scheme sent none of its answers."""
    rows = []
    for choice in maker.study.outcomes:
        instrument = INSTRUMENTS.get(choice.name)
        if instrument is None:
            continue
        own = responses.filter(pl.col("instrument") == instrument.questionnaire)
        try:
            if own.is_empty():
                raise TooFewEventsError(NOT_ASKED)
            pairs = paired_scores(own, instrument, conversion=_conversion(instrument.name))
            rows.append(maker.released(choice, paired_change(pairs), role="descriptive"))
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


def _conversion(instrument: str) -> dict[int, float]:
    if instrument != "swemwbs":
        return {}
    return {int(row["raw"]): float(row["metric"]) for row in code_table("swemwbs_metric")}
