"""The headings and words that senders are known to use: from code lists, and every mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from sp_eval.contracts.codes import code_table
from sp_eval.contracts.contract import Column
from sp_eval.contracts.mapping_verbs import Scalar
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import (
    Dataset,
    known_layouts,
    load_mapping,
    mapped_schemes,
)
from sp_eval.contracts.subset import ContractError
from sp_eval.ingest.renamed import likeness

__all__ = [
    "Confidence",
    "Known",
    "broad_groups",
    "heading_scores",
    "known_in",
    "known_word",
    "not_known_words",
    "plain",
    "setting_of",
    "stage_words",
]

Confidence = Literal["sure", "likely", "guess"]
ALIKE: Final = 0.8
_LISTS: Final = {
    "person.sex": "sex",
    "patient.sex": "sex",
    "person.ethnic_category": "ethnic",
    "patient.ethnic_category": "ethnic",
    "referral.route": "route",
    "referral.primary_need": "need",
    "referral.secondary_needs": "need",
    "referral.outcome": "outcome",
    "referral.closure_reason": "closure_reason",
    "contact.mode": "contact.mode",
    "activity.result": "result",
    "gp_contact.staff": "staff",
    "gp_contact.mode": "gp_contact.mode",
    "gp_contact.status": "status",
    "hospital_activity.activity": "activity",
    "outcome_response.stage": "stage",
}
_BRACKETS: Final = re.compile(r"[(\[][^)\]]*[)\]]")
_NOT_ALONE: Final = frozenset({"home", "virtual", "wellness", "ambulatory"})
_SHORT: Final = 2  # letters; such a word of another scheme may mean anything here


@dataclass(frozen=True, slots=True)
class Known:
    """What a sender's word is taken for, and how sure that is."""

    value: Scalar
    how: Confidence


def plain(text: str) -> str:
    """A heading or word as it is compared: small letters and digits, words apart."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[a-z0-9]+", apart.casefold().replace("&", " and ")))


@cache
def heading_scores(heading: str) -> Mapping[tuple[str, str], float]:
    """(contract or kind, column) -> how well a heading fits it, from `ALIKE` to 1.

    A column of '' means the table itself, by the name of its file or sheet. What stands in
    brackets, as in `Gender (1/2/9)`, may be left away.
    """
    found = dict(_scores(plain(heading)))
    if (bare := plain(_BRACKETS.sub(" ", heading))) and bare != plain(heading):
        for of, score in _scores(bare).items():
            found[of] = max(score, found.get(of, 0.0))
    return found


@cache
def _scores(words: str) -> Mapping[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for of, column, known in _headings():
        if not _may_be_alike(words, known):
            continue
        score = 1.0 if words == known else likeness(words, known) * 0.95
        if score >= ALIKE and score > found.get((of, column), 0.0):
            found[of, column] = score
    return found


def _may_be_alike(one: str, other: str) -> bool:
    """Cheaply: whether two texts have letters enough in common to be looked at closely."""
    least, most = sorted((len(one), len(other)))
    if 2 * least < ALIKE * (least + most):
        return False
    letters, others = set(one), set(other)
    return 2 * len(letters & others) >= ALIKE * max(len(letters), len(others))


@cache
def _headings() -> tuple[tuple[str, str, str], ...]:
    listed = [(r["of"], r["column"], plain(r["heading"])) for r in code_table("heading")]
    for contract, name, rule in _rules():
        listed += [(contract, name, plain(text)) for text in rule]
    shared = load_contract("patient").names  # a part of what a person's contract holds
    listed += [("patient", c, text) for of, c, text in listed if of == "person" and c in shared]
    return tuple(dict.fromkeys(listed))


def _rules() -> list[tuple[str, str, list[str]]]:
    """(contract, column, headings) of every column that a mapping takes as it stands."""
    found = []
    for table in _tables():
        for name, rule in table.columns.items():
            if rule.from_ is None or len(rule.from_) > 1 or name in {"person_key", "referral_id"}:
                continue
            headings = {layout.columns[rule.from_[0]] for layout in table.headings().values()}
            found.append((table.contract, name, sorted(headings)))
    return found


def _tables() -> list[Dataset]:
    tables: list[Dataset] = []
    for scheme in (*mapped_schemes(), *known_layouts()):
        try:
            tables += load_mapping(scheme).datasets.values()
        except ContractError:
            continue  # not finished: others do not suffer for it
    return tables


def known_word(contract: str, column: Column, word: str) -> Known | None:
    """What a sender's word means in a column of a contract; None if nobody knows."""
    held = ("true", "false") if column.logical_type == "boolean" else column.allowed or ()
    text = plain(word)
    if column.name == "ethnic_category" and text in broad_groups():
        return None
    exact = _words(contract, column).get(text)
    if exact is not None and (exact.how == "guess" or word not in held):
        return exact
    if word in held and column.logical_type != "boolean":
        return Known(word, "sure")
    near = max(
        ((likeness(text, known), known) for known in _words(contract, column) if len(known) > 4),
        default=(0.0, ""),
    )
    if near[0] >= ALIKE:
        return Known(
            _words(contract, column)[near[1]].value, "likely" if near[0] > 0.9 else "guess"
        )
    return None


