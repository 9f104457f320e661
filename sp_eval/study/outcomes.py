"""The outcomes an evaluation may name: what is counted, and from which source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["INSTRUMENTS", "OUTCOMES", "SOURCES", "Instrument", "Outcome", "Source", "outcome_named"]

Source = Literal["gp_contact", "ae", "inpatient", "outpatient"]
SOURCES: tuple[Source, ...] = ("gp_contact", "ae", "inpatient", "outpatient")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A count of health-care use.

    `sources` are the kinds of file a person's time must be covered by to count it;
    `parts` are the outcomes it is the sum of, shown beside it wherever it is shown;
    `counts_rows` is false where the quantity is another outcome's rows summed or weighted, so that
    it adds nothing to a person's history beyond them.
    """

    name: str
    label: str
    unit: str
    sources: tuple[Source, ...]
    parts: tuple[str, ...] = ()
    counts_rows: bool = True

    @property
    def clock(self) -> str:
        """The name of the person-time this outcome is counted in."""
        return "+".join(self.sources)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire scored per person; change is paired, never compared between groups.

    `scoring`: the raw sum of all items converted to its metric, or the mean of those answered.
    """

    name: str
    label: str
    items: tuple[str, ...]
    higher_is_better: bool
    scoring: Literal["metric_of_sum", "mean"]


_ALL: tuple[Outcome, ...] = (
    Outcome("gp_contact", "GP and nurse contacts", "attended contacts", ("gp_contact",)),
    Outcome("ae_attendance", "A&E attendances", "unplanned first attendances", ("ae",)),
    Outcome("emergency_admission", "Emergency admissions", "spells", ("inpatient",)),
    Outcome("elective_admission", "Planned admissions", "spells and day cases", ("inpatient",)),
    Outcome("outpatient_attendance", "Outpatient visits", "attended visits", ("outpatient",)),
    Outcome(
        "emergency_bed_days",
        "Nights in hospital, emergency",
        "nights",
        ("inpatient",),
        counts_rows=False,
    ),
    Outcome(
        "hospital_attendance",
        "All hospital attendances",
        "A&E attendances, admissions and outpatient visits",
        ("ae", "inpatient", "outpatient"),
        ("ae_attendance", "emergency_admission", "elective_admission", "outpatient_attendance"),
        counts_rows=False,
    ),
)
OUTCOMES: dict[str, Outcome] = {outcome.name: outcome for outcome in _ALL}

INSTRUMENTS: dict[str, Instrument] = {
    "swemwbs": Instrument(
        "swemwbs",
        "Short Warwick-Edinburgh wellbeing scale (metric score, 7 to 35)",
        ("q1", "q2", "q3", "q4", "q5", "q6", "q7"),
        higher_is_better=True,
        scoring="metric_of_sum",
    ),
    "rotherham_wellbeing": Instrument(
        "rotherham_wellbeing",
        "Rotherham wellbeing tool (mean of eight areas of life, 1 to 5)",
        (
            "feeling_positive",
            "lifestyle",
            "looking_after_yourself",
            "managing_symptoms",
            "work_volunteering_social",
            "money",
            "where_you_live",
            "family_friends",
        ),
        higher_is_better=True,
        scoring="mean",
    ),
}


def outcome_named(name: str) -> Outcome | Instrument:
    """Return the outcome or instrument of that name; `KeyError` lists the names there are."""
    found = OUTCOMES.get(name) or INSTRUMENTS.get(name)
    if found is None:
        known = ", ".join([*OUTCOMES, *INSTRUMENTS])
        raise KeyError(f"unknown outcome '{name}'; the outcomes are: {known}")
    return found
