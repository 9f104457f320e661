"""A mapping taken apart: columns that have nothing to do with each other, each by themselves.

What a part says of a row hangs on its own source columns alone, so that a part of one source
column need be worked out only once for each text that stands in it, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sp_eval.contracts.odcs import Contract
from sp_eval.contracts.scheme_mapping import Dataset

__all__ = ["Part", "parts_of"]


@dataclass(frozen=True, slots=True)
class Part:
    """Some columns of a dataset and of its contract, and the source columns they hang on."""

    sources: tuple[str, ...]
    dataset: Dataset
    contract: Contract


def parts_of(dataset: Dataset) -> tuple[Part, ...] | None:
    """Return the parts of a dataset; None if rows cannot be judged one by one.

    They cannot where a rule of the contract looks at other rows, or one row makes several; nor
    where some columns decide whether the contract is asked of the others.
    """
    contract = dataset.declared
    looks_around = any(rule.scope == "dataset" for rule in contract.rules)
    asks_of_some = dataset.keep_when is not None and bool(dataset.keep_when.filled)
    is_unique = any(column.unique for column in contract.columns)
    if dataset.unpivot or asks_of_some or looks_around or is_unique:
        return None
    groups = _joined(_ties(dataset, contract))
    return tuple(_part(group, dataset, contract) for group in groups)


def _ties(dataset: Dataset, contract: Contract) -> Iterator[set[tuple[str, str]]]:
    """Yield what belongs together: ("to", contract column) and ("from", source column)."""
    for name, rule in dataset.columns.items():
        yield {("to", name), *(("from", source) for source in rule.sources())}
    for row_rule in contract.rules:
        yield {("to", name) for name in row_rule.columns}
    for name, check in dataset.check.items():
        yield {("from", name), *(("from", source) for source in check.sources())}
    if dataset.keep_when:
        yield {("from", name) for name in dataset.keep_when.when}
    if dataset.unlinked_when:
        names = (dataset.identifier, dataset.reference, *dataset.unlinked_when)
        yield {("from", name) for name in names if name is not None}


def _joined(ties: Iterable[set[tuple[str, str]]]) -> list[set[tuple[str, str]]]:
    groups: list[set[tuple[str, str]]] = []
    for tie in ties:
        touching = [group for group in groups if group & tie]
        groups = [group for group in groups if not group & tie]
        groups.append(tie.union(*touching))
    return groups


def _part(group: set[tuple[str, str]], dataset: Dataset, contract: Contract) -> Part:
    sources = {name for kind, name in group if kind == "from"}
    targets = {name for kind, name in group if kind == "to"}
    keep_when = dataset.keep_when
    changes = {
        "columns": {name: rule for name, rule in dataset.columns.items() if name in targets},
        "check": {name: check for name, check in dataset.check.items() if name in sources},
        "keep_when": keep_when if keep_when and sources & set(keep_when.when) else None,
        "identifier": dataset.identifier if dataset.identifier in sources else None,
        "unlinked_when": dataset.unlinked_when if dataset.identifier in sources else {},
        "reference": dataset.reference if dataset.reference in sources else None,
    }
    return Part(
        sources=tuple(sorted(sources)),
        dataset=dataset.model_copy(update=changes),
        contract=replace(
            contract,
            columns=tuple(column for column in contract.columns if column.name in targets),
            rules=tuple(rule for rule in contract.rules if targets.issuperset(rule.columns)),
        ),
    )
