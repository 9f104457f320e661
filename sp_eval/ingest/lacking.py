"""What a table lacks for what it is said to hold: care never met, answers that make no score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.doubt import Doubt
from sp_eval.ingest.gate import Gated
from sp_eval.study.outcomes import INSTRUMENTS, SHOWN_BY, SOURCES, Covered, Instrument, Source

__all__ = ["lacking"]


def lacking(gated: Gated, dataset: Dataset) -> Iterator[Doubt]:
    """Yield, of what a table is for, what nothing in it can serve."""
    if dataset.contract == "outcome_response":
        yield from _scores(gated, dataset)
    if dataset.contract == "hospital_activity" and dataset.covers:
        yield from _care(gated, dataset.covers.sources)


def _care(gated: Gated, covers: Iterable[Covered]) -> Iterator[Doubt]:
    """Care that the table is said to hold all of, and of which no row is."""
    rows = gated.rows.select("activity").drop_nulls("activity")
    met = set(rows["activity"].unique())
    both: tuple[Source, ...] = ("emergency_inpatient", "planned_inpatient")
    for said in covers:
        for part in both if said == "inpatient" else (said,):
            if part not in SHOWN_BY or met & set(SHOWN_BY[part]) or not met:
                continue
            other = next(kind for kind in both if kind != part)
            told = f"say {other} in place of inpatient" if said == "inpatient" else "take it out"
            yield Doubt(
                "covers", "covers",
                f"It says {said}, and none of {rows.height:,} rows is of {SOURCES[part]}"
                f" ({', '.join(SHOWN_BY[part])}). If they are not sent, {told}, or people would be"
                " taken to have had none.",
            )  # fmt: skip


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
