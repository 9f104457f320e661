"""`sp-eval doctor`: one line for each thing looked at, and what to ask IT for."""

from __future__ import annotations

from pathlib import Path

from sp_eval.cli.show import console
from sp_eval.operation.doctor import Finding, examine
from sp_eval.settings import Settings

__all__ = ["show_doctor"]

_STYLES = {"OK": "green", "attention": "yellow", "wrong": "bold red"}
_ASK_IT = (
    "What to ask IT for: Python 3.11, 3.12 or 3.13 (64 bit) for this user, no administrator; a"
    " folder with {room} GB free that only those who may see the data can open, backed up, but for"
    " its subfolder secret, whose one small file is to be kept apart; leave to run `sp-eval run`"
    " once a day by Task Scheduler or cron; and, if e-mail is wanted, the name and port of the"
    " mail server. No internet, no open port, no database server, no Docker is needed: nothing"
    " connects outward but, where it is set, to that mail server."
)
_ROOM_GB = 10


def show_doctor(home: Path | None, landing: Path | None) -> int:
    """Print what was found; return 1 if something is wrong, else 0."""
    settings = Settings.from_environment(home=home, landing=landing)
    found = examine(settings, given_home=home)
    width = max(len(one.what) for one in found)
    for one in found:
        _line(one, width)
    wrong = sum(one.mark == "wrong" for one in found)
    console.print(_ASK_IT.format(room=_ROOM_GB), markup=False)
    if wrong:
        things = "1 thing is" if wrong == 1 else f"{wrong} things are"
        console.print(f"{things} wrong.")
    else:
        console.print("Nothing is wrong.")
    return 1 if wrong else 0


def _line(one: Finding, width: int) -> None:
    mark = f"[{_STYLES[one.mark]}]{one.mark:<9}[/]"
    console.print(f"{mark}  {one.what:<{width}}  ", end="")
    console.print(one.found + (f" -> {one.to_do}" if one.to_do else ""), markup=False)
