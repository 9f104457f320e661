"""What a drafted mapping still asks: each `???` with its line, and what may stand in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sp_eval.contracts.advice import ADVICE
from sp_eval.contracts.codes import code_table
from sp_eval.contracts.contract import Column
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.contracts.subset import ContractError
from sp_eval.contracts.yaml_file import read_yaml

if TYPE_CHECKING:
    import yaml

__all__ = ["NOT_FOUND", "OPEN", "UNLIKE", "Question", "columns_left", "may_hold", "open_questions"]

OPEN: Final = "???"
UNLIKE: Final = "no column of the contract is like it"  # why a draft leaves a column out

NOT_FOUND: Final = (
    "Not found: if a column holds it, write {from: HEADING} in place of {absent: ...}; if it is the"
    " same for all rows, {const: VALUE}; if it is not sent, say behind 'absent' why."
)
_SIMPLE: Final = {
    "title": "What is the scheme called, in the words of its people?",
    "identifier": (
        "Which column tells the person: the NHS number, or the sender's own pseudonym? Write its"
        " heading, here and as the 'from' of person_key."
    ),
    "reference": (
        "Which column is the scheme's own reference of a referral? Write its heading, here and as"
        " the 'from' of referral_id."
    ),
    "file": "By which name does the file come every month? A * stands for what varies.",
    "dates": "How are the dates written? For 31/12/2019 write '%d/%m/%Y'.",
    "unused": (
        "It is not used. If it is needed, have a table begun for it (sp-eval scheme new ... --as"
        " FILE=CONTRACT); else write why it is not. Ask the sender what it is."
    ),
    "drop": "Map it, check it, or write in its place why it is not used.",
    "from": "From which day on does the file hold everything? Write a date, as 2016-04-01.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """`line` of the file, from 1; `where`: the table and column; `sentence`: what to write."""

    line: int
    table: str | None
    where: str
    sentence: str


def open_questions(path: Path) -> list[Question]:
    """Return what a mapping file still asks, in its order; `ContractError` if it is no YAML."""
    import yaml

    read_yaml(path, source=path.name)
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    if root is None:
        return []
    contracts = _contracts(root)
    found = {line: keys for keys, line in _open(root, ())}
    return [Question(line, *_asked(keys, contracts)) for line, keys in found.items()]


def columns_left(path: Path) -> dict[str, tuple[str, ...]]:
    """Table of a draft -> headings that it leaves out only because it does not know them."""
    read = read_yaml(path, source=path.name)
    tables = (read.get("datasets") or {}) if isinstance(read, dict) else {}
    return {
        name: tuple(str(head) for head, why in (one.get("drop") or {}).items() if why == UNLIKE)
        for name, one in tables.items()
        if isinstance(one, dict)
    }


def may_hold(column: Column) -> str:
    """What a column may hold, as words: its values, or its kind; empty where anything may."""
    if column.logical_type == "boolean":
        return "true, false"
    if column.allowed is not None:
        return ", ".join(column.allowed)
    if column.logical_type == "date":
        return "a date in quotation marks, as '2016-04-01'"
    like = column.examples[0] if column.examples else column.pattern
    return f"a text like {like}" if column.pattern else ""


def _open(node: yaml.Node, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        if node.value == OPEN:
            yield keys, node.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _open(item, keys)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _open(key, keys)
            yield from _open(value, (*keys, str(key.value)))


def _contracts(root: yaml.Node) -> dict[str, str]:
    """The contract of each table, where one is named."""
    found = {}
    for table, body in _pairs(dict(_pairs(root)).get("datasets")):
        for key, value in _pairs(body):
            if key == "contract":
                found[table] = str(value.value)
    return found


def _pairs(node: yaml.Node | None) -> list[tuple[str, yaml.Node]]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return []
    return [(str(key.value), value) for key, value in node.value]


def _asked(keys: tuple[str, ...], contracts: dict[str, str]) -> tuple[str | None, str, str]:
    """The table, the place in it, and the sentence."""
    if keys[:1] != ("datasets",) or len(keys) < 3:
        return None, keys[-1] if keys else "the file", _of_the_whole(keys)
    table, place, rest = keys[1], keys[2], keys[3:]
    if place == "contract":
        return table, place, f"Which contract is it? One of: {', '.join(contract_names())}."
    if place == "columns" and rest:
        sentence = _of_column(rest, _column(contracts.get(table), rest[0]))
        is_code = rest[0] == "practice_code" and rest[1:2] == ("recode",)
        advice = "" if is_code else ADVICE.get((contracts.get(table, ""), rest[0]), "")
        return table, rest[0], f"{sentence} {advice}".rstrip()
    if place == "unpivot" and rest:
        return table, rest[-1], f"Which item is it? One of: {_items()}."
    key = "from" if place == "covers" else place
    return table, " > ".join(keys[2:]), _SIMPLE.get(key, "Say what stands here.")


def _of_the_whole(keys: tuple[str, ...]) -> str:
    place = keys[0] if keys else ""
    if place == "absent":
        return f"No table was taken for it. Say why none is sent. {_held_by(keys[-1])}"
    if place == "drop":
        return _SIMPLE["unused"]
    return _SIMPLE.get(place, f"Say what {OPEN} stands for.")


def _held_by(contract: str) -> str:
    return load_contract(contract).description if contract in contract_names() else ""


def _column(contract: str | None, name: str) -> Column | None:
    try:
        return load_contract(contract or "").column(name)
    except ContractError:
        return None


def _of_column(rest: tuple[str, ...], column: Column | None) -> str:
    verb = rest[1] if len(rest) > 1 else ""
    held = may_hold(column) if column is not None else ""
    listed = f" One of: {held}." if column is not None and column.allowed else ""
    if verb == "absent":
        return f"Not found. {column.description}{listed}" if column is not None else "Not found."
    if verb == "recode":
        return _of_word(rest[2] if len(rest) > 2 else "", column, held, listed)
    if verb == "parse":
        return (
            "Is the day in it the last one inside, or the first one outside? The comment behind it"
            " says what to write for each. Ask the sender: one of them is wrong by a day for all."
        )
    if verb == "const":
        return (
            "It must be given, and no column looks like it. Write what holds for all rows"
            f" ({held or 'a text'}), or from which column or columns it follows (from, decide)."
        )
    return "Which column is it from? Write its heading."


def _of_word(word: str, column: Column | None, held: str, listed: str) -> str:
    if word == OPEN:
        return (
            "Write a line for each word of the column that has none yet, and what it is:"
            f" {held}. Or leave the column out: {{absent: why}}, and its heading under drop."
            " Take this line out when done: a word without a line is refused."
        )
    if column is not None and column.pattern:
        return (
            f"Which code is '{word}'? Write {held}, the same in every table; where nobody knows"
            " it, one made up."
        )
    return (
        f"What is '{word}' in the shared words?{listed or f' One of: {held}.'}"
        " Without this line such rows are refused. If it is now this and now that, and another"
        " column tells which, write decide in place of recode."
    )


def _items() -> str:
    return ", ".join(f"{row['instrument']} {row['item']}" for row in code_table("instrument")[:12])
