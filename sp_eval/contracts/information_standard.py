"""The Social Prescribing Information Standard held against the contracts: what has a place here.

The standard (PRSB 1.1, January 2023; kept by NHS England since January 2026) asks for four groups:
demographics, needs and concerns, support offered, outcomes. `codes/information_standard.csv` lists
its items in our words, the columns that hold each, and how sure it is that it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from sp_eval.contracts.codes import code_table

__all__ = ["GroupCoverage", "StandardItem", "covered_groups", "standard_items"]


@dataclass(frozen=True, slots=True)
class StandardItem:
    """One item of the standard; any of `columns`, `contract.column`, holds it; none: no place."""

    group: str
    item: str
    is_minimum: bool
    columns: tuple[str, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class GroupCoverage:
    """How many items of a group there are, and how many have a column; the minimum set apart."""

    group: str
    items: int
    held: int
    minimum: int
    minimum_held: int


def standard_items() -> tuple[StandardItem, ...]:
    """Return the items of the standard, in its order."""
    return tuple(
        StandardItem(
            group=row["group"],
            item=row["item"],
            is_minimum=row["minimum"] == "yes",
            columns=tuple(row["column"].split()),
            note=row["note"] or None,
        )
        for row in code_table("information_standard")
    )


def covered_groups(held: set[str] | None = None) -> tuple[GroupCoverage, ...]:
    """Return the coverage of each group: by the contracts, or by the columns `held`."""
    items = standard_items()
    groups = dict.fromkeys(item.group for item in items)
    found = []
    for group in groups:
        own = [item for item in items if item.group == group]
        has = [i for i in own if i.columns and (held is None or held.intersection(i.columns))]
        found.append(
            GroupCoverage(
                group=group,
                items=len(own),
                held=len(has),
                minimum=sum(i.is_minimum for i in own),
                minimum_held=sum(i.is_minimum for i in has),
            )
        )
    return tuple(found)
