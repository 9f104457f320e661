"""Estimates as rows of `published.estimate`: no number without what it is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sp_eval.cohort.attrition import referred_count
from sp_eval.framework.design_store import SchemeCompared
from sp_eval.framework.verdict import Verdict
from sp_eval.models.estimate import Estimate
from sp_eval.study.design import OutcomeChoice, StudyDesign
from sp_eval.study.guards import labels_of

__all__ = ["COUNTED_ITSELF", "RowMaker"]

COUNTED_ITSELF = "the same people in the {days} days before their referral, as the scheme counted"

_POPULATION = "people first referred in the index period who could be followed"
_MATCHED = f"{_POPULATION} and had similar people to compare with"
_COUNTED = "people first referred in the index period with counts both before and after"
_SAME_PEOPLE = "the same people in the year before their referral"
_ESTIMANDS = {
    "matched_rate_ratio": (
        "effect of referral, whether or not taken up, among those referred, had they otherwise"
        " not been referred in the window (ATT)"
    ),
    "before_after": "change within the same people; not an effect",
    "expected_from_selection": "change to expect had nobody been referred; not an effect",
    "paired_change": "change within the same people; not an effect",
    "e_value": (
        "rate ratio by which a hidden cause would have to go with both referral and the outcome,"
        " beyond all that was measured, to explain the estimate away; not an effect"
    ),
    "observed_before": "rate before referral",
    "expected_without_scheme": "rate after, had these people not been referred",
    "observed_after": "rate after referral",
}
_COMPARATORS = {
    "before_after": _SAME_PEOPLE,
    "paired_change": "the same people's first questionnaire",
    "expected_from_selection": "people with the same recent history who were not referred",
    "e_value": "a world in which referral makes no difference",
    "observed_before": "none",
    "observed_after": "none",
    "expected_without_scheme": "similar people not referred in the same month",
    "matched_follow_on": (
        "similar people not referred in the same month, followed on if referred later"
    ),
    "matched_non_referring": "similar people of practices that do not refer",
    "matched_uncontaminated": (
        "similar people not referred in the same month, without those whose own practice has a"
        " scheme of its own"
    ),
    "entropy_balancing": (
        "everybody not referred in the same months, weighed to the referred people's history"
    ),
}
_POOLS = {
    "area": "similar people of the area not referred in the same month",
    "non_referring_practices": "similar people of practices that do not refer",
    "referring_practices": "similar people of referring practices not referred in the same month",
}
_DESCRIPTIVE = {
    "before_after",
    "expected_from_selection",
    "observed_before",
    "expected_without_scheme",
    "observed_after",
    "paired_change",
}


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes the rows of one scheme in one study.

    `counted_days`: the days on either side of the referral in which the scheme itself counted use,
    for rows made of such counts; else the windows are the study's.
    """

    study: StudyDesign
    scheme_code: str
    n_referred: int
    run_id: str
    counted_days: int | None = None

    @classmethod
    def of(cls, study: StudyDesign, compared: SchemeCompared, run_id: str) -> RowMaker:
        return cls(study, compared.scheme_code, referred_count(compared.attrition), run_id)

    def released(
        self,
        choice: OutcomeChoice,
        estimate: Estimate,
        *,
        role: str,
        verdict: Verdict | None = None,
        grade: str = "weak",
        note: str | None = None,
    ) -> dict[str, Any]:
        """A row with its figures, and with what must be said beside them.

        `grade` is weak until what speaks for more was looked at: see `grade.graded`.
        """
        row = self._base(choice, estimate.method, estimate.scale, role, grade)
        notes = [*labels_of(self.study), *((note,) if note else ())]
        row["notes"] = " ".join(notes) or None
        row |= {
            "point": estimate.point,
            "ci_low": estimate.ci_low,
            "ci_high": estimate.ci_high,
            "ci_level": estimate.ci_level,
            "p_value": estimate.p_value,
            "n_analysed": estimate.n_analysed,
            "n_comparison": estimate.n_comparison,
            "events_exposed": estimate.events_exposed,
            "person_years_exposed": estimate.person_years_exposed,
            "status": "released",
            "verdict": None if verdict is None else str(verdict),
        }
        return row

    def withheld(
        self, choice: OutcomeChoice, *, method: str, scale: str, role: str, reason: str
    ) -> dict[str, Any]:
        """A row without figures, and why."""
        row = self._base(choice, method, scale, role, "none")
        return row | {
            "ci_level": 0.95,
            "status": "withheld",
            "withheld_reason": reason,
            "verdict": str(Verdict.NOT_ANSWERABLE) if role == "primary" else None,
        }

    def _base(
        self, choice: OutcomeChoice, method: str, scale: str, role: str, grade: str
    ) -> dict[str, Any]:
        windows = self.study.windows
        estimand = _ESTIMANDS.get(method, _ESTIMANDS["matched_rate_ratio"])
        whole = method in ("before_after", "expected_from_selection", "paired_change")
        return {
            "study_id": self.study.study_id,
            "scheme_code": self.scheme_code,
            "outcome": choice.name,
            "outcome_role": choice.role,
            "role": "descriptive" if method in _DESCRIPTIVE else role,
            "method": method,
            "estimand": estimand,
            "comparator": _COMPARATORS.get(method, _POOLS[self.study.comparison.pool]),
            "population": _POPULATION if whole else _MATCHED,
            "window_pre_days": windows.pre_days,
            "window_post_days": windows.post_days,
            "washout_days": windows.washout_days,
            **self._as_counted(),
            "scale": scale,
            "point": None,
            "ci_low": None,
            "ci_high": None,
            "ci_level": None,
            "p_value": None,
            "n_referred": self.n_referred,
            "n_analysed": None,
            "n_comparison": None,
            "events_exposed": None,
            "person_years_exposed": None,
            "status": None,
            "withheld_reason": None,
            "verdict": None,
            "evidence_grade": grade,
            "notes": None,
            "design_hash": self.study.design_hash(),
            "run_id": self.run_id,
        }

    def _as_counted(self) -> dict[str, Any]:
        """What a row made of the scheme's own counts says otherwise."""
        days = self.counted_days
        if days is None:
            return {}
        return {
            "comparator": COUNTED_ITSELF.format(days=days),
            "population": _COUNTED,
            "window_pre_days": days,
            "window_post_days": days,
            "washout_days": 0,
        }
