"""Month after month: cumulative deliveries, corrections, files taken away and sent again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval_tests.support.runs import (
    MONTH,
    Ended,
    Made,
    narrow_study,
    published,
    run_line,
    tables_of,
)

MONTHS = ["2018-09", "2019-01", "2019-04"]
SAME = ("estimate", "balance", "attrition", "coverage", "rejection", "design_check")
AE = "rotherham/2019-04/SUS_AE.csv"


def run(landing: Path, home: Path, study: Path) -> Ended:
    arguments = ["--landing", str(landing), "--home", str(home), "--study", str(study)]
    return run_line("run", *arguments)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cumulative deliveries of one world, and the last of them alone."""
    folder = tmp_path_factory.mktemp("months")
    write_deliveries(
        folder / "every", people=1_000, referred=140, seed=5, months=MONTHS, faults=FaultRates()
    )
    for scheme in ("rotherham", "gloucestershire"):
        last = Path(scheme) / MONTHS[-1]
        shutil.copytree(folder / "every" / last, folder / "last" / last)
        for month in MONTHS[:-1]:
            shutil.copytree(folder / "every" / scheme / month, folder / "grown" / scheme / month)
    narrow_study(folder / "narrow.yaml")
    run(folder / "last", folder / "home_last", folder / "narrow.yaml")
    return folder


def test_all_at_once_or_one_after_the_other_equal_the_last_alone(world: Path) -> None:
    study = world / "narrow.yaml"
    every = run(world / "every", world / "home_every", study)
    run(world / "grown", world / "home_grown", study)
    for scheme in ("rotherham", "gloucestershire"):
        place = Path(scheme) / MONTHS[-1]
        shutil.copytree(world / "every" / place, world / "grown" / place)
    grown = run(world / "grown", world / "home_grown", study)
    assert every.status == grown.status
    wanted = tables_of(world / "home_last")
    for home in ("home_every", "home_grown"):
        found = tables_of(world / home)
        for name in [f"published.{table}" for table in SAME] + ["main.analysis", "main.month"]:
            assert wanted[name], name
            assert found[name] == wanted[name], (home, name)
        assert_older_are_superseded(world / home)


def assert_older_are_superseded(home: Path) -> None:
    rows = published(
        home,
        """select o.status, o.file, o.sheet, n.month, n.file, n.sheet, n.status
        from published.delivery as o
        left join published.delivery as n on o.superseded_by = n.delivery_id
        where o.month <> (select max(month) from published.delivery)""",
    )
    assert len(rows) == 2 * 45
    for status, file, sheet, by_month, by_file, by_sheet, by_status in rows:
        assert status == "superseded"
        assert (by_month, by_status) == (MONTHS[-1], "current")
        assert by_sheet == sheet
        # the workbook carries the month in its name
        assert by_file == file or file.startswith("VAR_SPS_")


def versions(home: Path) -> dict[str, tuple[str, str | None]]:
    """Version of Rotherham's A&E file -> its status, and by which version superseded."""
    rows = published(
        home,
        """select split_part(delivery_id, '@', 2), status, split_part(superseded_by, '@', 2)
        from published.delivery where file = 'SUS_AE.csv'""",
    )
    return {version: (status, by) for version, status, by in rows}


def test_a_corrected_file_taken_back_taken_away_and_sent_again(spoilt: Made, narrow: Made) -> None:
    path = spoilt.landing / AE
    first = path.read_bytes()
    (old,) = versions(spoilt.home)
    path.write_bytes(b"".join(first.splitlines(keepends=True)[:-5]))
    assert spoilt.run_again().status == 0
    (new,) = versions(spoilt.home).keys() - {old}
    assert versions(spoilt.home) == {old: ("superseded", new), new: ("current", None)}

    path.unlink()
    gone = spoilt.run_again()
    assert gone.status == 1
    assert "SUS_AE.csv: missing" in gone.sentences()
    assert versions(spoilt.home) == {
        old: ("withdrawn", None), new: ("withdrawn", None), "missing": ("missing", None),
    }  # fmt: skip

    path.write_bytes(first)
    assert spoilt.run_again().status == 0
    assert versions(spoilt.home) == {old: ("current", None), new: ("superseded", old)}
    found, wanted = tables_of(spoilt.home), tables_of(narrow.home)
    for name in wanted.keys() - {"published.delivery", "published.run"}:
        assert found[name] == wanted[name], name


def test_a_workbook_refused_whole_supersedes_its_sheets(spoilt: Made) -> None:
    book = spoilt.landing / "rotherham" / MONTH / "VAR_SPS_Apr19.xlsx"
    book.write_bytes(b"saved by a program that went wrong" * 99)
    assert spoilt.run_again().status == 1
    rows = published(
        spoilt.home,
        f"""select sheet, status, superseded_by is not null from published.delivery
        where file = '{book.name}' order by all""",
    )
    assert rows == [("", "refused", False)] + [
        (sheet, "superseded", True) for sheet in ("Costs", "Onward", "Referrals", "Wellbeing")
    ]


def test_the_same_folder_sent_again_does_nothing(spoilt: Made) -> None:
    before = (spoilt.home / "published" / "research.duckdb").read_bytes()
    place = spoilt.landing / "rotherham" / MONTH
    aside = place.rename(place.with_name("aside"))
    shutil.copytree(aside, place)
    shutil.rmtree(aside)
    ended = spoilt.run_again()
    assert ended.status == 0
    assert "nothing was written" in ended.sentences()
    assert (spoilt.home / "published" / "research.duckdb").read_bytes() == before
