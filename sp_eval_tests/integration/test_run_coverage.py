"""A practice's file that is lost or ends early takes its people out; it never becomes nil care."""

from __future__ import annotations

from datetime import date
from math import log
from pathlib import Path

import duckdb
import pytest

from sp_eval_tests.support.runs import MONTH, Made, published

SCHEME = "gloucestershire"


def referring_most(home: Path) -> str:
    """The practice most of whose people were referred: its file matters most."""
    with duckdb.connect(str(home / "work" / "warehouse.duckdb"), read_only=True) as conn:
        ((practice, people),) = conn.execute(
            f"""select practice_code, count(distinct person_key) as people from taken.referral
            where scheme_code = '{SCHEME}' group by all order by people desc, practice_code
            limit 1"""
        ).fetchall()
    assert people >= 5
    return str(practice)


def ratio(home: Path) -> tuple[float, float]:
    """The log of the primary rate ratio of GP contacts, and its standard error."""
    ((point, low, high),) = published(
        home,
        f"""select point, ci_low, ci_high from published.estimate
        where scheme_code = '{SCHEME}' and outcome = 'gp_contact' and role = 'primary'
        and scale = 'rate_ratio'""",
    )
    return log(point), log(high / low) / (2 * 1.96)


def steps(home: Path) -> dict[str, int]:
    return dict(
        published(
            home,
            f"select step, people from published.attrition where scheme_code = '{SCHEME}'",
        )
    )


@pytest.mark.parametrize("how", ["lost", "cut in half"])
def test_one_practice_hardly_moves_the_estimate(how: str, spoilt: Made, narrow: Made) -> None:
    practice = referring_most(narrow.home)
    path = spoilt.landing / SCHEME / MONTH / "practice_activity" / f"{practice}.csv"
    if how == "lost":
        path.unlink()
    else:
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: len(lines) // 2]))
    ended = spoilt.run_again()
    covered = published(
        spoilt.home,
        f"""select covered_from, covered_to from published.coverage
        where scheme_code = '{SCHEME}' and practice_code = '{practice}'""",
    )
    if how == "lost":
        assert ended.status == 1
        assert f"practice_activity/{practice}.csv: missing" in ended.sentences()
        assert covered == []
    else:
        assert ended.status == 0
        ((start, end),) = covered
        assert start == date(2016, 4, 1)
        assert date(2017, 6, 1) <= end <= date(2018, 3, 1)
        assert f"{practice} from 2016-04-01 to before {end}" in ended.sentences()
    before, after = steps(narrow.home), steps(spoilt.home)
    assert after["followed back"] == before["followed back"]
    assert after["covered"] < before["covered"]
    was, error = ratio(narrow.home)
    now, _ = ratio(spoilt.home)
    assert abs(now - was) < error
