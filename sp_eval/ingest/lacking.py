"""What a table lacks for what it is said to hold: answers that make no score."""

from __future__ import annotations

from collections.abc import Iterator

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.doubt import Doubt
from sp_eval.ingest.gate import Gated
from sp_eval.study.outcomes import INSTRUMENTS, Instrument

__all__ = ["lacking"]


def lacking(gated: Gated, dataset: Dataset) -> Iterator[Doubt]:
    """Yield, of what a table is for, what nothing in it can serve."""
    if dataset.contract == "outcome_response":
        yield from _scores(gated, dataset)


def _scores(gated: Gated, dataset: Dataset) -> Iterator[Doubt]:
    """Questionnaires of which no score can be made, whoever answered."""
    asked = gated.rows.select("instrument", "item").drop_nulls().unique().sort("instrument", "item")
    source = next(iter(dataset.columns["instrument"].sources()), "instrument")
    for (name,), rows in asked.group_by("instrument", maintain_order=True):
        sent = set(rows["item"])
        scored = [one for one in INSTRUMENTS.values() if one.questionnaire == name]
        if scored and not any(_is_enough(one, sent) for one in scored):
            made_of = "; or ".join(one.made_of for one in scored)
            yield Doubt(
                "lacking", source,
                f"Of {str(name).upper()} only {', '.join(sorted(sent))} came, of which no score is"
                f" made. A score is made of {made_of}.",
            )  # fmt: skip


def _is_enough(scored: Instrument, sent: set[str]) -> bool:
    return bool(sent & set(scored.whole)) or len(sent & set(scored.items)) >= scored.enough
