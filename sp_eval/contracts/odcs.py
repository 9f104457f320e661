"""Contracts as the rest of the house sees them, read from `data_contracts/*/*.odcs.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sp_eval.contracts.codes import code_values, registry_expression
from sp_eval.contracts.subset import ContractError, check_subset
from sp_eval.settings import project_root

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality, SchemaObject, SchemaProperty

__all__ = [
    "PROVENANCE",
    "Column",
    "Contract",
    "ContractError",
    "Kind",
    "RowRule",
    "contract_names",
    "load_contract",
    "read_contract",
]

Kind = Literal["extract", "published"]
Disclosure = Literal["count", "rate", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: what it means, how it is stored, what it may hold.

    `logical_type` is ODCS's word (string, date, integer, number, boolean, timestamp),
    `physical_type` DuckDB's. `separator` marks a cell that holds several of `allowed`.
    `disclosure` says how a published figure is protected: `count` of people, `rate` computed
    from one, or `none`; it is null in person-level tables, which are never released.
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
    """One table that somebody supplies (`extract`) or that we publish (`published`)."""

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


def contract_names(kind: Kind = "extract") -> tuple[str, ...]:
    """Return the names of all contracts of that kind, sorted."""
    folder = project_root() / "data_contracts" / kind
    return tuple(sorted(path.name.removesuffix(".odcs.yaml") for path in folder.glob("*.odcs.yaml")))


@cache
def load_contract(name: str, kind: Kind = "extract") -> Contract:
    """Return the named contract; `ContractError` names the contracts there are."""
    if name not in contract_names(kind):
        known = ", ".join(contract_names(kind))
        raise ContractError(f"there is no {kind} contract '{name}'; there are: {known}")
    return read_contract(project_root() / "data_contracts" / kind / f"{name}.odcs.yaml", kind=kind)


def read_contract(path: Path, *, kind: Kind) -> Contract:
    """Read one ODCS file; anything outside our subset raises `ContractError`."""
    import yaml  # noqa: PLC0415  (importing this module must stay cheap)
    from open_data_contract_standard.model import OpenDataContractStandard  # noqa: PLC0415

    source = f"data_contracts/{kind}/{path.name}"
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)  # noqa: S506
    check_subset(raw, source=source)
    document = OpenDataContractStandard.model_validate(raw)
    assert document.schema_ is not None  # noqa: S101  (check_subset has seen it)
    table = document.schema_[0]
    contract = Contract(
        name=str(document.name),
        kind=kind,
        version=str(document.version),
        description=_prose(document),
        grain=str(table.dataGranularityDescription),
        columns=tuple(_column(raw, source=source) for raw in table.properties or ()),
        rules=tuple(_rule(raw) for raw in table.quality or ()),
        person_level=bool(_extra(table, "person_level")),
        table_schema=table.physicalName.partition(".")[0] if table.physicalName else None,
    )
    _check_whole(contract, source=source)
    return contract


def _prose(document: Any) -> str:
    parts = document.description
    return " ".join(text for text in (parts.purpose, parts.usage, parts.limitations) if text)


def _column(raw: SchemaProperty, *, source: str) -> Column:
    options = raw.logicalTypeOptions or {}
    links = raw.relationships or []
    return Column(
        name=str(raw.name),
        logical_type=str(raw.logicalType),
        physical_type=str(raw.physicalType),
        description=str(raw.description),
        required=bool(raw.required),
        unique=bool(raw.unique),
        primary_key=bool(raw.primaryKey),
        unit=_extra(raw, "unit"),
        allowed=_allowed(raw, source=source),
        separator=_extra(raw, "separator"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        pattern=options.get("pattern"),
        relationship=str(links[0].to) if links else None,
        disclosure=_extra(raw, "disclosure"),
        may_be_future=bool(_extra(raw, "may_be_future")),
        template_note=_extra(raw, "template_note"),
        examples=tuple(raw.examples or ()),
    )


def _allowed(raw: SchemaProperty, *, source: str) -> tuple[str, ...] | None:
    codes = _extra(raw, "codes")
    if codes and raw.quality:
        raise ContractError(f"{source}: column {raw.name} lists its values twice")
    if codes:
        return code_values(codes)
    for check in raw.quality or []:
        return tuple((check.arguments or {})["validValues"])
    return None


def _rule(raw: DataQuality) -> RowRule:
    body = raw.implementation
    assert isinstance(body, dict)  # noqa: S101  (check_subset has seen it)
    expression = body.get("expression") or registry_expression(body["registry"])
    return RowRule(
        rule=str(raw.name),
        columns=tuple(body["columns"]),
        expression=expression,
        message=str(raw.description),
        scope=body.get("scope", "row"),
    )


def _extra(raw: SchemaObject | SchemaProperty, name: str) -> Any:
    return next((e.value for e in raw.customProperties or [] if e.property == name), None)


def _check_whole(contract: Contract, *, source: str) -> None:
    if len(set(contract.names)) != len(contract.names):
        raise ContractError(f"{source}: a column is declared twice")
    for column in contract.columns:
        if (column.disclosure is None) != contract.person_level:
            raise ContractError(
                f"{source}: column {column.name}: disclosure belongs to every column of a"
                " table that is not person level, and to no other"
            )
    for rule in contract.rules:
        for name in rule.columns:
            contract.column(name)
