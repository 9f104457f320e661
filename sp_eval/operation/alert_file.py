"""The alert file: each line one event, only ever added to; and what stands, to be read by people.

`alerts.jsonl` holds `at, event (raised, mended, message), cause, scheme, month, severity,
sentence`. What stands is what was raised and not mended since.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sp_eval.operation.message import Month, MonthMessage
from sp_eval.operation.standing import Alert

__all__ = ["AlertFile", "Standing"]

Event = Literal["raised", "mended", "message"]
_MOST_UNSENT = 20
_MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that stands, and since when."""

    alert: Alert
    since: str


class AlertFile:
    """The alert file of one home; whoever changes it holds the lock of its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "alerts.jsonl"
        self._unsent = folder / "unsent.json"
        self._standing: dict[str, Standing] = {}
        self._told: set[tuple[str | None, str | None, str]] = set()
        self._last = ""
        for event in self._events():
            self._take(event)

    def _events(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        found = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                event = json.loads(line)
            except ValueError:  # a line half written when the machine stopped
                continue
            if isinstance(event, dict) and {"at", "event", "cause", "sentence"} <= event.keys():
                found.append(event)
        return found

    def _take(self, event: dict[str, Any]) -> None:
        self._last = event["at"]
        scheme, month = event.get("scheme"), event.get("month")
        if event["event"] == "raised":
            severity = event.get("severity", "wrong")
            alert = Alert(event["cause"], scheme, month, event["sentence"], severity)
            self._standing[alert.cause] = Standing(alert, event["at"])
        elif event["event"] == "mended":
            self._standing.pop(event["cause"], None)
        else:
            self._told.add((scheme, month, _news(event["sentence"])))

    def _add(self, kind: Event, alert: Alert, now: datetime) -> None:
        event = {"at": f"{now:%Y-%m-%dT%H:%M:%SZ}", "event": kind, **asdict(alert)}
        torn = self._path.exists() and not self._path.read_bytes().endswith(b"\n")
        with self._path.open("a", encoding="utf-8") as file:
            file.write(("\n" if torn else "") + json.dumps(event, ensure_ascii=False) + "\n")
        self._take(event)

    @property
    def standing(self) -> tuple[Standing, ...]:
        """What stands, oldest first."""
        return tuple(self._standing.values())

    def raise_new(self, alerts: Sequence[Alert], now: datetime) -> list[Alert]:
        """Add what does not stand yet, and return it; of what stands, take over its words."""
        new = []
        for alert in alerts:
            known = self._standing.get(alert.cause)
            if known is None:
                self._add("raised", alert, now)
                new.append(alert)
            else:
                self._standing[alert.cause] = replace(known, alert=alert)
        return new

    def mend_others(self, alerts: Sequence[Alert], now: datetime) -> list[Alert]:
        """Mark as mended what stood and is not among these, and return it."""
        still = {alert.cause for alert in alerts} | {_MAIL}
        gone = [one.alert for cause, one in self._standing.items() if cause not in still]
        for alert in gone:
            self._add("mended", alert, now)
        return gone

    def tell_months(self, messages: Sequence[MonthMessage], now: datetime) -> list[MonthMessage]:
        """Add the months that came and were not told with these figures, and return them."""
        new = []
        for told in messages:
            if told.has_come and (told.scheme, told.month, _news(told.sentence)) not in self._told:
                cause = f"month/{told.scheme}/{told.month}"
                message = Alert(cause, told.scheme, told.month, told.sentence, "attention")
                self._add("message", message, now)
                new.append(told)
        return new

    def note_mail(self, problem: str | None, now: datetime) -> None:
        """Raise that mail cannot be sent, or mend it."""
        if problem is not None:
            self.raise_new([Alert(_MAIL, None, None, problem, "attention")], now)
        elif _MAIL in self._standing:
            self._add("mended", self._standing[_MAIL].alert, now)

    def unsent(self) -> list[tuple[str, str]]:
        """E-mails (subject, text) that the server did not take."""
        if not self._unsent.exists():
            return []
        try:
            kept = json.loads(self._unsent.read_text(encoding="utf-8"))
            return [(str(subject), str(text)) for subject, text in kept]
        except (ValueError, TypeError):
            return []

    def keep_unsent(self, letters: Sequence[tuple[str, str]]) -> None:
        """Keep them for the next time, the newest twenty."""
        if letters:
            kept = json.dumps(list(letters)[-_MOST_UNSENT:], ensure_ascii=False)
            self._unsent.write_text(kept, encoding="utf-8")
        else:
            self._unsent.unlink(missing_ok=True)

    def write_latest(self, month: Month) -> None:
        """Write what stands as `latest.txt`, unless it is there in the same words."""
        text = _latest(self.standing, month, self._last)
        path = self._folder / "latest.txt"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            part = path.with_name(f".{path.name}.part")
            part.write_text(text, encoding="utf-8")
            part.replace(path)


def _news(sentence: str) -> str:
    """What a message says after the scheme and the month, whose name gains a year with time."""
    return sentence.split(": ", 1)[-1]


def _latest(standing: Sequence[Standing], month: Month, last: str) -> str:
    if not standing:
        lines = ["Nothing needs anybody."]
    else:
        things = "1 thing needs" if len(standing) == 1 else f"{len(standing)} things need"
        lines = [f"{things} somebody:"]
        lines += [f"- {one.alert.sentence} (since {one.since[:10]})" for one in standing]
    if month.text:
        lines += ["", month.text]
    return "\n".join([*lines, "", f"Last change: {last or 'none yet'}."]) + "\n"
