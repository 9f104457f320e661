"""Overlap, equipoise and who was lost: each mark at its edge, before any outcome is read."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import polars as pl
import pytest

from sp_eval.cohort.build import read_eligible, read_history
from sp_eval.comparison.balance import balance_table
from sp_eval.comparison.covariate_names import in_words
from sp_eval.comparison.propensity import fit_logistic
from sp_eval.comparison.scheme_design import SchemeDesign, design_scheme
from sp_eval.contracts.frames import conform, failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import compare, look_at_overlap
from sp_eval.framework.diagnostic import Diagnostic, tenths
from sp_eval.framework.overlap_rows import before_outcomes
from sp_eval.study.design import Disclosure
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world

STUDY = a_study()


@cache
def designed() -> SchemeDesign:
    conn = candidates_of(small_world().tables, STUDY)
    found = design_scheme(read_eligible(conn, "rotherham"), read_history(conn, "rotherham"), STUDY)
    conn.close()
    return found


def of(study=STUDY, **changes: Any) -> dict[tuple[str, str], Diagnostic]:
    design = replace(designed(), primary=replace(designed().primary, **changes))
    return {(one.kind, one.item): one for one in before_outcomes(study, design)}


def only(share: float, study=STUDY) -> pl.DataFrame:
    """A match that keeps this share of those who could be followed, the least busy."""
    lag = "gp_contact_log_90"
    eligible = (
        designed()
        .candidates.filter("is_exposed")
        .join(designed().covariates.frame, on="candidate_id", how="left", maintain_order="left")
    )
    kept = eligible.sort(lag, "candidate_id").head(round(share * eligible.height))
    return kept.select(
        "candidate_id", pl.lit(value=True).alias("exposed"), match_set="candidate_id"
    )


def test_rows_keep_the_contract_and_read_no_outcome() -> None:
    contract = load_contract("diagnostic", "published")
    world = small_world().tables
    found = []
    for tables in (world, world | {"gp_contact": last_contacts_doubled(world["gp_contact"])}):
        conn = candidates_of(tables, STUDY)
        compare(conn, STUDY)
        found.append(look_at_overlap(conn, STUDY))
        conn.close()
    assert found[0] == found[1]
    frame = conform(pl.DataFrame(found[0]), contract)
    assert failures(frame, contract).is_empty()
    assert set(frame["stage"]) == {"before_outcomes"}
    assert frame.select("diagnostic", "item").is_duplicated().sum() == 0


def last_contacts_doubled(contacts: pl.DataFrame) -> pl.DataFrame:
    """Contacts after every index date are there twice."""
    late = contacts.filter(pl.col("contact_date") > pl.date(2018, 4, 1))
    assert late.height > 1_000
    return pl.concat([contacts, late])


def test_the_design_measures_its_scores_before_and_after_matching() -> None:
    primary = designed().primary
    rows = designed().candidates
    frame = rows.join(designed().covariates.frame, on="candidate_id", suffix="_c")
    columns = designed().covariates.named(STUDY.comparison.covariates)
    month = rows["index_month"].dt.year() * 12 + rows["index_month"].dt.month()
    exposed = rows["is_exposed"].to_numpy()
    score = fit_logistic(
        frame.select(columns).to_numpy().astype(float), exposed.astype(float), month.to_numpy()
    ).logit
    beyond = (score[exposed] > score[~exposed].max()) | (score[exposed] < score[~exposed].min())
    assert primary.outside_range == pytest.approx(beyond.mean())
    assert primary.equipoise_pool is not None
    assert primary.equipoise_pool < 0.5 < (primary.equipoise_matched or 0)


@pytest.mark.parametrize(
    ("share", "passed", "said"),
    [
        (0.0, True, "At most 5% of the people referred had a history unlike"),
        (0.05, True, "At most 5% of the people referred"),
        (0.0501, False, "Fewer than 10% of the people referred"),
        (0.34, False, "30% to 40% of the people referred"),
    ],
)
def test_people_beyond_comparison(share: float, passed: bool, said: str) -> None:
    found = of(outside_range=share)["overlap", "outside_range"]
    assert (found.value, found.pass_mark, found.passed) == (share, 0.05, passed)
    assert found.sentence.startswith(said)
    assert ("(at most 5% allowed)" in found.sentence) == (not passed)


@pytest.mark.parametrize(
    ("share", "passed", "said"),
    [(0.5, True, "at least 50%"), (0.4999, False, "40% to 50%"), (1.0, True, "at least 50%")],
)
def test_equipoise_once_matched(share: float, passed: bool, said: str) -> None:
    found = of(equipoise_matched=share)["equipoise", "matched"]
    assert (found.value, found.pass_mark, found.passed) == (share, 0.5, passed)
    assert said in found.sentence


def test_equipoise_in_the_pool_is_a_fact_and_never_fails() -> None:
    found = of(equipoise_pool=0.02)["equipoise", "pool"]
    assert (found.value, found.pass_mark, found.passed) == (0.02, None, None)
    assert "fewer than 10% of the people referred" in found.sentence
    assert ("equipoise", "pool") not in of(equipoise_pool=None)
    assert ("equipoise", "matched") not in of(equipoise_matched=None)
    assert ("overlap", "outside_range") not in of(outside_range=None)


def test_who_was_lost_by_what_was_known_of_them() -> None:
    matched = only(0.6)
    found = of(matched=matched, n_matched=matched.height)
    lost = {item: one for (kind, item), one in found.items() if kind == "who_was_lost"}
    gaps = {item: one.value for item, one in lost.items() if one.value and one.passed is None}
    most = max(gaps, key=lambda item: abs(gaps[item]))
    assert most.startswith("gp_contact_")
    assert gaps[most] > 1
    assert {"age", "age_squared"} & set(gaps)
    (ethnic,) = {"ethnicity_other", "ethnicity_unknown"} & set(lost)
    assert lost[ethnic].value is None  # of few people a share would be a number of them
    assert re.fullmatch(
        "(More|Fewer) of those left without similar people are so than of those analysed.",
        lost[ethnic].sentence,
    )
    assert "standard deviations higher than those analysed" in lost[most].sentence
    analysed = lost["people_analysed"]
    assert analysed.passed is False
    assert f"most in {in_words(most)}, by more than 0.10 standard deviations" in analysed.sentence
    everybody = (
        designed()
        .candidates.filter("is_exposed")
        .join(designed().covariates.frame, on="candidate_id", maintain_order="left")
    )
    both = pl.concat(
        [everybody.with_columns(group=pl.lit(value=False)),
         everybody.join(matched, on="candidate_id", how="semi").with_columns(
             group=pl.lit(value=True))]
    )  # fmt: skip
    apart = balance_table(both, exposed="group", covariates=[most], reference=everybody)
    assert analysed.value == pytest.approx(abs(apart["smd"][0]), abs=6e-3)


def test_the_mark_of_those_analysed_at_its_edge() -> None:
    matched = only(0.8)
    gap = of(matched=matched, n_matched=matched.height)["who_was_lost", "people_analysed"].value
    for mark, passed in ((gap + 0.006, True), (gap - 0.006, False)):
        study = a_study(thresholds={"lost": mark})
        found = of(study, matched=matched, n_matched=matched.height)
        assert found["who_was_lost", "people_analysed"].passed is passed


def test_of_few_lost_nothing_is_said() -> None:
    """The flow of people tells whether more than seven were lost; only then are they described."""
    exposed = designed().primary.n_exposed
    for lost in range(exposed):
        matched = only(1 - lost / exposed)
        if lost > 16:
            break
        found = of(matched=matched, n_matched=matched.height)
        described = ("who_was_lost", "too_few_to_describe") not in found
        assert described <= (lost >= 8)
        if not described:
            told = [one for (kind, _), one in found.items() if kind == "who_was_lost"]
            assert [one.value for one in told] == [None, None]
    assert described
    strict = a_study(disclosure=Disclosure(suppress_to=90, round_to=10).model_dump())
    matched = only(0.7)
    found = of(strict, matched=matched, n_matched=matched.height)
    assert ("who_was_lost", "too_few_to_describe") in found


def test_nobody_matched_has_nobody_to_describe() -> None:
    found = of(n_matched=0, matched=designed().primary.matched.clear())
    assert not [kind for kind, _ in found if kind == "who_was_lost"]


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "fewer than 10%"), (0.0999, "fewer than 10%"), (0.1, "10% to 20%"),
     (0.3, "30% to 40%"), (1.0, "90% to 100%")],
)  # fmt: skip
def test_shares_are_said_in_tenths(share: float, said: str) -> None:
    assert tenths(share) == said
