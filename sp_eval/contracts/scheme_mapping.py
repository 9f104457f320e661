"""What a scheme sends, said as data: the model of `data_contracts/schemes/<code>/mapping.yaml`.

A mapping has these verbs and no others: `from`, `const`, `from_path`, `parse`, `recode`,
`decide`, `when`/`take`, `split`, `unpivot`, `keep_when`, `footer`, `check`, `drop`, `absent`,
`layouts`. It may rename, recode and parse; it may not compute: computation is SQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from sp_eval.contracts.odcs import Contract, ContractError, contract_names, load_contract
from sp_eval.contracts.yaml_file import read_yaml
from sp_eval.settings import project_root

__all__ = [
    "Check",
    "ColumnRule",
    "Dataset",
    "Decision",
    "Layout",
    "Parse",
    "SchemeMapping",
    "load_mapping",
    "mapped_schemes",
    "mapping_json_schema",
    "read_mapping",
]

Scalar = str | bool | int | float
DATE_KINDS = ("date", "last_day", "month", "quarter", "excel")


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Cells = Annotated[tuple[str | None, ...], BeforeValidator(_listed)]
Condition = Mapping[str, Cells]
"""Source column -> the texts it may hold for the condition to be met; null means blank."""


class Parse(_Closed):
    """How a cell's text becomes a value.

    `date`: in `style` (strptime words), else in the dataset's `dates`. `last_day`: a date that
    is the last day inside, stored as the first day outside. `excel`: a true Excel date or its
    serial number (from a workbook only), or a text date. `month`, `quarter` (`2017/18 Q1`, of
    the financial year from April): the first day, or with `edge: end` the first day after.
    `money`: pounds, with or without sign and commas. `integer`: a whole number.
    `not_known`: texts that stand for a date nobody knows.
    """

    kind: Literal["date", "last_day", "month", "quarter", "money", "integer", "excel"]
    style: str | None = None
    edge: Literal["start", "end"] = "start"
    not_known: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: object) -> object:
        """Accept `parse: date` and `parse: {date: '%d/%m/%Y', not_known: [...]}`."""
        if isinstance(raw, str):
            return {"kind": raw}
        if isinstance(raw, Mapping) and "kind" not in raw:
            kinds = [name for name in (*DATE_KINDS, "money", "integer") if name in raw]
            if len(kinds) == 1:
                rest = {name: value for name, value in raw.items() if name != kinds[0]}
                return {"kind": kinds[0], "style": raw[kinds[0]], **rest}
        return raw


class Split(_Closed):
    """One cell that holds several values: which of them is taken."""

    by: str = Field(min_length=1)
    take: Literal["first", "rest", "last"]


class Decision(_Closed):
    """One row of a decision table: the first whose conditions are all met gives the value."""

    when: Condition = Field(default_factory=dict)
    then: Scalar


class ColumnRule(_Closed):
    """Where one column of the contract comes from: exactly one origin, then the refinements."""

    from_: tuple[str, ...] | None = Field(default=None, alias="from")
    const: Scalar | None = None
    from_path: str | None = None
    decide: tuple[Decision, ...] | None = None
    absent: str | None = Field(default=None, min_length=3)
    take: ColumnRule | None = None
    when: Condition | None = None
    split: Split | None = None
    parse: Parse | None = None
    recode: Mapping[Scalar, Scalar] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_column(cls, raw: object) -> object:
        if isinstance(raw, Mapping):
            return {k: _listed(v) if k in {"from", "from_"} else v for k, v in raw.items()}
        return raw

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = (self.from_, self.const, self.from_path, self.decide, self.absent, self.take)
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError(
                "give exactly one of from, const, from_path, decide, absent, when/take"
            )
        if (self.take is None) != (self.when is None):
            raise ValueError("when and take go together")
        if (self.split or self.parse or self.recode) and not self.from_:
            raise ValueError("split, parse and recode refine from, and nothing else")
        return self

    def sources(self) -> Iterator[str]:
        """Yield the source columns the rule reads, the one to name in a reason first."""
        yield from self.from_ or ()
        if self.take:
            yield from self.take.sources()
        for condition in (self.when or {}, *(d.when for d in self.decide or ())):
            yield from condition


class Check(_Closed):
    """A rule on a source column that is enforced; the column itself is not carried by it."""

    required: bool = False
    one_of: tuple[str, ...] | None = None
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    parse: Parse | None = None
    not_before: str | None = None
    total_of: tuple[str, ...] | None = None
    metric_of: tuple[str, ...] | None = None
    metric_table: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.metric_of is None) != (self.metric_table is None):
            raise ValueError("metric_of and metric_table go together")
        if not self.model_fields_set:
            raise ValueError("a check must ask for something")
        if self.pattern is not None:
            re.compile(self.pattern)
        return self

    def sources(self) -> Iterator[str]:
        """Yield the other source columns that the check reads."""
        yield from (self.not_before,) if self.not_before else ()
        yield from self.total_of or ()
        yield from self.metric_of or ()


class Unpivot(_Closed):
    """Several answers in one row: one contract row for each of these source columns."""

    name: str
    value: str
    parse: Parse | None = None
    columns: Mapping[str, str] = Field(min_length=1)


class KeepWhen(_Closed):
    """Rows that count; the others are validated too, then folded and counted under a name."""

    when: Condition = Field(min_length=1)
    folded_as: str


class Covers(_Closed):
    """The days the dataset holds all activity of: from that day to the month of delivery."""

    sources: tuple[Literal["gp_contact", "ae", "inpatient", "outpatient"], ...]
    from_: date = Field(alias="from")


class Layout(_Closed):
    """One of the ways in which senders head the same table: our name -> their header."""

    columns: Mapping[str, str] = Field(min_length=1)
    encoding: str | None = None
    delimiter: str | None = None
    dates: str | None = None


class Dataset(_Closed):
    """One table of a delivery: how it is found and read, and what it becomes."""

    contract: str
    file: str = Field(description="Path below the month's folder; * and {name} are open.")
    sheet: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    dates: str = "%d/%m/%Y"
    supply: Literal["snapshot", "increment"] = "snapshot"
    identifier: str | None = Field(default=None, description="Becomes the person_key.")
    reference: str | None = Field(default=None, description="Becomes the referral_id.")
    covers: Covers | None = None
    belongs: Mapping[str, str] = Field(default_factory=dict)
    footer: Condition = Field(default_factory=dict)
    layouts: Mapping[str, Layout] = Field(default_factory=dict)
    keep_when: KeepWhen | None = None
    unpivot: Unpivot | None = None
    columns: Mapping[str, ColumnRule]
    check: Mapping[str, Check] = Field(default_factory=dict)
    drop: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        contract = _contract(self.contract)
        _check_targets(self, contract)
        carried = self.source_columns - set(self.drop)
        if twice := sorted(set(self.drop) & (self.read_columns | {self.identifier})):
            raise ValueError(f"dropped and yet used: {', '.join(map(str, twice))}")
        for name, layout in self.layouts.items():
            if set(layout.columns) != carried | set(self.drop):
                odd = sorted(set(layout.columns) ^ (carried | set(self.drop)))
                raise ValueError(f"layout {name}: each column must have its header: {odd}")
        for pattern in self.belongs.values():
            re.compile(pattern)
        return self

    @property
    def read_columns(self) -> frozenset[str]:
        """Source columns that are mapped or checked."""
        used = {s for rule in self.columns.values() for s in rule.sources()}
        used |= set(self.check) | {s for rule in self.check.values() for s in rule.sources()}
        used |= set(self.unpivot.columns) if self.unpivot else set()
        used |= set(self.keep_when.when) if self.keep_when else set()
        return frozenset(used)

    @property
    def source_columns(self) -> frozenset[str]:
        """Every column the sender is known to send: mapped, checked or dropped."""
        return self.read_columns | frozenset(self.drop)


class Brake(_Closed):
    """When a month is stopped until a named person accepts it."""

    refused_share: float = Field(default=0.2, gt=0, le=1)
    share_of_usual_rows: float = Field(default=0.5, ge=0, le=1)


class SchemeMapping(_Closed):
    """Everything that is particular to one scheme."""

    scheme_code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    identifier: Literal["nhs_number", "pseudonym"]
    brake: Brake = Brake()
    datasets: Mapping[str, Dataset] = Field(min_length=1)


def _contract(name: str) -> Contract:
    if name not in contract_names("extract"):
        known = ", ".join(contract_names("extract"))
        raise ValueError(f"unknown contract '{name}'; there are: {known}")
    return load_contract(name)


def _check_targets(dataset: Dataset, contract: Contract) -> None:
    """Each contract column has its rule, and each required one a source."""
    unpivoted = {dataset.unpivot.name, dataset.unpivot.value} if dataset.unpivot else set()
    given = set(dataset.columns) | unpivoted
    if odd := sorted(given ^ set(contract.names)):
        raise ValueError(
            f"contract {contract.name}: each column needs one rule (or absent: reason); see {odd}"
        )
    for name, rule in dataset.columns.items():
        column = contract.column(name)
        if rule.absent and column.required:
            raise ValueError(f"{name} is required by contract {contract.name}: it cannot be absent")
        for value in _values(rule):
            if column.allowed is not None and value not in column.allowed:
                raise ValueError(f"{name}: '{value}' is not among the contract's values")


def _values(rule: ColumnRule) -> Iterator[Scalar]:
    yield from (rule.recode or {}).values()
    yield from (decision.then for decision in rule.decide or ())
    if rule.const is not None:
        yield rule.const
    if rule.take:
        yield from _values(rule.take)


def schemes_folder() -> Path:
    return project_root() / "data_contracts" / "schemes"


def mapped_schemes() -> tuple[str, ...]:
    """Return the codes of the schemes that have a mapping, sorted."""
    return tuple(sorted(path.parent.name for path in schemes_folder().glob("*/mapping.yaml")))


@cache
def load_mapping(scheme_code: str) -> SchemeMapping:
    """Return the mapping of that scheme; `ContractError` in one sentence if there is none."""
    if scheme_code not in mapped_schemes():
        raise ContractError(
            f"there is no mapping for '{scheme_code}'; there are: {', '.join(mapped_schemes())}"
        )
    mapping = read_mapping(schemes_folder() / scheme_code / "mapping.yaml")
    if mapping.scheme_code != scheme_code:
        raise ContractError(f"schemes/{scheme_code}/mapping.yaml names another scheme")
    return mapping


def read_mapping(path: Path) -> SchemeMapping:
    """Read and validate one mapping file; `ContractError` says where it is wrong."""
    raw = read_yaml(path, source=f"{path.parent.name}/{path.name}")
    try:
        return SchemeMapping.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = " > ".join(str(part) for part in first["loc"])
        raise ContractError(f"{path.parent.name}/{path.name}: {where}: {first['msg']}") from None


def mapping_json_schema() -> str:
    """Return the JSON Schema of a mapping, as published in `schemes/mapping.schema.json`."""
    return json.dumps(SchemeMapping.model_json_schema(by_alias=True), indent=2) + "\n"
