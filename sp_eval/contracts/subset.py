"""Which of ODCS 3.1 we write, and the refusal of everything else.

The standard allows far more than we read, and its own model lets a misspelt key pass; a rule
that is silently not applied is worse than none, so an unknown key stops the reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["ContractError", "check_subset"]


class ContractError(ValueError):
    """A contract, or a frame held against it, is not what it must be; no cell values in it."""


_TOP: Final = "apiVersion kind id name version status description schema"
_TABLE: Final = (
    "name physicalName logicalType physicalType dataGranularityDescription customProperties"
    " properties quality"
)
_COLUMN: Final = (
    "name logicalType physicalType primaryKey required unique description logicalTypeOptions"
    " examples relationships customProperties quality"
)
_COLUMN_NEEDS: Final = "name logicalType physicalType description"
_COLUMN_EXTRAS: Final = frozenset(
    {
        "unit",
        "codes",
        "separator",
        "may_be_future",
        "template_note",
        "disclosure",
        "decimals",
        "person_years",
        "follows",
    }
)
_TYPES: Final = {
    "VARCHAR": "string",
    "DATE": "date",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
}


def check_subset(raw: object, *, source: str) -> None:
    """Raise `ContractError` naming file and key unless `raw` is written in our subset."""
    top = _keys(raw, _TOP, _TOP, source)
    _keys(top["description"], "purpose usage limitations", "purpose", f"{source}: description")
    if top["apiVersion"] != "v3.1.0" or top["kind"] != "DataContract":
        raise ContractError(f"{source}: must be a DataContract of apiVersion v3.1.0")
    if not isinstance(top["schema"], list) or len(top["schema"]) != 1:
        raise ContractError(f"{source}: schema must hold exactly one table")
    needs = "name logicalType physicalType dataGranularityDescription customProperties properties"
    table = _keys(top["schema"][0], _TABLE, needs, f"{source}: schema")
    if table["name"] != top["name"]:
        raise ContractError(f"{source}: the table must have the contract's name")
    _extras(table, frozenset({"person_level"}), f"{source}: schema")
    for column in table["properties"]:
        name = column.get("name", "?") if isinstance(column, Mapping) else "?"
        _check_column(column, f"{source}: column {name}")
    for rule in table.get("quality", []):
        _check_rule(rule, f"{source}: table quality")


def _check_column(raw: object, where: str) -> None:
    column = _keys(raw, _COLUMN, _COLUMN_NEEDS, where)
    if _TYPES.get(column["physicalType"]) != column["logicalType"]:
        raise ContractError(
            f"{where}: physicalType {column['physicalType']} does not go with"
            f" logicalType {column['logicalType']}"
        )
    _keys(column.get("logicalTypeOptions", {}), "minimum maximum pattern", "", where)
    _extras(column, _COLUMN_EXTRAS, where)
    for link in column.get("relationships", []):
        _keys(link, "type to", "type to", f"{where}: relationships")
    for check in column.get("quality", []):
        needs = "type metric arguments mustBe"
        parts = _keys(check, needs, needs, f"{where}: quality")
        if (parts["type"], parts["metric"], parts["mustBe"]) != ("library", "invalidValues", 0):
            raise ContractError(f"{where}: the only column quality is library invalidValues = 0")
        _keys(parts["arguments"], "validValues", "validValues", f"{where}: quality")


def _check_rule(raw: object, where: str) -> None:
    needs = "name type engine description implementation"
    rule = _keys(raw, needs, needs, where)
    where = f"{where} {rule['name']}"
    if (rule["type"], rule["engine"]) != ("custom", "sp_eval"):
        raise ContractError(f"{where}: must be of type custom, engine sp_eval")
    body = _keys(rule["implementation"], "columns expression registry scope", "columns", where)
    if ("expression" in body) == ("registry" in body):
        raise ContractError(f"{where}: must give either expression or registry")
    if body.get("scope", "row") not in {"row", "dataset"}:
        raise ContractError(f"{where}: scope must be row or dataset")


def _keys(raw: object, known: str, needed: str, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise ContractError(f"{where}: a mapping of keys is expected here")
    names = known.split()
    for key in raw:
        if key not in names:
            raise ContractError(f"{where}: unknown key '{key}'; known: {', '.join(names)}")
    for key in needed.split():
        if raw.get(key) is None:
            raise ContractError(f"{where}: key '{key}' is missing")
    return raw


def _extras(raw: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for extra in raw.get("customProperties", []):
        parts = _keys(extra, "property value", "property value", f"{where}: customProperties")
        if parts["property"] not in known:
            raise ContractError(
                f"{where}: unknown custom property '{parts['property']}';"
                f" known: {', '.join(sorted(known))}"
            )
