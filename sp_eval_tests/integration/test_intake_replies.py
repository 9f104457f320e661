"""Replies that came back, months withdrawn: what stands in the warehouse afterwards."""

from __future__ import annotations

import gc
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sp_eval.contracts.frames import empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.framework.delivery_quality import quality_rows
from sp_eval.operation.intake import take_in_landing
from sp_eval.operation.run import Run
from sp_eval.settings import Settings
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.warehouse.connection import open_file
from sp_eval.warehouse.received import versions_that_stand
from sp_eval_tests.support.reply_edit import Sheets, send_back
from sp_eval_tests.support.runs import KEY, run_line

FILE = "SUS_AE.csv"
PART = f"1 {FILE}"
CHECKS = load_contract("delivery_check", "published")


class Home:
    """A landing folder with one small file, and the home it is taken into."""

    def __init__(self, folder: Path) -> None:
        self.landing, self.home = folder / "landing", folder / "home"
        self.month = self.landing / "rotherham" / "2019-04"

    def take_in(self) -> Run:
        settings = Settings.from_environment(home=self.home, landing=self.landing)
        run = Run(settings, studies=())
        take_in_landing(run)
        return run

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "work" / "warehouse.duckdb"), read_only=True) as conn:
            return conn.execute(sql).fetchall()

    def ledger(self) -> dict[str, tuple[Any, ...]]:
        """File -> rows in, accepted, quarantined, duplicate, status, of the versions that came."""
        return {
            f"{month}/{file}": tuple(rest)
            for month, file, *rest in self.ask(
                """select month, file, rows_in, rows_accepted, rows_quarantined, rows_duplicate,
                    status from meta.delivery where status <> 'missing' order by received_at"""
            )
        }

    def answer(self, correct: Any) -> None:
        """Ask for the reply with values, correct it, and put it beside the file."""
        reply = self.home.parent / "reply.xlsx"
        run_line(
            "check", str(self.month), "--scheme", "rotherham", "--reply", str(reply), "--values"
        )
        send_back(reply, self.month / "replies" / "reply.xlsx", correct)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SP_EVAL_PSEUDONYM_KEY", KEY)
    made = Home(tmp_path)
    write_deliveries(
        tmp_path / "synth", schemes=["rotherham"], people=200, referred=30, seed=2, month="2019-04"
    )
    made.month.mkdir(parents=True)
    lines = (tmp_path / "synth/rotherham/2019-04" / FILE).read_text().splitlines()[:9]
    shown = lines[0].split(",").index("ARRIVALDATE")
    for at in (2, 4):
        cells = lines[at].split(",")
        cells[shown] = "31/02/2018"
        lines[at] = ",".join(cells)
    (made.month / FILE).write_text("\n".join([*lines, ""]))
    made.take_in()
    return made


def correct_one(sheets: Sheets) -> None:
    rows = sheets[PART]
    rows[1][rows[0].index("ARRIVALDATE")] = "28/02/2018"


def test_a_corrected_row_is_in_use_and_lives_and_ends_with_its_file(home: Home) -> None:
    assert home.ledger() == {f"2019-04/{FILE}": (8, 6, 2, 0, "refused")}  # the brake: 2 of 8
    home.answer(correct_one)
    home.take_in()
    assert home.ledger() == {
        f"2019-04/{FILE}": (8, 6, 2, 0, "current"),
        "2019-04/replies/reply.xlsx": (2, 1, 0, 1, "current"),
    }
    rows = home.ask("select source_file, source_row from taken.hospital_activity order by 2")
    assert rows == [(FILE, row) for row in (2, 3, 4, 6, 7, 8, 9)]
    traced = home.ask(
        """select s.reply_row, s.row_number, s.fate, f.file, r.file
        from meta.resubmission as s
        inner join meta.delivery as f on s.delivery_id = f.delivery_id
        inner join meta.delivery as r on s.reply_delivery_id = r.delivery_id order by 1"""
    )
    assert traced == [
        (2, 3, "released", FILE, "replies/reply.xlsx"),
        (3, 5, "unchanged", FILE, "replies/reply.xlsx"),
    ]
    with open_file(home.home / "work" / "warehouse.duckdb") as conn:
        stands = versions_that_stand(conn)
    found = quality_rows(stands, empty_frame(CHECKS)).rows(named=True)
    assert "not_recognised" not in {row["dataset"] for row in found}  # a reply is no such file
    (quality,) = (row for row in found if row["dataset"] == "hospital_activity")
    assert [quality[f"rows_{fate}"] for fate in ("in", "used", "refused", "repeated")] == [
        8, 7, 1, 0,
    ]  # fmt: skip
    standing = home.ask("select file, row_number from meta.rejection_of where row_number > 0")
    assert standing == [(FILE, 5)]

    later = home.landing / "rotherham" / "2019-05"
    shutil.copytree(home.month, later, ignore=shutil.ignore_patterns("replies"))
    path = later / FILE
    path.write_text(path.read_text().replace("31/02/2018", "27/02/2018"))
    home.take_in()
    assert home.ledger() == {
        f"2019-04/{FILE}": (8, 6, 2, 0, "superseded"),
        "2019-04/replies/reply.xlsx": (2, 1, 0, 1, "superseded"),
        f"2019-05/{FILE}": (8, 8, 0, 0, "current"),
    }


