"""What a mapping, sound in itself, leaves an evaluation without: told to whoever writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sp_eval.contracts.scheme_mapping import Dataset, SchemeMapping

__all__ = ["Gap", "gaps_of"]

_SAY: Final = "If it is not sent, say so: absent: {CONTRACT: why}."
_COUNTED: Final = ("gp_contact", "hospital_activity")
_NEEDED: Final = {
    "referral": "no referral is known, so nothing can be evaluated",
    "person": "nobody is known to be registered, so nobody can be followed",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """`table` and `place`: where in the mapping; `table` is None where it is the whole."""

    table: str | None
    place: str
    sentence: str


def gaps_of(mapping: SchemeMapping) -> Iterator[Gap]:
    """Yield what no row can show, and no estimate can do without."""
    here = {table.contract for table in mapping.datasets.values()} | set(mapping.absent)
    for contract, why in _NEEDED.items():
        if contract not in here:
            yield Gap(None, contract, f"No table is {contract}: {why}. {_SAY}")
    if not here & set(_COUNTED):
        told = f"No table is gp_contact or hospital_activity: nothing is counted. {_SAY}"
        yield Gap(None, "gp_contact", told)
    for name, table in mapping.datasets.items():
        yield from _of(name, table)
    yield from _other_practices(mapping)


def _of(name: str, table: Dataset) -> Iterator[Gap]:
    if table.contract not in _COUNTED:
        return
    if table.covers is None:
        yield Gap(
            name, "covers",
            "It does not say from when on it holds everything ('covers'): without it nobody's days"
            " count, and nothing is estimated from it.",
        )  # fmt: skip
    practice = table.columns.get("practice_code")
    if table.contract == "gp_contact" and practice is not None and practice.absent:
        yield Gap(
            name, "practice_code",
            "Contacts are followed practice by practice, and practice_code is absent: nobody can be"
            " followed in them. Where all are of one practice, or the files know of none, write"
            " {const: CODE}, with the code that the register gives.",
        )  # fmt: skip


def _other_practices(mapping: SchemeMapping) -> Iterator[Gap]:
    """Contacts of other practices, where the register puts everybody into one."""
    tables = mapping.datasets.items()
    said = {
        table.columns["practice_code"].const for _, table in tables if table.contract == "person"
    }
    code = next(iter(said), None)
    for name, table in tables if len(said) == 1 and code is not None else ():
        rule = table.columns.get("practice_code")
        if table.contract == "gp_contact" and rule and not rule.absent and rule.const != code:
            yield Gap(
                name, "practice_code",
                f"The register puts everybody into one practice, {code}, and contacts are followed"
                f" practice by practice. Write the same here: {{const: {code}}}, and this column's"
                " heading under drop.",
            )  # fmt: skip
