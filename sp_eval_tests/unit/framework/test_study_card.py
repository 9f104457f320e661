"""What was asked, and of whom."""

from __future__ import annotations

import json

from sp_eval.contracts.frames import failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.study_card import scheme_rows, study_rows
from sp_eval.study.design import StudyDesign
from sp_eval_tests.support.studies import a_study


def test_the_card_is_the_design() -> None:
    study = a_study(schemes=["rotherham"], eligibility={"age_from": 18})
    rows = study_rows(study)
    assert failures(rows, load_contract("study", "published")).is_empty()
    row = rows.row(0, named=True)
    assert (row["schemes"], row["age_from"], row["ratio"]) == ("rotherham", 18, 5)
    again = StudyDesign.model_validate(json.loads(row["protocol"]))
    assert again.design_hash() == row["design_hash"] == study.design_hash()


def test_schemes_delivering_are_told_with_what_they_lack() -> None:
    rows = scheme_rows(["rotherham", "unmapped"])
    assert failures(rows, load_contract("scheme", "published")).is_empty()
    row = rows.row(0, named=True)
    assert rows.height == 1
    assert row["title"] == "Rotherham Social Prescribing Service"
    assert "referral" in row["held"].split(", ")
    assert row["not_held"] == "code_count, contact, population, use_count"
    assert row["why_not_held"].split("; ")[0].startswith("contact: the workbook")
    told = row["not_recorded"].split("; ")
    assert "activity.referred_on_date: only the start is recorded" in told
    # one of its hospital files holds the column, so the scheme does
    assert not any(one.startswith("hospital_activity.provider_code") for one in told)
    assert row["presumed"] == "outcome_response.instrument: rotherham_wellbeing"
    assert scheme_rows([]).is_empty()
