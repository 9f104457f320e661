"""From everyone in the referral files to everyone analysed, each step with its reason."""

from __future__ import annotations

from typing import Any

from sp_eval.study.design import StudyDesign
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import read_frame

__all__ = ["attrition_rows", "referred_count"]

_COUNTS = """
with episode as (
    select * from service.referral_episode where scheme_code = $scheme
),
person as (
    select
        person_key,
        any_value(person_number) as person_number,
        min(referral_date) as first_date,
        bool_and(has_consent) as has_consent
    from episode
    group by person_key
),
placed as (
    select
        p.*,
        c.is_registered,
        c.is_covered,
        c.is_of_age
    from person as p
    left join cohort.candidate as c
        on
            c.scheme_code = $scheme
            and p.person_number = c.person_number
            and c.is_exposed
)
select
    (select count(*) from episode) as referrals,
    (select count(*) from episode where not is_rereferral) as episodes,
    count(*) as people,
    count_if(has_consent) as consenting,
    count_if(has_consent and person_number is not null) as linked,
    count_if(has_consent and person_number is not null and first_date >= $index_from)
        as first_referred,
    count_if(
        has_consent and person_number is not null
        and first_date >= $index_from and first_date < $index_before
    ) as in_period,
    count_if(first_date < $index_before and is_registered) as registered,
    count_if(first_date < $index_before and is_registered and is_of_age) as of_age,
    count_if(first_date < $index_before and is_registered and is_of_age and is_covered) as covered
from placed
"""


def attrition_rows(
    conn: Connection, study: StudyDesign, scheme: str, *, matched: int | None
) -> list[dict[str, Any]]:
    """The rows of `published.attrition` of one scheme.

    `people` is who remains after each step (referrals in the first two); `matched` the referred
    with similar people, None where no comparison could be made.
    """
    bound = {
        "scheme": scheme,
        "index_from": study.index.from_,
        "index_before": study.index_before,
    }
    counts = read_frame(conn, _COUNTS, bound).row(0, named=True)
    rows = [
        (step, int(counts[name] or 0), reason) for step, reason, name in _steps(study)
    ]  # null: nobody
    unmatched = "unmatched: no similar person within the caliper in that month"
    rows.append(("matched and analysed", 0 if matched is None else matched, unmatched))
    return [
        {
            "study_id": study.study_id,
            "scheme_code": scheme,
            "step_number": number,
            "step": step,
            "people": people,
            "reason": reason,
        }
        for number, (step, people, reason) in enumerate(rows, start=1)
    ]


def referred_count(rows: list[dict[str, Any]]) -> int:
    """People in the referral files, the start of the flow."""
    return next(int(row["people"]) for row in rows if row["step"] == "people")


def _steps(study: StudyDesign) -> list[tuple[str, str, str]]:
    """Each step up to matching: its name, why people leave there, and the count that remains."""
    days = study.eligibility.rereferral_days
    lookback = study.windows.lookback_days
    steps: list[tuple[str, str, str]] = [
        ("referrals", "referral rows received and accepted", "referrals"),
        ("first of an episode", f"re-referral within {days} days of the last", "episodes"),
        ("people", "later episodes of the same person", "people"),
        ("consented", "no consent to evaluation", "consenting"),
        ("linked", "unlinked: not on the register supplied", "linked"),
        ("first referral in the study", "referred before the index period", "first_referred"),
        ("in the index period", "first referred after the index period", "in_period"),
        (
            "followed back",
            f"look-back: not registered and alive on all {lookback} days before and on the day",
            "registered",
        ),
    ]
    if study.eligibility.age_from > 0 or study.eligibility.age_to < 120:
        steps.append(("of the ages studied", "age outside the study", "of_age"))
    steps.append(
        ("covered", "coverage: files missing for part of the look-back or practice", "covered")
    )
    return steps
