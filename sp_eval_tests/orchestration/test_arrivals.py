"""What lies in the landing folder is given out once: whole, of a known scheme, new in content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sp_eval.orchestration.arrivals import SETTLED_SECONDS, look, memory_from, memory_to

_LATER = SETTLED_SECONDS + 1


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing" / "rotherham" / "2019-04"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("one\n")
    return tmp_path / "landing"


def _given(ready: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str]]:
    return [(scheme, month) for scheme, month, _ in ready]


def test_a_month_is_given_out_once_it_has_settled_and_not_again(landing: Path) -> None:
    first = look(landing, {}, now=0)
    assert first.ready == ()
    assert "stopped changing" in first.waiting[0]
    second = look(landing, first.seen, now=_LATER)
    assert _given(second.ready) == [("rotherham", "2019-04")]
    third = look(landing, second.seen, now=2 * _LATER)
    assert (third.ready, third.waiting) == ((), ())


def test_a_file_that_still_grows_is_waited_for(landing: Path) -> None:
    seen = look(landing, {}, now=0).seen
    with (landing / "rotherham" / "2019-04" / "a.csv").open("a") as file:
        file.write("two\n")
    again = look(landing, seen, now=_LATER)
    assert again.ready == ()
    assert _given(look(landing, again.seen, now=2 * _LATER).ready) == [("rotherham", "2019-04")]


@pytest.mark.parametrize("name", ["b.csv.part", "b.xlsx.crdownload", "B.TMP"])
def test_a_temporary_name_holds_its_month_up_however_long(landing: Path, name: str) -> None:
    path = landing / "rotherham" / "2019-04" / name
    path.write_text("half")
    seen = look(landing, {}, now=0).seen
    held = look(landing, seen, now=10 * _LATER)
    assert held.ready == ()
    assert "still being copied" in held.waiting[0]
    path.rename(path.with_name("b.csv"))
    seen = look(landing, held.seen, now=11 * _LATER).seen
    assert look(landing, seen, now=12 * _LATER).ready


def test_an_empty_folder_waits_for_its_first_file(landing: Path) -> None:
    (landing / "rotherham" / "2019-05").mkdir()
    seen = look(landing, {}, now=0).seen
    found = look(landing, seen, now=_LATER)
    assert _given(found.ready) == [("rotherham", "2019-04")]
    assert any("2019-05: waits, no file" in told for told in found.waiting)


def test_a_changed_file_has_another_digest_and_the_same_content_the_same(landing: Path) -> None:
    path = landing / "rotherham" / "2019-04" / "a.csv"
    digests = []
    seen, now = {}, 0.0
    for text in ("one\n", "two\n", "one\n"):
        path.write_text(text)
        os.utime(path, ns=(len(digests), len(digests)))  # another time, as a copy would have
        seen = look(landing, seen, now=now).seen
        found = look(landing, seen, now=now + _LATER)
        digests.append(found.ready[0][2])
        seen, now = found.seen, now + 2 * _LATER
    assert digests[0] == digests[2] != digests[1]


def test_bad_names_are_told_and_hold_nobody_up(landing: Path) -> None:
    (landing / "nowhere" / "2019-04").mkdir(parents=True)
    (landing / "rotherham" / "2019-4").mkdir()
    (landing / "notes").mkdir()
    (landing / "rotherham" / "2019-4" / "x.csv").write_text("x")
    seen = look(landing, {}, now=0).seen
    found = look(landing, seen, now=_LATER)
    assert _given(found.ready) == [("rotherham", "2019-04")]
    told = " ".join(found.refused)
    assert "no mapping" in told
    assert "2019-4" in told
    assert "notes" in told


def test_no_landing_folder_is_a_sentence(tmp_path: Path) -> None:
    assert "does not exist" in look(tmp_path / "none", {}, now=0).refused[0]


def test_what_is_remembered_goes_through_text_and_names_no_file(landing: Path) -> None:
    waiting = look(landing, {}, now=7).seen
    assert memory_from(memory_to(waiting)) == waiting
    given = look(landing, waiting, now=7 + _LATER).seen
    assert look(landing, memory_from(memory_to(given)), now=10 * _LATER).ready == ()
    assert "a.csv" not in memory_to(given)
    assert memory_from(None) == memory_from("") == {}
