"""What each scheme supplies of the Social Prescribing Information Standard, item by item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.information_standard import StandardItem, standard_items
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, mapped_schemes

__all__ = ["Held", "held_by", "standard_columns", "standard_rows"]

_NO_FILE: Final = "the scheme sends no such table"


def standard_columns() -> list[tuple[str, str]]:
    """The `(contract, column)` pairs that hold an item of the standard, each once."""
    columns = dict.fromkeys(column for item in standard_items() for column in item.columns)
    return [(name.split(".")[0], name.split(".")[1]) for name in columns]


@dataclass(frozen=True, slots=True)
class Held:
    """Whether a scheme holds an item: `column` that does, or would; `reason` why not."""

    status: Literal["held", "absent", "no_place"]
    column: str | None
    reason: str | None


def held_by(mapping: SchemeMapping, item: StandardItem) -> Held:
    """Say whether a scheme's mapping fills an item of the standard, and why not."""
    if not item.columns:
        return Held("no_place", None, item.note)
    reasons = {column: _why_not(mapping, column) for column in item.columns}
    filled = next((column for column, reason in reasons.items() if reason is None), None)
    if filled is not None:
        return Held("held", filled, None)
    # a table that is sent and lacks it says more than one that is not sent at all
    told = [reason for reason in reasons.values() if reason not in (None, _NO_FILE)]
    return Held("absent", item.columns[0], told[0] if told else _NO_FILE)


def _why_not(mapping: SchemeMapping, named: str) -> str | None:
    """Why a scheme does not fill a column; None if it does."""
    contract, column = named.split(".")
    rules = [d.columns.get(column) for d in mapping.datasets.values() if d.contract == contract]
    if not rules:
        return mapping.absent.get(contract, _NO_FILE)
    # a column that an unpivoted row makes has no rule of its own
    if any(rule is None or rule.absent is None for rule in rules):
        return None
    return next(rule.absent for rule in rules if rule is not None)


def standard_rows(delivering: Iterable[str], filled: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `published.standard_item`, of the schemes that have a mapping.

    `filled`: `scheme_code, column, entries, filled`, as from `warehouse.filled.filled_columns`.
    """
    contract = load_contract("standard_item", "published")
    rows = []
    for code in sorted(set(delivering) & set(mapped_schemes())):
        mapping = load_mapping(code)
        for number, item in enumerate(standard_items(), start=1):
            held = held_by(mapping, item)
            rows.append((code, number, item.group, item.item, item.is_minimum, held.column,
                         held.status, held.reason))  # fmt: skip
    if not rows:
        return empty_frame(contract)
    names = ["scheme_code", "item_number", "item_group", "item", "is_minimum", "column_name",
             "status", "reason"]  # fmt: skip
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    share = pl.when(pl.col("status") == "held").then(pl.col("filled") / pl.col("entries"))
    joined = frame.join(
        filled.rename({"column": "column_name"}), on=["scheme_code", "column_name"], how="left"
    ).with_columns(share.alias("filled_share"))
    return conform(joined, contract)
