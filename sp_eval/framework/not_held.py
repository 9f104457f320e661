"""What a scheme says in its mapping that it does not hold, and why: for cards and reasons."""

from __future__ import annotations

from collections.abc import Iterable

from sp_eval.contracts.mapping_verbs import Scalar
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, mapped_schemes
from sp_eval.study.outcomes import Outcome

__all__ = [
    "blind_spot",
    "columns_not_recorded",
    "columns_presumed",
    "not_sent",
    "reason_not_held",
    "why_not_sent",
]

_CONTRACT_OF = {"gp_contact": "gp_contact"}  # every other source is hospital activity


def columns_not_recorded(mapping: SchemeMapping) -> dict[str, str]:
    """`contract.column` -> reason, of the columns that none of the scheme's files holds."""
    found: dict[str, dict[str, str | None]] = {}
    for dataset in mapping.datasets.values():
        held = found.setdefault(dataset.contract, {})
        for name, rule in dataset.columns.items():
            held[name] = None if held.get(name, "") is None else rule.absent
    return {
        f"{contract}.{name}": reason
        for contract, columns in sorted(found.items())
        for name, reason in columns.items()
        if reason is not None
    }


def columns_presumed(mapping: SchemeMapping) -> dict[str, str]:
    """`contract.column` -> what the mapping says of every row, where no file of it tells.

    Several tables of a contract may each say another thing; one that holds the column, or lacks it,
    ends it.
    """
    found: dict[str, list[Scalar | None]] = {}
    for dataset in mapping.datasets.values():
        for name, rule in dataset.columns.items():
            found.setdefault(f"{dataset.contract}.{name}", []).append(rule.const)
    return {
        name: " or ".join(dict.fromkeys(_written(value) for value in values if value is not None))
        for name, values in sorted(found.items())
        if None not in values
    }


def _written(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def why_not_sent(mapping: SchemeMapping, lacking: Iterable[str]) -> dict[str, str]:
    """Contract -> reason, of the contracts nothing fills and the mapping gives a reason for."""
    return {name: mapping.absent[name] for name in lacking if name in mapping.absent}


def blind_spot(scheme_code: str) -> str | None:
    """What a scheme's comparison cannot allow for, because of what it does not send; None if all.

    It shuts the design gate. How much it may be: docs/explanation/schemes.md.
    """
    if scheme_code in mapped_schemes() and "gp_contact" in load_mapping(scheme_code).absent:
        return (
            "this scheme sends no GP contacts, so the busy weeks that lead to a referral cannot be"
            " allowed for, and what is found leans towards more care than the scheme brought"
        )
    return None


def not_sent(scheme_code: str, outcome: Outcome) -> tuple[str, ...]:
    """The contracts a scheme's mapping says it does not send, of those an answer would need."""
    if scheme_code not in mapped_schemes():
        return ()
    absent = load_mapping(scheme_code).absent
    sent = (_CONTRACT_OF.get(source, "hospital_activity") for source in outcome.sources)
    return tuple(dict.fromkeys(name for name in (*sent, "person") if name in absent))


def reason_not_held(scheme_code: str, outcome: Outcome) -> str | None:
    """Why a scheme cannot say anything of an outcome, in its mapping's words; None if it can."""
    lacking = not_sent(scheme_code, outcome)
    if not lacking:
        return None
    named = lacking[0].replace("_", " ").replace("gp ", "GP ")
    return f"this scheme sends no {named} file: {load_mapping(scheme_code).absent[lacking[0]]}"
