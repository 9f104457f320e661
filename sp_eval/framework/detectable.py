"""Can this be answered: the rows of `published.detectable_change`, before any outcome is read."""

from __future__ import annotations

from math import floor, log10
from typing import Any

import polars as pl

from sp_eval.comparison.covariates import history_columns
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.framework.design_store import SchemeCompared
from sp_eval.models.earlier_use import earlier_use
from sp_eval.models.power import minimum_detectable_rate_ratio, people_needed
from sp_eval.models.weight_facts import effective_persons
from sp_eval.study.design import OutcomeChoice, StudyDesign
from sp_eval.study.outcomes import Outcome
from sp_eval.study.windows import HISTORY_BANDS, LOOKBACK_COLUMNS

__all__ = ["detectable_rows"]

POWER = 0.8
LARGE = 0.25  # a fall beyond which nobody would look for one
_YEAR = 365.25
# People are referred at their busiest: the last 90 days foretell nothing of the year to come.
_EARLIER = tuple(
    name for name, w in zip(LOOKBACK_COLUMNS, HISTORY_BANDS, strict=True) if w.end < -89
)
_EARLIER_DAYS = sum(w.days for w in HISTORY_BANDS if w.end < -89)
Row = dict[str, Any]


def detectable_rows(
    study: StudyDesign, compared: SchemeCompared, history: pl.DataFrame, held: frozenset[str]
) -> list[Row]:
    """One row a counted outcome.

    Parameters
    ----------
    history : counts by band of days before the index date; see `history_columns`.
    held : the clocks whose files cover the look-back.
    """
    rows = []
    limit = study.disclosure.suppress_to
    for choice, outcome in study.counted:
        row = _row(study, compared, choice)
        if compared.design is None or not compared.design.primary.n_matched:
            rows.append(
                row | _unanswerable(compared.reason or "nobody referred has similar people")
            )
        elif row["people_followed"] <= limit:
            rows.append(row | _unanswerable(f"it would rest on {limit} people or fewer"))
        elif outcome.clock not in held:
            told = f"no file covers {outcome.not_covered(held)} for long enough"
            rows.append(row | _unanswerable(told))
        else:
            rows.append(row | _found(study, compared.design, history, choice, outcome))
    return rows


def _row(study: StudyDesign, compared: SchemeCompared, choice: OutcomeChoice) -> Row:
    design = compared.design
    return {
        "study_id": study.study_id,
        "scheme_code": compared.scheme_code,
        "outcome": choice.name,
        "outcome_role": choice.role,
        "people_followed": 0 if design is None else design.primary.n_matched,
        "rate_before": None,
        "worthwhile": choice.worthwhile,
        "smallest_fall": None,
        "smallest_rise": None,
        "people_needed": None,
        "power": POWER,
    }


def _found(
    study: StudyDesign,
    design: SchemeDesign,
    history: pl.DataFrame,
    choice: OutcomeChoice,
    outcome: Outcome,
) -> Row:
    matched = design.primary.matched
    referred = matched.filter("exposed")["candidate_id"]
    lags = history_columns(history, outcome.name, referred)
    total = lags.select(pl.sum_horizontal(pl.all())).to_series()
    rate_before = 1000 * _YEAR * float(total.mean() or 0) / sum(w.days for w in HISTORY_BANDS)  # type: ignore[arg-type]
    earlier = lags.select(pl.sum_horizontal(_EARLIER)).to_series().to_numpy()
    use = earlier_use(earlier, days=_EARLIER_DAYS)
    if use.rate == 0:
        told = "none of the people referred used this care in the time before that foretells most"
        return {"rate_before": rate_before} | _unanswerable(told)
    years = study.windows.post_days / _YEAR
    given: dict[str, float] = {
        "rate": use.rate,
        "years": years,
        "matching_ratio": effective_persons(design, study.post) / len(referred),
        "dispersion": use.dispersion(years),
        "power": POWER,
    }
    found = minimum_detectable_rate_ratio(len(referred), **given)
    fall = None if found.fall is None else round(1 - found.fall, 3)
    return {
        "rate_before": rate_before,
        "smallest_fall": fall,
        "smallest_rise": round(found.rise - 1, 3),
        "people_needed": _about(people_needed(1 - choice.worthwhile, **given)),
        **_answer(fall, choice.worthwhile),
    }


def _about(people: int) -> int:
    """Two figures: more would pretend, and give the number of people back that is hidden."""
    step = int(10 ** max(0, floor(log10(people)) - 1))
    return -(-people // step) * step


def _answer(fall: float | None, worthwhile: float) -> Row:
    asked = f"{worthwhile:.0%}"
    if fall is not None and fall <= worthwhile:
        told = f"A fall of {asked} would show: the smallest that would is {fall:.1%}."
        return {"answer": "yes", "sentence": told}
    if fall is not None and fall <= LARGE:
        told = (
            f"Only a fall of {fall:.1%} or more would show; one of {asked}, which would matter,"
            " could be missed."
        )
        return {"answer": "large_only", "sentence": told}
    told = (
        f"Not even a fall of {LARGE:.0%} would show: there are too few people or events. Finding"
        " nothing here is not evidence of no effect."
    )
    return {"answer": "no", "sentence": told}


def _unanswerable(reason: str) -> Row:
    return {"answer": "no", "sentence": f"This cannot be answered: {reason}."}
