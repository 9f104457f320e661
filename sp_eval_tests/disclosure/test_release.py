"""The release beside the research file, also of a scheme with hardly anybody in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval_tests.support.runs import MONTH, Made, narrow_study, published, run_line

COUNTS = [
    (name, column.name)
    for name in contract_names("published")
    for column in load_contract(name, "published").columns
    if column.disclosure == "count"
]


@pytest.mark.parametrize(("table", "column"), COUNTS)
def test_counts_are_hidden_or_rounded(whole: Made, table: str, column: str) -> None:
    exact = published(whole.home, f"select {column} from published.{table}")
    shown = published(whole.home, f"select {column} from published.{table}", "release")
    assert len(shown) == len(exact)
    assert [n for (n,) in shown if n is not None and n % 5 != 0] == []
    assert any(n is not None and n % 5 != 0 for (n,) in exact)


def test_no_exact_count_by_multiplying_rate_and_time(whole: Made) -> None:
    """A rate times exact time would be the count that was rounded away."""
    sql = """select scheme_code, outcome, round(point * person_years_exposed / 1000, 6)
        from published.estimate where method = 'observed_after' order by all"""
    exact = published(whole.home, sql)
    assert all(count == pytest.approx(round(count), abs=1e-4) for _, _, count in exact)
    shown = published(whole.home, sql, "release")
    assert len(exact) == len(shown) == 14
    told = [
        one for one, two in zip(exact, shown, strict=True) if one == two and round(one[2]) % 5 != 0
    ]
    assert told == []


def test_numbers_that_stay_exact(whole: Made) -> None:
    """Rows of files are no people, and an adjusted ratio is no fraction of counts."""
    for sql in (
        "select delivery_id, rows_in, rows_accepted from published.delivery order by all",
        """select scheme_code, outcome, method, scale, point, ci_low from published.estimate
        where scale = 'rate_ratio' and role = 'primary' order by all""",
        "select * from published.coverage order by all",
    ):
        assert published(whole.home, sql) == published(whole.home, sql, "release")


def test_other_rates_are_near_the_exact_ones(whole: Made) -> None:
    """Coarse, but inside any interval: at most three events and three people off."""
    sql = """select scheme_code, outcome, method, scale, point, events_exposed,
        person_years_exposed from published.estimate
        where method = 'observed_after' order by all"""
    for exact, shown in zip(
        sorted(published(whole.home, sql)),
        sorted(published(whole.home, sql, "release")),
        strict=True,
    ):
        if shown[4] is not None:
            allowed = (exact[5] + 2.5) / exact[5] * exact[6] / (exact[6] - 2.5)
            assert exact[4] / allowed < shown[4] < exact[4] * allowed


@pytest.fixture(scope="module")
def hardly_anybody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a run in which a scheme sent seven referrals."""
    folder = tmp_path_factory.mktemp("few")
    write_deliveries(
        folder / "landing", schemes=["gloucestershire"], people=600, referred=40, seed=8
    )
    file = folder / "landing" / "gloucestershire" / MONTH / "SP_hub_referrals.csv"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:8]))
    ended = run_line("run", "--landing", str(folder / "landing"), "--home", str(folder / "home"),
                     "--study", str(narrow_study(folder / "narrow.yaml")))  # fmt: skip
    assert ended.status == 1
    return folder / "home"


def test_a_scheme_with_hardly_anybody_is_published_without_a_trace_of_them(
    hardly_anybody: Path,
) -> None:
    exact = published(hardly_anybody, "select people from published.attrition order by step_number")
    assert exact[0] == (7,)
    shown = published(
        hardly_anybody, "select people from published.attrition order by step_number", "release"
    )
    assert shown == [(None if 1 <= n <= 7 else n,) for (n,) in exact]
    estimates = published(
        hardly_anybody,
        "select status, point, ci_low, n_referred, n_analysed from published.estimate",
        "release",
    )
    assert len(estimates) > 10
    assert set(estimates) == {("withheld", None, None, None, None)}
    for table in ("balance", "study_version"):
        rates = [
            c.name for c in load_contract(table, "published").columns if c.disclosure == "rate"
        ]
        rows = published(
            hardly_anybody, f"select {', '.join(rates)} from published.{table}", "release"
        )
        assert [row for row in rows if row != (None,) * len(rates)] == []


def test_reasons_give_no_count_back(hardly_anybody: Path) -> None:
    reasons = published(
        hardly_anybody, "select distinct withheld_reason from published.estimate", "release"
    )
    for (reason,) in reasons:
        for word in ("7 people were", "7 referred", "5 people", "6 people", " of 7", " of 5"):
            assert word not in reason
