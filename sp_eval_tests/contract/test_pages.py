"""The pages of the contracts, the lint by the standard's own schema, and the versions held."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sp_eval.contracts.lint import lint_contract, lint_contracts
from sp_eval.contracts.odcs import Kind, contract_names, load_contract
from sp_eval.contracts.pages import contract_pages
from sp_eval.contracts.released import released_contracts, released_file, unstepped
from sp_eval.settings import project_root

PAGES = project_root() / "docs" / "contracts"
ALL: list[tuple[Kind, str]] = [
    *(("extract", name) for name in contract_names("extract")),
    *(("published", name) for name in contract_names("published")),
]


def test_the_pages_are_those_of_the_contracts() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    wanted = contract_pages()
    assert sorted(there) == sorted(wanted), "make contract-pages"
    drifted = [name for name, text in wanted.items() if there[name] != text]
    assert drifted == [], "make contract-pages"


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_page_tells_every_column_value_and_rule(kind: Kind, name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    contract = load_contract(name, kind)
    for column in contract.columns:
        (line,) = [row for row in text.splitlines() if row.startswith(f"| `{column.name}` |")]
        assert " ".join(column.description.split()).replace("|", "\\|") in line
        assert all(f"`{value}`" in line for value in column.allowed or ())
        assert column.unit is None or f"unit: {column.unit}" in line
        assert ("required" in line.split("|")[2]) is column.required
    assert all(" ".join(rule.message.split()) in text for rule in contract.rules)
    assert f"[{name}]({name}.md)" in (PAGES / "README.md").read_text(encoding="utf-8")


def test_a_page_says_who_supplies_the_table() -> None:
    text = (PAGES / "person.md").read_text(encoding="utf-8")
    assert "| Rotherham Social Prescribing Service | `GP_REGISTER.csv` | - |" in text
    assert "`registered_list.csv` | `imd_decile` |" in text


def test_no_contract_breaks_the_standard() -> None:
    assert list(lint_contracts()) == []


def test_the_lint_names_what_breaks_it(tmp_path: Path) -> None:
    text = (project_root() / "data_contracts" / "extract" / "contact.odcs.yaml").read_text("utf-8")
    for old, new, told in (
        ("status: active", "status: [active]", "status: ['active'] is not of type 'string'"),
        ("logicalType: date", "logicalType: day", "'day' is not"),
        ("apiVersion: v3.1.0", "apiVersion: v9", "apiVersion: 'v9' is not one of"),
        ("name: contact\n", "name: talk\n", "must have the contract's name"),
        ("version: 1.", "verison: 1.", "'version' is a required property"),
    ):
        spoilt = tmp_path / "contact.odcs.yaml"
        spoilt.write_text(text.replace(old, new, 1), encoding="utf-8")
        found = list(lint_contract(spoilt, "extract"))
        assert any(told in sentence for sentence in found), (told, found)
        assert all(sentence.startswith("extract/contact.odcs.yaml") for sentence in found)


def test_a_contract_changed_since_the_release_has_stepped_its_version() -> None:
    released = released_contracts(released_file().read_text(encoding="utf-8"))
    told = [
        sentence
        for kind, name in ALL
        if (kind, name) in released
        for sentence in unstepped(released[kind, name], load_contract(name, kind))
    ]
    assert told == [], "step 'version' in the contract (data_contracts/README.md)"


def test_what_was_released_is_read_back_whole() -> None:
    released = released_contracts(released_file().read_text(encoding="utf-8"))
    person, now = released["extract", "person"], load_contract("person")
    if person.version == now.version:
        assert person == now
    value = replace(now.column("sex"), allowed=("male", "female"))
    columns = tuple(value if c.name == "sex" else c for c in now.columns)
    (told,) = unstepped(now, replace(now, columns=columns))
    assert "must take a major step: The value 'other' is no longer taken" in told
    stepped = replace(now, columns=columns, version="2.0.0")
    assert list(unstepped(now, stepped)) == []
    assert "is earlier than" in next(iter(unstepped(stepped, now)))