def test_what_is_set_for_the_store_is_set_back(home: Home) -> None:
    usual = sys.getswitchinterval()
    home.take_in()
    assert gc.isenabled()
    assert sys.getswitchinterval() == usual


def test_the_file_corrected_after_the_reply_counts_alone(home: Home) -> None:
    home.answer(correct_one)
    path = home.month / FILE
    path.write_text(path.read_text().replace("31/02/2018", "27/02/2018"))
    run = home.take_in()
    assert any("has been sent again since" in notice for notice in run.notices)
    statuses = {key: row[-1] for key, row in home.ledger().items()}
    assert statuses["2019-04/replies/reply.xlsx"] == "superseded"
    assert home.ask("select count(*) from taken.hospital_activity") == [(8,)]
    assert home.ask("select count(*) from meta.resubmission") == [(0,)]


def test_a_month_withdrawn_is_taken_out_until_it_is_put_back(home: Home) -> None:
    home.answer(correct_one)
    later = home.landing / "rotherham" / "2019-05"
    shutil.copytree(home.month, later, ignore=shutil.ignore_patterns("replies"))
    (later / FILE).write_text((later / FILE).read_text().replace("31/02/2018", "27/02/2018"))
    home.take_in()
    told = run_line(
        "withdraw", "--scheme", "rotherham", "--month", "2019-05", "--by", "A. Analyst",
        "--reason", "Sent by mistake.", "--home", str(home.home),
    )  # fmt: skip
    assert told.status == 0
    assert home.ledger()[f"2019-05/{FILE}"][-1] == "current"  # the next run takes it out
    quarantined = home.home / "quarantine" / "rotherham_2019-05.xlsx"
    quarantined.touch()
    run = home.take_in()
    assert any("withdrawn by A. Analyst: Sent by mistake." in one for one in run.notices)
    assert home.ledger() == {
        f"2019-04/{FILE}": (8, 6, 2, 0, "current"),
        "2019-04/replies/reply.xlsx": (2, 1, 0, 1, "current"),
        f"2019-05/{FILE}": (8, 8, 0, 0, "withdrawn"),
    }
    assert home.ask("select count(*) from taken.hospital_activity") == [(7,)]
    assert not quarantined.exists()
    assert not home.take_in().has_worked
    (home.home / "withdrawn.yaml").unlink()
    home.take_in()
    assert home.ledger()[f"2019-05/{FILE}"][-1] == "current"


def test_a_file_that_comes_late_has_its_month_gated_anew(home: Home) -> None:
    asked = "select file, status from meta.delivery where file in ('SUS_AE.csv', 'SUS_OP.csv')"
    assert home.ask(f"{asked} order by 1") == [("SUS_AE.csv", "refused"), ("SUS_OP.csv", "missing")]
    late = home.home.parent / "synth/rotherham/2019-04/SUS_OP.csv"
    head = late.read_text().splitlines()[:5]
    (home.month / "SUS_OP.csv").write_text("\n".join([*head, ""]))
    home.answer(correct_one)
    home.take_in()
    assert home.ask(f"{asked} order by 1") == [("SUS_AE.csv", "current"), ("SUS_OP.csv", "current")]
    covered = home.ask("select source, covered_to::varchar from meta.declared_coverage order by 1")
    assert covered == [("ae", "2019-04-01"), ("outpatient", "2019-04-01")]


def test_a_list_that_cannot_be_read_begins_nothing(home: Home) -> None:
    (home.home / "withdrawn.yaml").write_text("- month: 2019-05\n")
    told = run_line("run", "--home", str(home.home), "--landing", str(home.landing))
    assert told.status == 2
    assert "nobody can tell which months are withdrawn" in told.sentences()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"--month": "April"}, "--month must be given, as YYYY-MM."),
        ({"--by": " "}, "--by must be given, and not be blank."),
        ({"--scheme": "nowhere"}, "there is no mapping"),
    ],
)
def test_withdraw_asks_for_what_it_needs(
    changed: dict[str, str], told: str, tmp_path: Path
) -> None:
    given = {"--scheme": "rotherham", "--month": "2019-04", "--by": "A", "--reason": "B"} | changed
    words = [word for pair in given.items() for word in pair]
    ended = run_line("withdraw", *words, "--home", str(tmp_path))
    assert ended.status == 2
    assert told in ended.sentences()
    assert list(tmp_path.iterdir()) == []