@cache
def _words(contract: str, column: Column) -> Mapping[str, Known]:
    boolean = column.logical_type == "boolean"
    name = "true" if boolean else _LISTS.get(f"{contract}.{column.name}", "")
    found: dict[str, Known] = {}
    for row in code_table("word"):
        if row["of"] in {name, f"{contract}.{column.name}"}:
            value: Scalar = row["value"] == "true" if boolean else row["value"]
            found[plain(row["word"])] = Known(
                value, "guess" if row["is_guess"] == "true" else "sure"
            )
    if column.name == "ethnic_category":
        found |= {
            plain(r["label"]): Known(r["code"], "sure") for r in code_table("ethnic_category")
        }
    if name == "need":
        found |= {plain(r["label"]): Known(r["code"], "sure") for r in code_table("need")}
    for word, value in _of_mappings(contract, column.name):
        if len(word) > _SHORT and not word.isdigit():
            found.setdefault(word, Known(value, "likely"))
    for value in column.allowed or ():
        found.setdefault(plain(value), Known(value, "likely"))
    return found


def _of_mappings(contract: str, name: str) -> list[tuple[str, Scalar]]:
    told: list[tuple[str, Scalar]] = []
    for table in _tables():
        rule = table.columns.get(name)
        if table.contract == contract and rule is not None:
            told += [(plain(str(w)), v) for w, v in ((rule.take or rule).recode or {}).items()]
    return told


@cache
def _settings() -> Mapping[str, str]:
    return {plain(r["word"]): r["value"] for r in code_table("word") if r["of"] == "setting"}


@cache
def setting_of(word: str) -> str | None:
    """Where a visit took place: `gp`, `hospital`, or None where the word does not tell.

    A word of several, as `GP by phone`, tells what the words in it do, if they agree.
    """
    words = plain(word).split()
    if (whole := _settings().get(" ".join(words))) is not None:
        return whole
    parts = {_settings().get(part) for part in _parts(words) if part not in _NOT_ALONE} - {None}
    return parts.pop() if len(parts) == 1 else None


def known_in(contract: str, column: Column, word: str) -> Known | None:
    """What a word means that says several things, as `GP phone call`; None if it does not agree.

    For columns whose words are no names: a name may hold any word.
    """
    if (whole := known_word(contract, column, word)) is not None:
        return whole
    known = _words(contract, column)
    values = {known[part].value for part in _parts(plain(word).split()) if part in known}
    return Known(values.pop(), "guess") if len(values) == 1 else None


def _parts(words: Sequence[str]) -> list[str]:
    """Each word, and each two or three that stand together, but for single letters."""
    parts = [
        " ".join(words[at : at + n]) for n in (1, 2, 3) for at in range(len(words) - n + 1)
    ]  # fmt: skip
    return [part for part in parts if len(part) > 1]


@cache
def broad_groups() -> frozenset[str]:
    """Words for ethnic groups too broad for a letter of the 2001 census, as they are compared."""
    return frozenset(plain(r["word"]) for r in code_table("word") if r["of"] == "ethnic_broad")


@cache
def stage_words() -> Mapping[str, str]:
    """What senders call the first time they ask, and a later one, as it is compared."""
    return {plain(r["word"]): r["value"] for r in code_table("word") if r["of"] == "stage"}


@cache
def not_known_words() -> frozenset[str]:
    """What senders write, in small letters, where they do not know: never an answer or a name."""
    return frozenset(row["word"] for row in code_table("word") if row["of"] == "not_known")
