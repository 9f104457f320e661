"""What each scheme supplies of the Social Prescribing Information Standard, item by item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.information_standard import StandardItem, standard_items
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, mapped_schemes

__all__ = ["held_by", "standard_columns", "standard_rows"]

_NO_FILE: Final = "the scheme sends no such table"


def standard_columns() -> list[tuple[str, str]]:
    """The `(contract, column)` pairs that hold an item of the standard, each once."""
    columns = dict.fromkeys(item.column for item in standard_items() if item.column)
    return [(name.split(".")[0], name.split(".")[1]) for name in columns]


def held_by(mapping: SchemeMapping, item: StandardItem) -> tuple[str, str | None]:
    """Return (`held` | `absent` | `no_place`, why not) of an item by a scheme's mapping."""
    if item.column is None:
        return "no_place", item.note
    contract, column = item.column.split(".")
    rules = [d.columns.get(column) for d in mapping.datasets.values() if d.contract == contract]
    if not rules:
        return "absent", mapping.absent.get(contract, _NO_FILE)
    # a column that an unpivoted row makes has no rule of its own
    if any(rule is None or rule.absent is None for rule in rules):
        return "held", None
    return "absent", next(rule.absent for rule in rules if rule is not None)


def standard_rows(delivering: Iterable[str], filled: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `published.standard_item`, of the schemes that have a mapping.

    `filled`: `scheme_code, column, entries, filled`, as from `warehouse.filled.filled_columns`.
    """
    contract = load_contract("standard_item", "published")
    rows = []
    for code in sorted(set(delivering) & set(mapped_schemes())):
        mapping = load_mapping(code)
        for number, item in enumerate(standard_items(), start=1):
            status, reason = held_by(mapping, item)
            rows.append((code, number, item.group, item.item, item.is_minimum, item.column,
                         status, reason))  # fmt: skip
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
