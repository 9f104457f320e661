"""The contracts as last released, one a line of `data_contracts/released.ndjson`.

A contract that changes afterwards must step its version as `contract diff` says; a release
records them anew: `python -m sp_eval.contracts.released`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from sp_eval.contracts.contract import Column, Contract, Kind, RowRule
from sp_eval.contracts.diff import contract_changes, step_between, step_needed
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.settings import project_root

__all__ = ["released_contracts", "released_file", "unstepped", "write_released"]

_STEPS = ("none", "patch", "minor", "major")


def released_file() -> Path:
    """Return where the last release's contracts are recorded."""
    return project_root() / "data_contracts" / "released.ndjson"


def released_contracts(text: str) -> dict[tuple[str, str], Contract]:
    """Return (kind, name) -> contract of the record's text."""
    found = {}
    for line in text.splitlines():
        raw = json.loads(line)
        columns = tuple(Column(**_tuples(one)) for one in raw.pop("columns"))
        rules = tuple(RowRule(**_tuples(one)) for one in raw.pop("rules", ()))
        found[raw["kind"], raw["name"]] = Contract(**raw, columns=columns, rules=rules)
    return found


def write_released() -> None:
    """Record every contract as it is now."""
    contracts = [load_contract(n, kind) for kind in get_args(Kind) for n in contract_names(kind)]
    lines = [json.dumps(_plain(contract), ensure_ascii=False) for contract in contracts]
    released_file().write_text("\n".join(lines) + "\n", encoding="utf-8")


def unstepped(old: Contract, new: Contract) -> Iterator[str]:
    """Yield why a contract's version says less than what changed since the release."""
    needed = step_needed(contract_changes(old, new))
    try:
        taken = step_between(old.version, new.version)
    except ValueError as error:
        yield f"{new.name}: {error}"
        return
    if _STEPS.index(taken) < _STEPS.index(needed):
        told = "; ".join(change.sentence for change in contract_changes(old, new))
        versions = f"version {old.version} to {new.version}"
        yield f"{new.name}: {versions} must take a {needed} step: {told}"


def _plain(one: Contract | Column | RowRule) -> dict[str, Any]:
    """The fields that say something, as JSON takes them."""
    kept = {f.name: getattr(one, f.name) for f in fields(one) if f.init}
    return {
        name: [_plain(x) if isinstance(x, Column | RowRule) else _text(x) for x in value]
        if isinstance(value, tuple)
        else value
        for name, value in kept.items()
        if value is not None and value is not False and value != ()
    }


def _text(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _tuples(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in raw.items()}


if __name__ == "__main__":
    write_released()
