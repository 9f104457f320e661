"""Alerts: once a cause, mended once, by e-mail where set; a failing server fails nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sp_eval.operation.alerts import Alert, raise_alerts, run_failed, tell_people
from sp_eval.operation.message import Month, MonthMessage
from sp_eval.settings import Settings

NOW = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
LATE = Alert("late/x/2026-10", "x", "2026-10", "X October: not received; ask the scheme.")
GONE = Alert("file/x/2026-10/a.csv//unreadable", "x", "2026-10", "x/2026-10/a.csv: refused.")
MONTH = Month(
    (
        MonthMessage("x", "2026-10", "X October: used 412 of 415 rows.", has_come=True),
        MonthMessage("y", "2026-10", "Y October: not received.", has_come=False),
    ),
    "Release 2026-10 is out.",
)


class Box:
    """A mail server on this machine that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refuses = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.open()

    def open(self) -> None:
        self.controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=login,
            auth_require_tls=False,
        )
        self.controller.start()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuses:
            return "451 try later, dear <somebody@example.org>"
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"

    @property
    def texts(self) -> list[str]:
        return [letter.get_content().replace("\r\n", "\n") for letter in self.letters]


def login(_server: Any, _session: Any, _envelope: Any, _way: str, given: Any) -> AuthResult:
    known = given.login == b"robot" and given.password == b"not a real word"
    return AuthResult(success=known, handled=False)


@pytest.fixture
def box(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    box = Box()
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(box.port),
        "FROM": "sp_eval@example.org",
        "TO": "analyst@example.org, lead@example.org",
        "STARTTLS": "no",
    }.items():
        monkeypatch.setenv(f"SP_EVAL_SMTP_{name}", value)
    yield box
    box.controller.stop()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("SP_EVAL_SMTP_HOST", raising=False)
    return Settings.from_environment(home=tmp_path)


def events(settings: Settings) -> list[tuple[str, str]]:
    lines = (settings.alerts / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    return [(event["event"], event["cause"]) for event in map(json.loads, lines)]


def latest(settings: Settings) -> str:
    return (settings.alerts / "latest.txt").read_text(encoding="utf-8")


def test_a_cause_is_told_once_and_its_mending_once(settings: Settings) -> None:
    for day in range(4):
        standing = [LATE, GONE] if day < 2 else [LATE]
        assert raise_alerts(settings, standing, now=NOW + timedelta(days=day)) == ()
    assert events(settings) == [
        ("raised", LATE.cause),
        ("raised", GONE.cause),
        ("mended", GONE.cause),
    ]
    assert latest(settings).startswith(
        f"1 thing needs somebody:\n- {LATE.sentence} (since 2026-11-16)"
    )
    raise_alerts(settings, [], now=NOW + timedelta(days=9))
    raise_alerts(settings, [LATE], now=NOW + timedelta(days=10))  # again is anew
    assert events(settings)[3:] == [("mended", LATE.cause), ("raised", LATE.cause)]


def test_what_has_other_words_is_the_same_alert(settings: Settings) -> None:
    raise_alerts(settings, [LATE], now=NOW)
    again = Alert(LATE.cause, "x", "2026-10", "X October: still not received.")
    raise_alerts(settings, [again], now=NOW)
    assert len(events(settings)) == 1
    assert "still not received" in latest(settings)


def test_a_failed_run_mends_nothing_and_is_mended_by_the_next(settings: Settings) -> None:
    raise_alerts(settings, [LATE], now=NOW)
    tell_people(settings, now=NOW, failed="The disk is full; make room and run it again.")
    assert events(settings)[1:] == [("raised", "run")]
    raise_alerts(settings, [LATE], now=NOW)
    assert events(settings)[2:] == [("mended", "run")]


def test_nothing_new_writes_nothing(settings: Settings) -> None:
    raise_alerts(settings, [LATE], now=NOW, month=MONTH)
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in settings.alerts.glob("[!.]*")}
    raise_alerts(settings, [LATE], now=NOW + timedelta(days=1), month=MONTH)
    assert before == {
        p: (p.read_bytes(), p.stat().st_mtime_ns) for p in settings.alerts.glob("[!.]*")
    }


