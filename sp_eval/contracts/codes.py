"""The code lists in `data_contracts/codes`, read once."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sp_eval.contracts.subset import ContractError
from sp_eval.settings import project_root

__all__ = ["code_table", "code_values", "codes_of_list", "registry_expression"]


@cache
def code_table(name: str, folder: Path | None = None) -> tuple[Mapping[str, str], ...]:
    """Return the rows of `<name>.csv`, each a mapping of header to text.

    `folder`: where the lists lie, if they are not those of this installation.
    """
    path = (folder or project_root() / "data_contracts" / "codes") / f"{name}.csv"
    if not path.is_file():
        shown = path if folder else f"data_contracts/codes/{name}.csv"
        raise ContractError(f"there is no code list {shown}")
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines, strict=True))


def code_values(reference: str, folder: Path | None = None) -> tuple[str, ...]:
    """Return the distinct values of `<list>.<column>`, in file order."""
    name, _, column = reference.partition(".")
    rows = code_table(name, folder)
    if not rows or column not in rows[0]:
        raise ContractError(f"data_contracts/codes/{name}.csv has no column '{column}'")
    return tuple(dict.fromkeys(row[column] for row in rows))


def codes_of_list(named: str) -> tuple[str, ...]:
    """Return the codes of `<list>/<version>` in `social_prescribing_code.csv`, or none."""
    rows = code_table("social_prescribing_code")
    return tuple(row["code"] for row in rows if f"{row['list']}/{row['version']}" == named)


def registry_expression(registry: str, folder: Path | None = None) -> str:
    """Return the rule that the instrument registry implies, as a polars SQL boolean.

    `instrument_item`: the item is one of its instrument's; nothing is said of an instrument
    that is itself unknown. `instrument_range`: the score lies on the item's scale, and is
    whole where the scale is.
    """
    rows = code_table("instrument", folder)
    if registry == "instrument_item":
        items: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            items[row["instrument"]].append(row["item"])
        cases = (f"WHEN instrument = '{i}' THEN item IN ({_texts(v)})" for i, v in items.items())
        return f"CASE {' '.join(cases)} END"
    if registry == "instrument_range":
        scales: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for row in rows:
            scale = row["minimum"], row["maximum"], row["whole_numbers"]
            scales[scale].append(f"{row['instrument']}.{row['item']}")
        ranges = (f"WHEN {_in_scale(v)} THEN {_fits(*scale)}" for scale, v in scales.items())
        return f"CASE {' '.join(ranges)} END"
    raise ContractError(f"unknown registry '{registry}'; known: instrument_item, instrument_range")


def _in_scale(members: list[str]) -> str:
    return f"(instrument || '.' || item) IN ({_texts(members)})"


def _fits(minimum: str, maximum: str, whole: str) -> str:
    inside = f"(score >= {minimum} AND score <= {maximum}"
    return f"{inside} AND score = FLOOR(score))" if whole == "true" else f"{inside})"


def _texts(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)
