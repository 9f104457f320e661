"""Why something was refused, in the public rule names and in plain sentences.

A reason says what is wrong and what to do. It never quotes a cell, and never tells a sender
something that does not stand in the sender's own file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from sp_eval.contracts.codes import code_table

__all__ = ["FileRefusedError", "plain_reason", "rule_names"]


class FileRefusedError(Exception):
    """A whole file or sheet cannot be used.

    `columns` names the headers it is about, if any; `rows_in` counts its data rows, as far as
    they could be told; `renamed`: the mapping's name of a missing column -> the heading it may
    have now; `to_do` stands in for what is mostly to be done about the rule.
    """

    def __init__(
        self,
        rule: str,
        detail: str = "",
        *,
        to_do: str = "",
        columns: Iterable[str] = (),
        rows_in: int = 0,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.rule = rule
        self.reason = plain_reason(rule, detail, to_do)
        self.columns = tuple(columns)
        self.rows_in = rows_in
        self.renamed = dict(renamed or {})
        super().__init__(self.reason)


@cache
def _rules() -> dict[str, dict[str, str]]:
    return {row["rule"]: dict(row) for row in code_table("rule")}


def rule_names(applies_to: str) -> frozenset[str]:
    """Return the public rule names for rows (`row`) or whole files (`file`)."""
    return frozenset(name for name, row in _rules().items() if row["applies_to"] == applies_to)


def plain_reason(rule: str, detail: str = "", to_do: str = "") -> str:
    """Return the sentences for a rule; `detail`, if given, stands in for the general meaning."""
    row = _rules()[rule]
    return f"{detail or row['meaning']} {to_do or row['what_to_do']}"