def test_a_line_half_written_is_passed_over(settings: Settings) -> None:
    raise_alerts(settings, [LATE], now=NOW)
    with (settings.alerts / "alerts.jsonl").open("a") as file:
        file.write('{"at": "2026-')
    raise_alerts(settings, [], now=NOW)
    lines = (settings.alerts / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["event"] == "mended"
    assert latest(settings).startswith("Nothing needs anybody.")


def test_no_home_no_alert_file_and_one_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    nowhere = Settings.from_environment(home=tmp_path / "nowhere")
    assert raise_alerts(nowhere, [LATE], now=NOW) == ()
    assert not nowhere.home.exists()
    (tmp_path / "alerts").write_text("a file where a folder should be")
    (told,) = raise_alerts(Settings.from_environment(home=tmp_path), [LATE], now=NOW)
    assert "could not be written" in told


def test_a_valid_number_in_a_name_is_blotted_out(settings: Settings) -> None:
    number = "999 000 0018"
    raise_alerts(settings, [Alert(f"file/{number}.csv", "x", None, f"{number}.csv: bad")], now=NOW)
    assert number not in latest(settings)
    assert number not in (settings.alerts / "alerts.jsonl").read_text(encoding="utf-8")


def test_one_letter_a_month_when_all_is_well(settings: Settings, box: Box) -> None:
    for day in range(3):
        assert raise_alerts(settings, [], now=NOW + timedelta(days=day), month=MONTH) == ()
    assert [letter["Subject"] for letter in box.letters] == ["sp_eval: all well"]
    assert box.letters[0]["To"] == "analyst@example.org, lead@example.org"
    assert box.texts[0].startswith(
        "X October: used 412 of 415 rows. Y October: not received. Release 2026-10 is out.\n"
    )


def test_alerts_go_in_one_letter_and_never_twice(settings: Settings, box: Box) -> None:
    for _ in range(3):
        raise_alerts(settings, [LATE, GONE], now=NOW)
    raise_alerts(settings, [LATE], now=NOW)
    assert [letter["Subject"] for letter in box.letters] == [
        "sp_eval: 2 to be looked at",
        "sp_eval: 1 still to be looked at",
    ]
    assert f"To be looked at:\n- {LATE.sentence}\n- {GONE.sentence}\n" in box.texts[0]
    assert f"Settled:\n- {GONE.sentence}\n" in box.texts[1]


def test_what_a_failing_server_did_not_take_goes_when_it_is_back(
    settings: Settings, box: Box
) -> None:
    box.controller.stop()
    (told,) = raise_alerts(settings, [LATE], now=NOW)
    assert told.startswith("No e-mail could be sent through 127.0.0.1: connection refused")
    assert ("raised", "mail") in events(settings)
    assert told in latest(settings)
    raise_alerts(settings, [LATE], now=NOW)
    assert events(settings).count(("raised", "mail")) == 1
    box.open()
    assert raise_alerts(settings, [LATE], now=NOW) == ()
    assert [letter["Subject"] for letter in box.letters] == ["sp_eval: 1 to be looked at"]
    assert events(settings)[-1] == ("mended", "mail")
    assert not (settings.alerts / "unsent.json").exists()


def test_what_the_server_answered_is_not_repeated(settings: Settings, box: Box) -> None:
    box.refuses = True
    (told,) = raise_alerts(settings, [LATE], now=NOW)
    assert "it broke off" in told
    assert "somebody" not in told + (settings.alerts / "alerts.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"STARTTLS": "yes"}, "SP_EVAL_SMTP_STARTTLS=no"),
        ({"PORT": "mail"}, "SP_EVAL_SMTP_PORT is not a number"),
        ({"TO": ""}, "set SP_EVAL_SMTP_FROM and SP_EVAL_SMTP_TO"),
        ({"USER": "robot", "PASSWORD_FILE": "none.txt"}, "no such file or directory"),
        ({"USER": "stranger", "PASSWORD_FILE": "password.txt"}, "the user or the password"),
    ],
)
def test_a_wrong_setting_is_named(
    settings: Settings,
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, str],
    word: str,
) -> None:
    (settings.home / "password.txt").write_text("not a real word\n", encoding="utf-8")
    monkeypatch.chdir(settings.home)
    for name, value in changed.items():
        monkeypatch.setenv(f"SP_EVAL_SMTP_{name}", value)
    (told,) = raise_alerts(settings, [LATE], now=NOW)
    assert word in told
    assert box.letters == []


def test_with_user_and_password(
    settings: Settings, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.home / "password.txt").write_text("not a real word\n", encoding="utf-8")
    monkeypatch.setenv("SP_EVAL_SMTP_USER", "robot")
    monkeypatch.setenv("SP_EVAL_SMTP_PASSWORD_FILE", str(settings.home / "password.txt"))
    assert raise_alerts(settings, [run_failed("It failed.")], now=NOW) == ()
    assert len(box.letters) == 1
