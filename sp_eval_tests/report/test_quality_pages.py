"""The pages on the quality of deliveries: what they tell and hide; `sp-eval quality`."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from sp_eval.cli.quality import said_of
from sp_eval.cohort.extract_tables import EVALUATED, UNREAD
from sp_eval.contracts.frames import empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.evaluation import primary_of_tables
from sp_eval.framework.linkage import Division, Level
from sp_eval.operation.refused_effect import main_only
from sp_eval.report.quality_facts import QualityFacts
from sp_eval.report.quality_people import linkage
from sp_eval.report.quality_sections import completeness, over_time, timeliness
from sp_eval.settings import project_root
from sp_eval.study.protocol import load_study
from sp_eval_tests.support.documents import texts_of
from sp_eval_tests.support.runs import MONTH, Made, published, run_line

DOCUMENT = project_root() / "docs" / "how_to" / "look-at-quality.md"
SCHEME = "rotherham"


def page(home: Path, scheme: str = SCHEME) -> str:
    return (home / "quality" / scheme / f"{MONTH}.html").read_text(encoding="utf-8")


def section(text: str, name: str) -> str:
    found = re.search(rf'<section id="{name}">(.*?)</section>', text, re.DOTALL)
    assert found is not None
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", found[1]).split()))


def test_the_states_are_published_in_both_files_alike(narrow: Made) -> None:
    rows = published(narrow.home, "from published.quality order by all", "release")
    assert rows == published(narrow.home, "from published.quality order by all")
    assert len(rows) == 14
    told = section(page(narrow.home), "states")
    for dataset, used in published(
        narrow.home,
        f"select dataset, rows_used from published.quality where scheme_code = '{SCHEME}'",
    ):
        assert f"{used:,}" in told, dataset


def test_rows_of_the_states_are_those_of_the_ledger(narrow: Made) -> None:
    for scheme, rows, used, refused in published(
        narrow.home,
        """select scheme_code, sum(rows_in), sum(rows_accepted), sum(rows_quarantined)
        from published.delivery group by all""",
    ):
        assert published(
            narrow.home,
            f"""select sum(rows_in), sum(rows_used), sum(rows_refused) from published.quality
            where scheme_code = '{scheme}'""",
        ) == [(rows, used, refused)]


def test_each_rule_broken_and_who_links_is_told_without_a_person(narrow: Made) -> None:
    text = page(narrow.home)
    broken = section(text, "plausibility")
    for rule, column in published(
        narrow.home,
        f"""select distinct rule, column_name from published.rejection
        where scheme_code = '{SCHEME}' and row_number is not null""",
    ):
        assert column is None or column in broken, rule
    assert "cannot be told by sex" in section(text, "linkage")
    assert not re.search(r"(?<!\d)\d{3}[- .]?\d{3}[- .]?\d{4}(?!\d)", text)
    assert not re.search(r"[0-9a-f]{16}", text)


def test_the_senders_folder_holds_no_such_page(narrow: Made) -> None:
    assert list((narrow.home / "receipts").rglob("*uality*")) == []


def test_the_estimate_made_again_is_that_published_and_does_not_read_what_is_called_unread(
    narrow: Made,
) -> None:
    with duckdb.connect(str(narrow.home / "work" / "warehouse.duckdb"), read_only=True) as conn:
        tables = {
            name: conn.sql(
                f"select * exclude (row_order) from extract.{name} where scheme_code = '{SCHEME}'"
                " order by row_order"
            ).pl()
            for name in EVALUATED
        }
        cover = f"from extract.declared_coverage where scheme_code = '{SCHEME}'"
        tables["coverage"] = conn.sql(cover).pl()
    for name, columns in UNREAD.items():
        tables[name] = tables[name].with_columns(
            pl.lit(None, tables[name][column].dtype).alias(column) for column in columns
        )
    assert narrow.study is not None
    study = main_only(load_study(narrow.study), SCHEME)
    again = primary_of_tables(tables, study).filter(role="primary", scale="rate_ratio")
    asked = f"""select outcome, point from published.estimate where scheme_code = '{SCHEME}'
        and role = 'primary' and scale = 'rate_ratio' and outcome = '{study.primary.name}'"""
    found = dict(again.select("outcome", "point").iter_rows())
    assert len(found) == 1
    assert found == pytest.approx(dict(published(narrow.home, asked)), abs=1e-9)


def test_asked_for_the_refused_rows_are_weighed_and_the_page_says_so(
    narrow: Made, tmp_path: Path
) -> None:
    made = narrow.copy_to(tmp_path)
    assert f"sp-eval quality --scheme {SCHEME} --month {MONTH}" in section(
        page(made.home), "refused"
    )
    before = published(made.home, "from published.estimate order by all")
    query, asked = (shlex.split(text)[1:] for text in texts_of(DOCUMENT, "sh"))
    assert run_line(*query, "--home", str(made.home)).status == 0
    more = ("--home", str(made.home), "--landing", str(made.landing), "--study", str(made.study))
    ended = run_line(*asked, *more)
    assert ended.status == 0
    assert "could be put back" in ended.out
    told = section(page(made.home), "refused")
    assert "as published" in told
    assert "with the rows put back" in told
    assert published(made.home, "from published.estimate order by all") == before
    assert "nothing was written" in made.run_again().sentences()
    assert section(page(made.home), "refused") == told


def test_what_never_came_is_a_sentence(narrow: Made, tmp_path: Path) -> None:
    asked = ("quality", "--scheme", SCHEME, "--month", "2001-01", "--home")
    for home, told in ((narrow.home, "was taken in"), (tmp_path, "sp-eval run first")):
        ended = run_line(*asked, str(home))
        assert ended.status == 2
        assert told in ended.sentences()


@pytest.mark.parametrize("width", [1280, 375])
def test_no_barriers_and_no_sideways_scrolling(browser: Any, narrow: Made, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    shown = browser.new_page(viewport={"width": width, "height": 900})
    told: list[str] = []
    shown.on("request", lambda asked: told.append(asked.url) if asked.url[:5] != "file:" else None)
    shown.goto((narrow.home / "quality" / "index.html").as_uri())
    assert Axe().run(shown).response["violations"] == []
    shown.click("text=April 2019 >> nth=0")
    shown.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    sentences = "[...document.querySelectorAll('#plausibility td.words')].map(c => c.offsetWidth)"
    assert min(shown.evaluate(sentences)) > 120  # no word a line
    found = Axe().run(shown).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.className") == "skip"
    assert told == []


def test_a_group_that_links_less_is_warned_of_in_plain_words() -> None:
    least, most = Level("men", 300, 0.2), Level("women", 300, 0.05)
    levels = (most, least)
    found = Division("referral", "is_linked", "sex", levels, "", least, most, 0.3)
    told = linkage(facts(divisions=(found,)))
    (warning,) = told.warnings
    assert (
        "up to 20% of the group 'men' are not on the register, and up to 5% of 'women'" in warning
    )
    assert "results say less about those groups" in " ".join(told.said)
    assert told.folded[0].rows == (
        ("women", "about 300", "up to 5%"),
        ("men", "about 300", "up to 20%"),
        ("group not known", "", "up to 30% of those who are not"),
    )
    alike = Division("referral", "is_linked", "sex", levels)
    assert linkage(facts(divisions=(alike,))).warnings == ()
    assert "bias" not in " ".join(linkage(facts(divisions=(alike,))).said)
    assert "cannot be told" not in " ".join(linkage(facts(divisions=(alike,))).said)
    assert "No register" in linkage(facts(has_register=False)).said[0]


def test_late_in_time_and_of_the_past_are_told_apart() -> None:
    def said(day: date) -> str:
        return timeliness(facts(received=day)).said[0]

    assert said(date(2019, 5, 15)).endswith("in time.")
    assert said(date(2019, 5, 18)).endswith("3 days late.")
    assert said(date(2026, 5, 18)).endswith("a delivery of the past.")


def test_the_newest_deliveries_are_shown_first() -> None:
    months = [f"2018-{month:02d}" for month in range(1, 13)] + ["2019-01", "2019-02"]
    rows = [(month, "referral", "clean", at) for at, month in enumerate(months)]
    quality = pl.DataFrame(rows, ["month", "dataset", "state", "rows_used"], orient="row")
    (table,) = over_time(facts(quality=quality, month="2019-01")).tables
    assert table.heads[:3] == ("table", "2019-01", "2018-12")
    assert len(table.heads) == 13
    assert table.rows[0][:3] == ("Referrals", "clean, 12", "clean, 11")


def test_an_estimate_that_is_withheld_with_the_rows_put_back_says_why() -> None:
    as_published = {"point": 0.8, "ci_low": 0.7, "ci_high": 0.9, "withheld_reason": None}
    withheld = {"point": None, "withheld_reason": "Too few found similar people. Ways on: wait."}
    effect = {"study_id": "s", "back": 2, "refused": 9, "without": as_published}
    assert said_of({**effect, "with": withheld}).endswith(
        "as published 0.800 (0.700 to 0.900); with them withheld, as too few found similar people."
    )
    assert said_of({**effect, "back": 0, "refused": 0, "with": None}) == (
        "s: no refused row of this month bears on its main estimate."
    )


def test_a_delivery_of_which_no_row_is_in_use_has_no_blanks() -> None:
    (said,) = completeness(facts()).said
    assert said.startswith("No row of this delivery is in use")


def facts(**changes: Any) -> QualityFacts:
    nothing = QualityFacts(
        scheme=SCHEME, title="Rotherham", month=MONTH, quality=pl.DataFrame(),
        checks=empty_frame(load_contract("delivery_check", "published")), figures={}, absent={},
        refused=pl.DataFrame(), whole=pl.DataFrame(), received=None, due=date(2019, 5, 15),
        has_register=True, linked=(), divisions=(),
    )  # fmt: skip
    return replace(nothing, **changes)
