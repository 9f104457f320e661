"""Every figure a report prints, read from its HTML, and what the release says of each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb

__all__ = ["Printed", "figures_of", "told_by_release", "words_outside_figures"]


@dataclass
class Printed:
    """One printed figure: its data attributes and its text."""

    data: dict[str, str]
    text: str = ""

    def number(self) -> float:
        return float(self.text.replace(",", "").replace("\u2212", "-"))


_NO_TEXT = ("svg", "style", "script", "title")


@dataclass
class _Reader(HTMLParser):
    figures: list[Printed] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    _depth: int = 0
    _skipped: int = 0
    _is_first: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "section":
            self._is_first = found.get("id") == "first"
        is_fixed = "words" in found.get("class", "").split()
        if tag in _NO_TEXT or is_fixed or (self._skipped and tag == "th"):
            self._skipped += 1
        if tag == "span" and ("data-column" in found or "data-terms" in found):
            data = {k.removeprefix("data-"): v for k, v in found.items() if k.startswith("data-")}
            self.figures.append(Printed(data))
            self._depth = 1

    def handle_endtag(self, tag: str) -> None:
        if tag in (*_NO_TEXT, "th") and self._skipped:
            self._skipped -= 1
        if tag == "span":
            self._depth = 0

    def handle_data(self, data: str) -> None:
        if self._is_first and not self._skipped:
            self.first.append(data)
        if self._depth:
            self.figures[-1].text += data
        elif not self._skipped:
            self.outside.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def figures_of(html: str) -> list[Printed]:
    return _read(html).figures


def words_outside_figures(html: str) -> str:
    return " ".join(" ".join(_read(html).outside).split())


def first_screen_words(html: str) -> str:
    return " ".join("".join(_read(html).first).split())


def told_by_release(conn: duckdb.DuckDBPyConnection, study: str, data: dict[str, Any]) -> Any:
    """The value of a figure's row or rows, looked up anew."""
    table, key, column = data["table"], data["key"], data["column"]
    key = json.loads(key) if isinstance(key, str) else key
    columns = {
        row[0]
        for row in conn.execute(
            "select column_name from duckdb_columns() where schema_name = 'published'"
            " and table_name = ?", [table],
        ).fetchall()
    }  # fmt: skip
    if "study_id" in columns:
        key = {"study_id": study, **key}
    where = " and ".join(f'"{name}" is not distinct from ?' for name in key) or "true"
    is_plain = re.fullmatch(r"\w+", column)
    sql = f"select distinct {column} from published.{table} where {where}"
    rows = conn.execute(sql, list(key.values())).fetchall()
    assert len(rows) <= 1 or not is_plain or column in _ALIKE, (table, key, column, rows)
    return rows[0][0] if rows else None


_ALIKE = {"version_number", "what_changed", "design_hash"}


def expected_number(conn: duckdb.DuckDBPyConnection, study: str, data: dict[str, Any]) -> Any:
    """What should be printed of one row, rounded; None where the release holds nothing."""
    value = told_by_release(conn, study, data)
    if value is None:
        return None
    scaled = float(data.get("offset", 0)) + float(data.get("scale", 1)) * float(value)
    return round(scaled, int(data.get("decimals", 0)))


def disagreements(path: Path, html: str) -> list[str]:
    """Every printed figure that is not what the release says; empty if all is well."""
    study = re.search(r'data-study="([^"]+)"', html)
    assert study is not None
    wrong = []
    with duckdb.connect(str(path), read_only=True) as conn:
        for printed in figures_of(html):
            told = _disagrees(conn, study[1], printed)
            if told is not None:
                wrong.append(f"{printed.data}: printed {printed.text!r}, release {told!r}")
    return wrong


def _disagrees(conn: duckdb.DuckDBPyConnection, study: str, printed: Printed) -> Any:
    data, kind = printed.data, printed.data.get("kind", "number")
    if kind in ("text", "part"):
        value = str(told_by_release(conn, study, data) or "")
        fits = value == printed.text if kind == "text" else printed.text in value
        return None if fits else value
    if kind == "date":
        day = told_by_release(conn, study, data)
        return None if f"{day.day} {day:%B %Y}" == printed.text else day
    decimals = int(data.get("decimals", 0))
    if "terms" in data:
        parts = [(s, expected_number(conn, study, term)) for s, term in json.loads(data["terms"])]
        expected = None if any(v is None for _, v in parts) else sum(s * v for s, v in parts)
        if expected is not None and "table" in data:
            own = expected_number(conn, study, data)
            unit = 10.0**-decimals
            if own is None or abs(own - expected) > 1.01 * unit:
                return own
    else:
        expected = expected_number(conn, study, data)
    if expected is None:
        return None if printed.text == "not shown" else "nothing"
    if data.get("bare"):
        expected = abs(expected)
    if printed.text == "not shown" or abs(printed.number() - expected) > 1e-9:
        return expected
    return None
