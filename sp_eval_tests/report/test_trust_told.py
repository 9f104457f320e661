"""How far the answers can be trusted, as the report tells it: from the rows, and nothing else."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from sp_eval.report import words
from sp_eval.report.answers import answer_of
from sp_eval.report.facts import first_screen
from sp_eval.report.page import report_page
from sp_eval.report.release import read_release, studies_of
from sp_eval.report.ways import ways_told
from sp_eval.report.words import DIAGNOSTICS, GRADE_MEANS
from sp_eval_tests.support.report_figures import disagreements, first_screen_words
from sp_eval_tests.support.runs import Made, published

MOVED = "changed too, and the scheme should not change them"


@pytest.fixture
def told(narrow: Made, tmp_path: Path) -> Callable[..., str]:
    """The report of the narrow run's release, after some statements."""

    def tell(*statements: str) -> str:
        path = tmp_path / "release.duckdb"
        shutil.copy(narrow.home / "published" / "release.duckdb", path)
        with duckdb.connect(str(path)) as conn:
            for statement in statements:
                conn.execute(statement).fetchall()
        release = read_release(path, studies_of(path)[0])
        page = report_page(release, first_screen(release))
        assert disagreements(path, page) == []
        return page

    return tell


def section(page: str) -> str:
    found = re.search(r'<section id="trust">.*?</section>', page, flags=re.DOTALL)
    assert found
    return html.unescape(re.sub(r"<[^>]+>", " ", found[0]))


def test_every_row_is_listed_with_its_sentence(narrow: Made, told: Callable[..., str]) -> None:
    shown = section(told())
    sql = "select diagnostic, sentence from published.diagnostic"
    rows = published(narrow.home, sql, "release")
    assert len(rows) > 20
    for kind, sentence in rows:
        assert sentence in shown
        assert DIAGNOSTICS[kind] in shown
    checks = published(
        narrow.home, "select sentence from published.design_check where passed", "release"
    )
    assert all(sentence in shown for (sentence,) in checks)


def test_each_kind_of_row_has_its_words() -> None:
    from sp_eval.contracts.odcs import load_contract

    allowed = load_contract("diagnostic", "published").column("diagnostic").allowed
    assert set(DIAGNOSTICS) == set(allowed or ())


def test_the_grade_is_told_in_the_words_of_its_row(told: Callable[..., str]) -> None:
    why = "Weak, because one person alone moves the answer."
    page = told(
        f"update published.diagnostic set sentence = '{why}'"
        " where diagnostic = 'grade' and outcome = 'gp_contact'"
    )
    assert f"Grade. {why}" in first_screen_words(page)
    assert GRADE_MEANS["moderate"] not in page


def test_a_control_that_moved_is_warned_of(told: Callable[..., str]) -> None:
    assert MOVED not in told()
    control = "outcome_role = 'negative_control' where outcome = 'ae_attendance'"
    added = """insert into published.diagnostic select study_id, scheme_code, 'ae_attendance',
        'negative_control', 'rate_ratio', 1.3, 1.1, 1.5, 1.0, {passed}, 'after_outcomes', 'It did.'
        from published.diagnostic where diagnostic = 'mortality'"""
    still = told(f"update published.estimate set {control}", added.format(passed="true"))
    assert MOVED not in still
    page = told(f"update published.estimate set {control}", added.format(passed="false"))
    assert f"A&E attendances {MOVED}" in first_screen_words(page)
    assert "it moved" in first_screen_words(page)
    assert "It did." in section(page)
    assert words.IN_SHORT["fewer_doubted"].split(":")[0] in first_screen_words(page)
    assert "fewer: because of the scheme" not in first_screen_words(page)


def test_a_release_without_the_rows_tells_the_grade_alone(told: Callable[..., str]) -> None:
    page = told("drop table published.diagnostic")
    grades = {"moderate", "weak"}
    assert any(f"Grade {g}: {GRADE_MEANS[g]}." in first_screen_words(page) for g in grades)
    assert "This release does not hold it" in section(page)


def test_what_the_files_do_not_tell_is_told_beside_the_answer(told: Callable[..., str]) -> None:
    said = "Not known from the files, and so not compared on:"
    assert said not in first_screen_words(told())
    page = told(
        "delete from published.balance where covariate like 'ltc_count%'"
        " or covariate like 'deprivation%'"
    )
    assert f"{said} deprivation and number of long-term conditions." in first_screen_words(page)


def test_what_a_control_could_have_shown_is_the_fall_of_its_row(told: Callable[..., str]) -> None:
    page = told(
        "update published.estimate set outcome_role = 'negative_control'"
        " where outcome = 'ae_attendance'",
        "update published.detectable_change set smallest_fall = 0.43",
    )
    assert "only a fall of 43% or more would have shown" in first_screen_words(page)


@pytest.mark.parametrize(
    ("verdict", "low", "point", "high", "agrees"),
    [
        ("cannot_tell", 0.80, 0.91, 0.99, False),  # though inside the answer's own interval
        ("cannot_tell", 0.80, 0.91, 1.01, True),
        ("fewer", 0.80, 0.91, 0.99, True),
        ("fewer", 0.80, 0.91, 1.01, False),
        ("more", 1.01, 1.10, 1.20, True),
        ("no_worthwhile_change", 0.80, 0.91, 0.99, True),
        ("no_worthwhile_change", 0.80, 0.83, 0.99, False),
    ],
)
def test_another_way_agrees_if_it_would_give_the_same_answer(
    narrow: Made, verdict: str, low: float, point: float, high: float, agrees: bool
) -> None:
    path = narrow.home / "published" / "release.duckdb"
    kept = read_release(path, studies_of(path)[0])
    estimate = kept.tables["estimate"].filter(
        pl.col("scheme_code") == "rotherham", pl.col("outcome") == "gp_contact",
        pl.col("role") != "sensitivity",
    )  # fmt: skip
    own = (pl.col("method") == "matched_rate_ratio") & (pl.col("scale") == "rate_ratio")
    told = {
        "status": "released",
        "verdict": verdict,
        "point": 0.95,
        "ci_low": 0.85,
        "ci_high": 1.06,
    }
    answer = estimate.with_columns(
        pl.when(own).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in told.items()
    )
    other = answer.filter(own).with_columns(
        method=pl.lit("matched_uncapped"), role=pl.lit("sensitivity"),
        point=pl.lit(point), ci_low=pl.lit(low), ci_high=pl.lit(high),
    )  # fmt: skip
    release = replace(kept, tables={**kept.tables, "estimate": pl.concat([answer, other])})
    primary = answer_of(release, "rotherham", "gp_contact", "primary")
    (said,) = ways_told(release, "rotherham", primary)
    assert (str(said) == "Of 1 other ways of comparing, all say the same.") is agrees
