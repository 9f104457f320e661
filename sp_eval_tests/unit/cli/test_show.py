"""Estimates as they are printed: three figures that add up, and one of five verdicts."""

from __future__ import annotations

import io

import polars as pl
import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from sp_eval.cli.show import Steps, show_estimates, show_sentences

RATE = "rate_per_1000_person_years"


def row(method: str, scale: str, point: float | None, **more: object) -> dict[str, object]:
    return {
        "study_id": "s", "scheme_code": "leeds", "outcome": "gp_contact", "role": "descriptive",
        "method": method, "scale": scale, "point": point, "ci_low": None, "ci_high": None,
        "status": "withheld" if point is None else "released", "verdict": None,
        "withheld_reason": None, "n_analysed": 90, "n_referred": 100,
    } | more  # fmt: skip


def estimates(verdict: str, before: float, without: float, after: float) -> pl.DataFrame:
    ratio = {"role": "primary", "verdict": verdict, "ci_low": 0.7, "ci_high": 0.9}
    return pl.DataFrame(
        [
            row("matched_rate_ratio", "rate_ratio", 0.8, **ratio),
            row("observed_before", RATE, before),
            row("expected_without_scheme", RATE, without),
            row("observed_after", RATE, after),
        ],
        infer_schema_length=None,
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("fewer", "FEWER"),
        ("more", "MORE"),
        ("no_worthwhile_change", "NO WORTHWHILE CHANGE"),
        ("cannot_tell", "CANNOT TELL"),
    ],
)
def test_one_line_an_outcome(verdict: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_estimates(estimates(verdict, 6190.0, 5120.0, 4050.0))
    told = " ".join(capsys.readouterr().out.split())
    assert "leeds (s): use of care per 100 people a year" in told
    assert f"GP and nurse contacts 619.0 512.0 405.0 -107.0 {words} 0.80 (0.70 to 0.90)" in told


def test_the_change_is_that_of_the_figures_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """179.4 and 163.6 a thousand are printed as 17.9 and 16.4: 1.5 apart, not the exact 1.58."""
    show_estimates(estimates("fewer", 225.0, 179.4, 163.6))
    assert "17.9 16.4 -1.5" in " ".join(capsys.readouterr().out.split())


def test_truth_stands_beside(capsys: pytest.CaptureFixture[str]) -> None:
    show_estimates(estimates("fewer", 1.0, 1.0, 1.0), truth={"leeds": {"gp_contact": 0.75}})
    told = capsys.readouterr().out
    assert "truth" in told
    assert any(line.rstrip().endswith(" 0.75") for line in told.splitlines())


def test_what_is_withheld_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    withheld = {"role": "primary", "verdict": "not_answerable", "withheld_reason": "too [few]"}
    show_estimates(pl.DataFrame([row("matched_rate_ratio", "rate_ratio", None, **withheld)]))
    told = " ".join(capsys.readouterr().out.split())
    assert "NOT ANSWERABLE" in told
    assert "leeds: withheld: too [few]" in told


def test_questionnaires_are_described_and_no_effect(capsys: pytest.CaptureFixture[str]) -> None:
    change = row("paired_change", "mean_change", 0.44, outcome="rotherham_wellbeing",
                 ci_low=0.3, ci_high=0.5)  # fmt: skip
    show_estimates(pl.DataFrame([change], infer_schema_length=None))
    told = " ".join(capsys.readouterr().out.split())
    assert "+0.44 (+0.30 to +0.50)" in told
    assert "90 of 100 people; described, not an effect" in told


def test_long_lists_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show_sentences("To be looked at", tuple(f"[{n}] sentence" for n in range(25)))
    told = capsys.readouterr().err
    assert "[0] sentence" in told
    assert "[20] sentence" not in told
    assert "and 5 more" in told
    show_sentences("Nothing", ())
    assert capsys.readouterr().err == ""


def test_a_sentence_about_a_file_named_like_markup_stops_nothing() -> None:
    drawn = io.StringIO()
    terminal = Console(force_terminal=True, file=drawn, width=200)
    with Progress(TextColumn("[dim]{task.fields[detail]}"), console=terminal) as progress:
        steps = Steps(progress)
        steps.tell("crm/[/b].csv: 3 rows, 0 refused, 0 repeated.")
        progress.refresh()
    assert "crm/[/b].csv: 3 rows" in drawn.getvalue()
