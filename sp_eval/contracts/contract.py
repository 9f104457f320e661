"""The nouns of a contract: column, row rule, table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sp_eval.contracts.subset import ContractError

__all__ = [
    "PROVENANCE",
    "Column",
    "Contract",
    "Disclosure",
    "Kind",
    "RowRule",
    "provenance_of",
]

Kind = Literal["extract", "published", "reference"]
Disclosure = Literal["count", "rate", "words", "research", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: what it means, how it is stored, what it may hold.

    `logical_type` is ODCS's word (string, date, integer, number, boolean, timestamp),
    `physical_type` DuckDB's. `separator` marks a cell that holds several of `allowed`.
    `disclosure` says how a published figure is protected: `count` of people or events, `rate`
    computed from one, `words` that say what a figure is, `research` for what never leaves, or
    `none`; it is null in person-level tables, which are never released. A rate is shown to
    `decimals`; or as that of its published cells, its person-time being `person_years` (an
    expression over the row); or changed with the rate it `follows`.
    """

    name: str
    logical_type: str
    physical_type: str
    description: str
    required: bool = False
    unique: bool = False
    primary_key: bool = False
    unit: str | None = None
    allowed: tuple[str, ...] | None = None
    separator: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    relationship: str | None = None
    disclosure: Disclosure | None = None
    decimals: int | None = None
    person_years: str | None = None
    follows: str | None = None
    may_be_future: bool = False
    template_note: str | None = None
    examples: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """A rule over several columns.

    `expression` is a polars SQL boolean that a sound row satisfies (null = sound);
    `columns[0]` is the column named when a row fails. With scope `dataset` the expression may
    look at other rows (`OVER`), and at `is_sound`: whether the row breaks no other rule.
    """

    rule: str
    columns: tuple[str, ...]
    expression: str
    message: str
    scope: Literal["row", "dataset"] = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One table, supplied by schemes (`extract`), public (`reference`) or ours (`published`)."""

    name: str
    kind: Kind
    version: str
    description: str
    grain: str
    columns: tuple[Column, ...]
    rules: tuple[RowRule, ...] = ()
    person_level: bool = False
    table_schema: str | None = None
    _by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {column.name: column for column in self.columns})

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name, or raise `ContractError`."""
        found = self._by_name.get(name)
        if found is None:
            raise ContractError(f"contract {self.name} has no column '{name}'")
        return found


PROVENANCE: tuple[Column, ...] = (
    Column(
        name="scheme_code",
        logical_type="string",
        physical_type="VARCHAR",
        required=True,
        description="The scheme whose delivery the row came in.",
    ),
    Column(
        name="delivery_id",
        logical_type="string",
        physical_type="VARCHAR",
        required=True,
        description="The file, sheet and version the row came from: see published.delivery.",
    ),
    Column(
        name="source_file",
        logical_type="string",
        physical_type="VARCHAR",
        required=True,
        description="Path of the file below the month's folder.",
    ),
    Column(
        name="source_row",
        logical_type="integer",
        physical_type="INTEGER",
        required=True,
        unit="physical row, counted from 1",
        description="Row in the file or sheet, with header and titles counted.",
    ),
)

_EDITION: tuple[Column, ...] = (
    Column(
        name="source",
        logical_type="string",
        physical_type="VARCHAR",
        required=True,
        description="The publication the row is from: see data_contracts/reference.",
    ),
    Column(
        name="vintage",
        logical_type="string",
        physical_type="VARCHAR",
        required=True,
        description="Which edition of it: a year, financial year or month, as published.",
    ),
)


def provenance_of(kind: Kind) -> tuple[Column, ...]:
    """Return the columns that say where a row came from; none for what we publish ourselves."""
    if kind == "reference":
        return (*_EDITION, *PROVENANCE[1:])
    return PROVENANCE if kind == "extract" else ()
