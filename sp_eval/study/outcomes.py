"""The outcomes an evaluation may name: what is counted, and from which source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "INSTRUMENTS",
    "OUTCOMES",
    "SHOWN_BY",
    "SOURCES",
    "Covered",
    "Instrument",
    "Outcome",
    "Source",
    "outcome_named",
]

Source = Literal["gp_contact", "ae", "emergency_inpatient", "planned_inpatient", "outpatient"]
Covered = Literal[Source, "inpatient"]
SOURCES: dict[Covered, str] = {
    "gp_contact": "GP contacts",
    "ae": "A&E",
    "inpatient": "hospital stays",
    "emergency_inpatient": "emergency admissions",
    "planned_inpatient": "planned admissions",
    "outpatient": "outpatient visits",
}
"""What a file may be said to hold all of, in words; `inpatient` is both kinds of stay."""
SHOWN_BY: dict[Source, tuple[str, ...]] = {
    "ae": ("ae",),
    "emergency_inpatient": ("emergency",),
    "planned_inpatient": ("elective", "day_case"),
    "outpatient": ("outpatient",),
}
"""The kinds of `hospital_activity` of which a file that holds a source has some."""


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
        """The name of the person-time this outcome is counted in; of one source, the source's."""
        return "+".join(self.sources)

    def not_covered(self, held: Collection[str]) -> str:
        """What no file covers of what this outcome needs, in words; `held`: clocks that are."""
        lacking = [SOURCES[source] for source in self.sources if source not in held]
        if not lacking:
            return f"{_listed([SOURCES[source] for source in self.sources])} at the same time"
        return _listed(lacking)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire scored per person; change is paired, never compared between groups.

    `scoring`: the raw sum of all items converted to its metric; the mean of the items answered;
    or their sum, as if those left out had been answered like the others. `at_least` items must be
    answered both times (by default half of them). `asked_in` is the questionnaire of
    `codes/instrument.csv` that holds the items, where the score is one part of it. `whole` are
    the names there of the whole score, where a sender may give that and no answers: the `total`
    is treated as the sum of all answers, the `metric` is converted already.
    """

    name: str
    label: str
    items: tuple[str, ...]
    higher_is_better: bool
    scoring: Literal["metric_of_sum", "mean", "sum"]
    at_least: int | None = None
    asked_in: str | None = None
    whole: tuple[Literal["total", "metric"], ...] = ()

    @property
    def questionnaire(self) -> str:
        return self.asked_in or self.name

    @property
    def enough(self) -> int:
        """How many items make a score."""
        if self.scoring == "metric_of_sum":
            return len(self.items)
        return self.at_least or (len(self.items) + 1) // 2

    @property
    def made_of(self) -> str:
        """What must be sent for a score, for whoever sends it, by the names of the registry."""
        if len(self.items) == 1:
            return f"item '{self.items[0]}'"
        some = "all" if self.enough == len(self.items) else f"at least {self.enough}"
        answers = f"{some} of the items {', '.join(self.items)}"
        whole = (f"item '{name}' alone" for name in self.whole)
        return ", or ".join((answers, *whole))


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


_ALL: tuple[Outcome, ...] = (
    Outcome("gp_contact", "GP and nurse contacts", "attended contacts", ("gp_contact",)),
    Outcome("ae_attendance", "A&E attendances", "unplanned first attendances", ("ae",)),
    Outcome("emergency_admission", "Emergency admissions", "spells", ("emergency_inpatient",)),
    Outcome(
        "elective_admission", "Planned admissions", "spells and day cases", ("planned_inpatient",)
    ),
    Outcome("outpatient_attendance", "Outpatient visits", "attended visits", ("outpatient",)),
    Outcome(
        "emergency_bed_days",
        "Nights in hospital, emergency",
        "nights",
        ("emergency_inpatient",),
        counts_rows=False,
    ),
    Outcome(
        "hospital_attendance",
        "All hospital attendances",
        "A&E attendances, admissions and outpatient visits",
        ("ae", "emergency_inpatient", "planned_inpatient", "outpatient"),
        ("ae_attendance", "emergency_admission", "elective_admission", "outpatient_attendance"),
        counts_rows=False,
    ),
)
OUTCOMES: dict[str, Outcome] = {outcome.name: outcome for outcome in _ALL}

_EIGHT_AREAS = (
    "feeling_positive",
    "lifestyle",
    "looking_after_yourself",
    "managing_symptoms",
    "work_volunteering_social",
    "money",
    "where_you_live",
    "family_friends",
)


def _questions(count: int) -> tuple[str, ...]:
    return tuple(f"q{number}" for number in range(1, count + 1))


def _part(name: str, label: str, asked_in: str, *, higher_is_better: bool) -> Instrument:
    """One answer of a questionnaire whose answers are never added up."""
    item = name.removeprefix(f"{asked_in}_")
    return Instrument(name, label, (item,), higher_is_better, "mean", asked_in=asked_in)


_SCORED: tuple[Instrument, ...] = (
    Instrument(
        "swemwbs",
        "Short Warwick-Edinburgh wellbeing scale (metric score, 7 to 35)",
        _questions(7),
        higher_is_better=True,
        scoring="metric_of_sum",
        whole=("total", "metric"),
    ),
    Instrument(
        "rotherham_wellbeing",
        "Rotherham wellbeing tool (mean of eight areas of life, 1 to 5)",
        _EIGHT_AREAS,
        higher_is_better=True,
        scoring="mean",
    ),
    Instrument(
        "wemwbs",
        "Warwick-Edinburgh wellbeing scale (14 to 70)",
        _questions(14),
        higher_is_better=True,
        scoring="sum",
        at_least=11,
        whole=("total",),
    ),
    Instrument(
        "wellbeing_star",
        "Well-being Star (mean of eight areas of life, 1 to 5)",
        _EIGHT_AREAS,
        higher_is_better=True,
        scoring="mean",
    ),
    Instrument(
        "mycaw",
        "MYCaW profile (mean of concerns and wellbeing, 0 to 6; lower is better)",
        ("concern1", "concern2", "wellbeing"),
        higher_is_better=False,
        scoring="mean",
    ),
    Instrument(
        "gad7",
        "GAD-7 anxiety (0 to 21; lower is better)",
        _questions(7),
        higher_is_better=False,
        scoring="sum",
        at_least=5,
        whole=("total",),
    ),
    Instrument(
        "phq9",
        "PHQ-9 depression (0 to 27; lower is better)",
        _questions(9),
        higher_is_better=False,
        scoring="sum",
        at_least=7,
        whole=("total",),
    ),
    Instrument(
        "ucla3",
        "UCLA loneliness in three questions (3 to 9; lower is better)",
        _questions(3),
        higher_is_better=False,
        scoring="sum",
        at_least=3,
        whole=("total",),
    ),
    _part("hads_anxiety", "HADS anxiety (0 to 21; lower is better)", "hads",
          higher_is_better=False),
    _part("hads_depression", "HADS depression (0 to 21; lower is better)", "hads",
          higher_is_better=False),
    _part("eq5d5l_vas", "EQ-5D health today (0 to 100)", "eq5d5l", higher_is_better=True),
    _part("general_health", "General health (1 very good to 5 very bad; lower is better)",
          "general_health", higher_is_better=False),
    _part("ons4_satisfied", "ONS life satisfaction (0 to 10)", "ons4", higher_is_better=True),
    _part("ons4_worthwhile", "ONS things done are worthwhile (0 to 10)", "ons4",
          higher_is_better=True),
    _part("ons4_happy", "ONS happy yesterday (0 to 10)", "ons4", higher_is_better=True),
    _part("ons4_anxious", "ONS anxious yesterday (0 to 10; lower is better)", "ons4",
          higher_is_better=False),
    _part("pam_score", "PAM activation score (0 to 100)", "pam", higher_is_better=True),
    _part("hba1c_mmol_mol", "HbA1c in mmol/mol (lower is better)", "hba1c",
          higher_is_better=False),
    _part("hba1c_percent", "HbA1c in % (lower is better)", "hba1c", higher_is_better=False),
    _part("weight_kg", "Weight in kg (lower counts as better)", "weight", higher_is_better=False),
    _part("active_minutes_per_week", "Active minutes in a week", "active_minutes",
          higher_is_better=True),
)  # fmt: skip
INSTRUMENTS: dict[str, Instrument] = {scored.name: scored for scored in _SCORED}


def outcome_named(name: str) -> Outcome | Instrument:
    """Return the outcome or instrument of that name; `KeyError` lists the names there are."""
    found = OUTCOMES.get(name) or INSTRUMENTS.get(name)
    if found is None:
        known = ", ".join([*OUTCOMES, *INSTRUMENTS])
        raise KeyError(f"unknown outcome '{name}'; the outcomes are: {known}")
    return found
