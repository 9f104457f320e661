"""Which texts of a table count as blank, column by column, as its mapping says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sp_eval.contracts.mapping_verbs import ColumnRule, Condition
from sp_eval.contracts.scheme_mapping import Dataset

__all__ = ["blanks_of"]


def blanks_of(dataset: Dataset, source: str) -> frozenset[str]:
    """The texts, in small letters, that stand for blank in a source column.

    A text of the table's list that something asks this column for keeps its meaning. What one of
    several rules that read the column says of it holds for that rule alone (`verbs.made`). It
    hangs on what is said of this column alone, so that a part of the mapping gives the same.
    """
    rules = [one for rule in dataset.columns.values() for one in (rule, rule.take) if one]
    readers = [rule for rule in dataset.columns.values() if source in rule.sources()]
    own = {text for rule in rules if source in (rule.from_ or ()) for text in rule.not_known}
    own = own if len(readers) == 1 or source == dataset.identifier else set()
    if not (own or dataset.not_known):
        return frozenset()
    recodes = [rule.recode or {} for rule in rules if rule.from_ == (source,)]
    asked = {str(word) for recode in recodes for word in recode}
    for when in _conditions(dataset, rules):
        asked |= {text for text in when.get(source, ()) if text is not None}
    if (check := dataset.check.get(source)) is not None:
        asked |= set(check.one_of or ())
    common = {text.casefold() for text in dataset.not_known}
    common -= {word.casefold() for word in asked}
    return frozenset(common | {text.casefold() for text in own})


def _conditions(dataset: Dataset, rules: Iterable[ColumnRule]) -> Iterator[Condition]:
    for rule in rules:
        yield from (rule.when or {}, *(one.when for one in rule.decide or ()))
    yield from (dataset.keep_when.when if dataset.keep_when else {}, dataset.unlinked_when)
