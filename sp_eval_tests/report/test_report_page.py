"""The report: every number a row of the release, the words of the first screen, odd releases."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import duckdb
import pytest
from pypdf import PdfReader

from sp_eval.operation.reports import write_reports
from sp_eval.operation.run import Run
from sp_eval.report.facts import first_screen
from sp_eval.report.page import report_page
from sp_eval.report.release import read_release, studies_of
from sp_eval.report.sheet import first_page
from sp_eval.report.words import VERDICTS, adding
from sp_eval.settings import Settings
from sp_eval_tests.support.report_figures import (
    disagreements,
    figures_of,
    first_screen_words,
    words_outside_figures,
)
from sp_eval_tests.support.runs import Made

NOT_SAID = (
    "SMD", "ATT", "propensity", "RTM", "rate ratio", "person-years", "non-significant",
    "significant", "savings", "proven",
)  # fmt: skip
WITHHELD = """update published.estimate set status = 'withheld', point = null, ci_low = null,
    ci_high = null, n_analysed = null, verdict = case when role = 'primary' then 'not_answerable'
    end, evidence_grade = 'none', withheld_reason = '{reason}'
    where {which} method not in ('before_after', 'expected_from_selection')"""
GATE = (
    "the groups differ most before referral in GP and nurse contacts, last 90 days:"
    " 0.231 standard deviations (at most 0.10). Ways on: another comparison pool; or report that"
    " the files cannot tell."
)
CODED = [
    "attrition", "balance", "coverage", "delivery", "design_check", "detectable_change",
    "diagnostic", "estimate", "scheme", "study_version", "subgroup", "trend", "vocabulary",
]  # fmt: skip


def made_from(path: Path) -> tuple[str, bytes]:
    release = read_release(path, studies_of(path)[0])
    screen = first_screen(release)
    return report_page(release, screen), first_page(screen)


@pytest.fixture(scope="session")
def as_it_is(narrow: Made) -> tuple[Path, str]:
    path = narrow.home / "published" / "release.duckdb"
    return path, made_from(path)[0]


@pytest.fixture
def altered(narrow: Made, tmp_path: Path) -> Callable[..., Path]:
    def alter(*statements: str) -> Path:
        path = tmp_path / "release.duckdb"
        shutil.copy(narrow.home / "published" / "release.duckdb", path)
        with duckdb.connect(str(path)) as conn:
            for statement in statements:
                conn.execute(statement).fetchall()
        return path

    return alter


def sound(path: Path) -> tuple[str, str]:
    """The page and the text of the sheet, after what holds of every report was looked at."""
    html, pdf = made_from(path)
    assert disagreements(path, html) == []
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", html)
    said = words_outside_figures(html)
    left = re.sub(r"\b100 people", "", said)
    assert re.findall(r".{0,20}\d.{0,10}", left) == []
    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) == 1
    text = " ".join(pages[0].extract_text().split())
    for one in (first_screen_words(html), text):
        assert not [word for word in NOT_SAID if re.search(rf"\b{word}\b", one)]
        assert not re.search(r"\bp\s*[=<]", one)
    return html, text


def test_eleven_schemes_still_fit_on_one_sheet(as_it_is: tuple[Path, str]) -> None:
    screen = first_screen(read_release(as_it_is[0], studies_of(as_it_is[0])[0]))
    many = replace(screen, schemes=(*screen.schemes * 5, screen.schemes[0]))
    (page,) = PdfReader(BytesIO(first_page(many))).pages
    text = " ".join(page.extract_text().split())
    # each keeps its answer; what else is told of each stands in the report
    assert text.count(" ".join(str(screen.schemes[0].primary.sentence).split())) == 6
    assert "For each scheme in the full report." in text


def test_every_printed_number_is_a_row(as_it_is: tuple[Path, str]) -> None:
    path, _ = as_it_is
    html, _ = sound(path)
    assert len(figures_of(html)) > 300


def test_an_altered_number_is_found(as_it_is: tuple[Path, str]) -> None:
    path, html = as_it_is
    numbers = re.findall(r'<span class="n"[^>]*>(\d[\d,]*(?:\.\d+)?)</span>', html)
    assert len(numbers) > 200
    for place in (0, len(numbers) // 2, len(numbers) - 1):
        found = list(re.finditer(r'(<span class="n"[^>]*>)(\d[\d,]*(?:\.\d+)?)(</span>)', html))[
            place
        ]
        wrong = str(float(found[2].replace(",", "")) + 1)
        spoilt = html[: found.start(2)] + wrong + html[found.end(2) :]
        assert len(disagreements(path, spoilt)) == 1


def test_rows_add_up_as_printed(as_it_is: tuple[Path, str]) -> None:
    release = read_release(as_it_is[0], studies_of(as_it_is[0])[0])
    for scheme in first_screen(release).schemes:
        for answer in scheme.answers:
            bars = answer.bars
            assert bars is not None
            figures = (bars.before, bars.without, bars.after, bars.difference, bars.anyway)
            before, without, after, difference, anyway = (
                float(str(f).replace(",", "").replace("\u2212", "-")) for f in figures
            )
            assert without + difference == pytest.approx(after)
            assert before + anyway == pytest.approx(without)


@pytest.mark.parametrize("sign", ["fewer", "more"])
def test_harm_is_told_like_benefit(altered: Callable[..., Path], sign: str) -> None:
    factor = 1 if sign == "more" else -1
    scale = "rate_difference_per_1000_person_years"
    ends = "(1.1, 1.2, 1.3)" if sign == "more" else "(0.7, 0.8, 0.9)"
    low, point, high = (float(x) for x in ends.strip("()").split(","))
    primary = "role = 'primary' and outcome = 'gp_contact'"
    rates = "outcome = 'gp_contact' and method"
    path = altered(
        f"update published.estimate set verdict = '{sign}', status = 'released' where {primary}",
        f"update published.estimate set point = {point}, ci_low = {low}, ci_high = {high}"
        f" where {primary} and scale = 'rate_ratio'",
        f"update published.estimate set point = {factor * 1000}, ci_low = {factor * 1000 - 400},"
        f" ci_high = {factor * 1000 + 400} where {primary} and scale = '{scale}'",
        f"update published.estimate set point = 7000 where {rates} = 'observed_after'",
        f"update published.estimate set point = {7000 - factor * 1000}"
        f" where {rates} = 'expected_without_scheme'",
    )
    html, sheet = sound(path)
    said = (
        f"For every 100 people referred there were 100 {sign} GP and nurse contacts a year than"
        f" among similar people who were not referred (95% interval 60 to 140 {sign};"
        f" 20% {sign})."
    )
    assert said in first_screen_words(html)
    assert said in sheet
    assert f'<span class="word">{sign.upper()}</span>' in html


def test_cannot_tell_and_no_worthwhile_change(altered: Callable[..., Path]) -> None:
    primary = "role = 'primary' and scheme_code ="
    path = altered(
        f"update published.estimate set verdict = 'cannot_tell' where {primary} 'rotherham'",
        "update published.estimate set verdict = 'no_worthwhile_change', ci_low = case scale when"
        " 'rate_ratio' then 0.97 else ci_low end, ci_high = case scale when 'rate_ratio' then 1.02"
        f" else ci_high end where {primary} 'gloucestershire'",
    )
    said = first_screen_words(sound(path)[0])
    assert "too few people or events: the truth may lie between" in said
    assert "This is not evidence of no effect. About" in said
    assert "the difference is smaller than the 5% this study said would matter" in said


def test_withheld_shows_why_and_one_way_on(altered: Callable[..., Path]) -> None:
    html, sheet = sound(altered(WITHHELD.format(reason=GATE, which="")))
    for text in (first_screen_words(html), sheet):
        assert "NOT ANSWERABLE" in text
        assert "the groups were not alike enough before referral. To answer it:" in text
        assert "happens anyway" in text
    assert GATE in html  # and in full further on
    assert '<div class="hatched">' in html


def test_rates_that_are_hidden_take_no_answer_away(altered: Callable[..., Path]) -> None:
    where = "where scheme_code = 'rotherham' and outcome = 'gp_contact'"
    path = altered(
        f"update published.estimate set verdict = 'fewer' {where} and role = 'primary'",
        "update published.estimate set status = 'withheld', point = null, ci_low = null, ci_high ="
        f" null, withheld_reason = 'a part of this total' {where} and role = 'descriptive'",
    )
    html, sheet = sound(path)
    (rotherham,) = (
        scheme
        for scheme in first_screen(read_release(path, studies_of(path)[0])).schemes
        if scheme.code == "rotherham"
    )
    answer = rotherham.primary
    assert answer.verdict == "fewer"
    assert answer.bars is None
    assert answer.difference is not None
    for text in (first_screen_words(html), sheet):
        assert " ".join(str(answer.sentence).split()) in text
        assert "How often care was used before and after is not shown" in text


def test_hidden_counts_and_few_people(altered: Callable[..., Path]) -> None:
    few = "it rests on 7 people or fewer"
    html, sheet = sound(
        altered(
            WITHHELD.format(reason=few, which="scheme_code = 'rotherham' and"),
            "update published.attrition set people = null where step_number > 6",
            "update published.trend set rate = null, people = null",
            "update published.balance set smd_before = null, smd_after = null",
        )
    )
    assert few in sheet
    assert "wait until more people are referred" in first_screen_words(html)
    assert "not shown" in html
    assert re.search(r"Grade: (moderate|weak) in Gloucestershire; none in Rotherham", html)


def test_one_scheme(altered: Callable[..., Path]) -> None:
    path = altered(
        *(f"delete from published.{table} where scheme_code <> 'rotherham'" for table in CODED),
        "delete from published.comparability where criterion <> 'side_by_side'",
    )
    html, _ = sound(path)
    assert "Gloucestershire" not in first_screen_words(html)


def test_four_schemes_on_one_sheet(altered: Callable[..., Path]) -> None:
    doubled = [
        f"insert into published.{table} select * replace ('{name}' as scheme_code"
        + (", 'x/' || delivery_id as delivery_id" if table == "delivery" else "")
        + f") from published.{table} where scheme_code = '{source}'"
        for table in CODED
        if table not in ("study_version",)
        for name, source in (("barnsley", "rotherham"), ("the_forest", "gloucestershire"))
        if not (table == "delivery" and name == "barnsley")
    ]
    html, sheet = sound(altered(*doubled))
    for place in ("Barnsley", "The Forest", "Rotherham", "Gloucestershire"):
        assert place in html
        assert place in sheet


def test_older_release_without_some_tables(altered: Callable[..., Path]) -> None:
    gone = ("study", "scheme", "detectable_change", "comparability", "trend",
            "delivery_check", "diagnostic", "subgroup", "vocabulary", "standard_item")  # fmt: skip
    html, _ = sound(altered(*(f"drop table published.{table}" for table in gone)))
    assert html.count("This release does not hold it") == 7


def section_of(html: str, name: str) -> str:
    """The words of one section, its pictures and their legends left out."""
    found = re.search(rf'<section id="{name}">(.*?)</section>', html, re.DOTALL)
    assert found is not None
    plain = re.sub(r"<svg.*?</svg>", " ", found[1], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", plain).split())


def test_for_whom_says_how_many_looks_and_no_verdict(as_it_is: tuple[Path, str]) -> None:
    said = section_of(as_it_is[1], "for-whom")
    assert "Ways of dividing people that could be tested:" in said
    assert "by chance alone in about" in said
    assert "Sex: women" in said
    assert "the files do not tell who is in this group: the hubs do not record it" in said
    assert "never off one interval" in said
    for word in (*VERDICTS.values(), "significant"):
        assert word not in said, word


def test_whether_groups_differ_is_said_by_all_looks_together(altered: Callable[..., Path]) -> None:
    named = "update published.subgroup set p_interaction = {}, p_holm = {} where subgroup = '{}'"
    path = altered(
        "update published.subgroup set p_interaction = null, p_holm = null, p_bh = null",
        named.format(0.001, 0.004, "sex"),
        named.format(0.03, 0.09, "age"),
        named.format(0.4, 1.0, "deprivation"),
    )
    said = section_of(sound(path)[0], "for-whom")
    rows = {
        "Sex 0.1 0.4 the groups differ by more than chance makes, all looks counted",
        "Age 3.0 9.0 taken alone more than chance makes; within it, once all looks are counted",
        "Deprivation of the area people live in 40.0 100.0 within what chance makes",
        "Whether people are carers not tested: fewer than two groups can be set against each other",
    }
    for row in rows:
        assert row in said
    assert "could be tested: 3 ." in said
    assert "in about 14 % of such studies" in said


def test_no_groups_asked_for_and_none_left(altered: Callable[..., Path]) -> None:
    none = section_of(sound(altered("delete from published.subgroup"))[0], "for-whom")
    assert "The study names no groups of people to look at." in none
    nothing = altered(
        "update published.subgroup set status = 'withheld', point = null, ci_low = null,"
        " ci_high = null, p_interaction = null, p_holm = null, n_eligible = null,"
        " withheld_reason = 'it rests on 7 people or events at most'"
    )
    said = section_of(sound(nothing)[0], "for-whom")
    assert "No way of dividing people could be tested" in said
    assert "There is no picture" in said


def test_asked_again_is_said(altered: Callable[..., Path]) -> None:
    path = altered(
        "insert into published.study_version select * replace (2 as version_number, 'changed:"
        " comparison' as what_changed) from published.study_version",
        "update published.study_version set design_hash = 'old' where version_number = 1",
    )
    said = sound(path)[1]
    assert "Asked before results were seen" not in said
    assert "version 2 of 2" in said


def test_reports_of_a_run_stay_until_something_is_new(narrow: Made) -> None:
    folder = narrow.home / "reports"
    files = [folder / "index.html", *(folder / "narrow").iterdir()]
    assert {f.name for f in files} == {"index.html", "first_page.pdf"}
    before = {f: (f.stat().st_mtime_ns, f.read_bytes()) for f in files}
    narrow.run_again()
    assert {f: (f.stat().st_mtime_ns, f.read_bytes()) for f in files} == before
    (folder / "narrow" / "first_page.pdf").unlink()
    narrow.run_again()
    assert (folder / "narrow" / "first_page.pdf").read_bytes() == before[
        folder / "narrow" / "first_page.pdf"
    ][1]


def test_nothing_new_loads_no_picture_maker() -> None:
    """What a run with nothing new imports: the look at whether reports stand."""
    asked = (
        "import sys, sp_eval.operation.reports, sp_eval.report.release;"
        " print([m for m in ('altair', 'vl_convert', 'typst', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_report_of_a_study_no_longer_released_is_taken_away(
    narrow: Made, tmp_path: Path
) -> None:
    settings = Settings.from_environment(home=narrow.copy_to(tmp_path).home)
    folder = settings.home / "reports"
    (kept,) = (path.name for path in folder.iterdir() if path.is_dir())
    for name in ("gone", "shared"):
        (folder / name).mkdir()
        (folder / name / "index.html").touch()
    (folder / "shared" / "notes.txt").touch()
    (folder / kept / "index.html").unlink()
    write_reports(Run(settings, ()))
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left == {
        "index.html", f"{kept}/index.html", f"{kept}/first_page.pdf", "shared/notes.txt",
    }  # fmt: skip
    assert not (folder / "gone").exists()


@pytest.mark.parametrize("verdict", VERDICTS)
def test_only_a_clear_verdict_names_a_cause(verdict: str) -> None:
    anyway, cause = adding(verdict)
    assert anyway.startswith("would have happened anyway")
    assert ("because of the scheme" in cause) == (verdict in ("fewer", "more"))
