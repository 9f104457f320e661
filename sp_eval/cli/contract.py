"""`sp-eval contract diff`: what changed between two versions of a contract."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console
from sp_eval.contracts.contract import Contract, Kind
from sp_eval.contracts.diff import Change, Effect, contract_changes, step_between, step_needed
from sp_eval.contracts.odcs import load_contract, read_contract
from sp_eval.contracts.released import released_contracts, released_file
from sp_eval.contracts.yaml_file import read_yaml

__all__ = ["diff_and_show"]

_HEADINGS: dict[Effect, str] = {
    "tightening": "Tightens: rows or readers that were right before may no longer be",
    "loosening": "Loosens: nobody has to change anything",
    "words": "Words only: no row is judged otherwise",
}


def diff_and_show(old: Path, new: Path | None) -> int:
    """Print every change; return 1 where the version says less than the changes do, else 0."""
    before = _released(old) or _contract(old)
    after = load_contract(before.name, before.kind) if new is None else _later(new)
    if after.name != before.name:
        raise RequestRefusedError(
            f"{before.name} and {after.name} are two contracts, not two versions of one."
        )
    changes = contract_changes(before, after)
    needed = step_needed(changes)
    console.print(f"{after.name}: from version {before.version} to {after.version}")
    for effect, heading in _HEADINGS.items():
        _list(heading, [change for change in changes if change.effect == effect])
    if not changes:
        console.print("Nothing changed.")
    return _judged(before.version, after.version, needed)


def _judged(old: str, new: str, needed: str) -> int:
    order = ("none", "patch", "minor", "major")
    try:
        taken = step_between(old, new)
    except ValueError as error:
        raise RequestRefusedError(f"The versions cannot be compared: {error}.") from None
    if order.index(taken) >= order.index(needed):
        return 0
    console.print(
        f"The version must take a {needed} step for this; from {old} to {new} is"
        f" {'none' if taken == 'none' else f'a {taken} one'}. Change 'version' in the newer file."
    )
    return 1


def _list(heading: str, changes: list[Change]) -> None:
    if changes:
        console.print(heading)
    for change in changes:
        where = f"{change.column}: " if change.column else ""
        console.print(f"  - {where}{change.sentence}", markup=False, highlight=False)


def _released(named: Path) -> Contract | None:
    """The contract of this name as last released, lists of values and all; None if it is a file."""
    if named.exists() or not released_file().is_file():
        return None
    contracts = released_contracts(released_file().read_text(encoding="utf-8"))
    return next((one for (_, name), one in contracts.items() if name == str(named)), None)


def _later(path: Path) -> Contract:
    if not path.is_file():
        raise RequestRefusedError(
            f"There is no file {path}. The later version must be a *.odcs.yaml file; leave it out"
            " to compare with the one in use here."
        )
    return _contract(path)


def _contract(path: Path) -> Contract:
    """Read a contract file wherever it lies; its `id` says of which kind it is."""
    if not path.is_file():
        raise RequestRefusedError(
            f"There is no file {path}, and no contract of this name was released. Give the path of"
            " a *.odcs.yaml file, or the name of a contract."
        )
    raw = read_yaml(path, source=str(path))
    named = str(raw.get("id", "")) if isinstance(raw, dict) else ""
    kinds: dict[str, Kind] = {f"sp_eval.{kind}.": kind for kind in get_args(Kind)}
    kind = next((kind for start, kind in kinds.items() if named.startswith(start)), None)
    if kind is None:
        raise RequestRefusedError(
            f"{path} is no contract of sp_eval: its 'id' does not begin with"
            f" {' or '.join(kinds)}. Give the path of a *.odcs.yaml file."
        )
    return read_contract(path, kind=kind, source=str(path))
