"""Contracts read from `data_contracts/*/*.odcs.yaml`: the door to everything declared there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from sp_eval.contracts.codes import code_values, registry_expression
from sp_eval.contracts.contract import (
    PROVENANCE,
    Column,
    Contract,
    Disclosure,
    Kind,
    RowRule,
    provenance_of,
)
from sp_eval.contracts.subset import ContractError, check_subset
from sp_eval.contracts.yaml_file import read_yaml
from sp_eval.settings import project_root

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        DataQuality,
        OpenDataContractStandard,
        SchemaObject,
        SchemaProperty,
    )

__all__ = [
    "PROVENANCE",
    "Column",
    "Contract",
    "ContractError",
    "Kind",
    "RowRule",
    "contract_names",
    "load_contract",
    "provenance_of",
    "read_contract",
]


def contract_names(kind: Kind = "extract") -> tuple[str, ...]:
    """Return the names of all contracts of that kind, sorted."""
    folder = project_root() / "data_contracts" / kind
    return tuple(sorted(path.name.partition(".")[0] for path in folder.glob("*.odcs.yaml")))


@cache
def load_contract(name: str, kind: Kind = "extract") -> Contract:
    """Return the named contract; `ContractError` names the contracts there are."""
    if name not in contract_names(kind):
        known = ", ".join(contract_names(kind))
        raise ContractError(f"there is no {kind} contract '{name}'; there are: {known}")
    return read_contract(project_root() / "data_contracts" / kind / f"{name}.odcs.yaml", kind=kind)


def read_contract(path: Path, *, kind: Kind, source: str | None = None) -> Contract:
    """Read one ODCS file; anything outside our subset raises `ContractError`.

    `source` names the file in that error, where it is none of this installation's. Lists of values
    are those in `codes/` beside the file's folder, if there is one; else this installation's.
    """
    from open_data_contract_standard.model import OpenDataContractStandard

    source = source or f"data_contracts/{kind}/{path.name}"
    raw = read_yaml(path, source=source)
    check_subset(raw, source=source)
    document = OpenDataContractStandard.model_validate(raw)
    assert document.schema_ is not None  # noqa: S101  (check_subset has seen it)
    table = document.schema_[0]
    beside = path.resolve().parent.parent / "codes"
    lists = beside if beside.is_dir() else None
    contract = Contract(
        name=str(document.name),
        kind=kind,
        version=str(document.version),
        description=_prose(document),
        grain=str(table.dataGranularityDescription),
        columns=tuple(_column(raw, lists, source=source) for raw in table.properties or ()),
        rules=tuple(_rule(raw, lists) for raw in table.quality or ()),
        person_level=bool(_extra(table, "person_level")),
        table_schema=table.physicalName.partition(".")[0] if table.physicalName else None,
    )
    _check_whole(contract, source=source)
    return contract


def _prose(document: OpenDataContractStandard) -> str:
    parts = document.description
    assert parts is not None  # noqa: S101  (check_subset has seen it)
    return " ".join(text for text in (parts.purpose, parts.usage, parts.limitations) if text)


def _column(raw: SchemaProperty, lists: Path | None, *, source: str) -> Column:
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
        allowed=_allowed(raw, lists, source=source),
        separator=_extra(raw, "separator"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        pattern=options.get("pattern"),
        relationship=str(links[0].to) if links else None,
        disclosure=_disclosure(raw, source=source),
        decimals=_extra(raw, "decimals"),
        person_years=_extra(raw, "person_years"),
        follows=_extra(raw, "follows"),
        may_be_future=bool(_extra(raw, "may_be_future")),
        template_note=_extra(raw, "template_note"),
        examples=tuple(raw.examples or ()),
    )


def _disclosure(raw: SchemaProperty, *, source: str) -> Disclosure | None:
    found: Disclosure | None = _extra(raw, "disclosure")
    if found is not None and found not in get_args(Disclosure):
        known = ", ".join(get_args(Disclosure))
        raise ContractError(f"{source}: column {raw.name}: disclosure must be one of {known}")
    return found


def _allowed(raw: SchemaProperty, lists: Path | None, *, source: str) -> tuple[str, ...] | None:
    codes = _extra(raw, "codes")
    if codes and raw.quality:
        raise ContractError(f"{source}: column {raw.name} lists its values twice")
    if codes:
        return code_values(codes, lists)
    for check in raw.quality or []:
        return tuple((check.arguments or {})["validValues"])
    return None


def _rule(raw: DataQuality, lists: Path | None) -> RowRule:
    body = raw.implementation
    assert isinstance(body, dict)  # noqa: S101  (check_subset has seen it)
    expression = body.get("expression") or registry_expression(body["registry"], lists)
    return RowRule(
        rule=str(raw.name),
        columns=tuple(body["columns"]),
        expression=expression,
        message=str(raw.description),
        scope=body.get("scope", "row"),
    )


def _extra(raw: SchemaObject | SchemaProperty, name: str) -> Any:  # noqa: ANN401
    return next((e.value for e in raw.customProperties or [] if e.property == name), None)


def _check_whole(contract: Contract, *, source: str) -> None:
    if len(set(contract.names)) != len(contract.names):
        raise ContractError(f"{source}: a column is declared twice")
    # what is published already needs no protection
    has_none = contract.person_level or contract.kind == "reference"
    for column in contract.columns:
        if (column.disclosure is None) != has_none:
            raise ContractError(
                f"{source}: column {column.name}: disclosure belongs to every column of a"
                " table that is not person level, and to no other"
            )
    for rule in contract.rules:
        for name in rule.columns:
            contract.column(name)
