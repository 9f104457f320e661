"""The page of each contract, made from its file: `python -m sp_eval.contracts.pages`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, get_args

from sp_eval.contracts.contract import Column, Contract, Kind
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, mapped_schemes
from sp_eval.settings import project_root

__all__ = ["contract_pages", "write_contract_pages"]

_MADE: Final = (
    "<!-- made from the contract by `make contract-pages`; change data_contracts/, not this -->"
)
_KINDS: Final[Mapping[Kind, str]] = {
    "extract": "What schemes, practices and hospitals supply",
    "published": "What is published",
    "reference": "Public files about areas and practices",
}
_DISCLOSED: Final = {
    "count": "a count: hidden where small, else rounded",
    "rate": "of counts: hidden with them",
    "words": "words that tell a figure: hidden with it",
    "research": "not in the release",
    "none": "shown",
}


def contract_pages() -> dict[str, str]:
    """Return file name -> text of every page in `docs/contracts`, the index among them."""
    mappings = [load_mapping(scheme) for scheme in mapped_schemes()]
    pages = {"README.md": _index()}
    for kind in get_args(Kind):
        for name in contract_names(kind):
            lines = _page(load_contract(name, kind), mappings)
            pages[f"{name}.md"] = "\n".join(lines) + "\n"
    return pages


def write_contract_pages() -> None:
    """Write `docs/contracts` anew; a page whose contract is gone is removed."""
    folder = project_root() / "docs" / "contracts"
    folder.mkdir(parents=True, exist_ok=True)
    pages = contract_pages()
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index() -> str:
    lines = [_MADE, "", "# Contracts", "", "Every column there is, one page a table."]
    for kind, title in _KINDS.items():
        lines += ["", f"## {title}", "", "| table | version | one row is |", "|---|---|---|"]
        for name in contract_names(kind):
            contract = load_contract(name, kind)
            grain = _cell(contract.grain)
            lines.append(f"| [{name}]({name}.md) | {contract.version} | {grain} |")
    return "\n".join(lines) + "\n"


def _page(contract: Contract, mappings: list[SchemeMapping]) -> Iterator[str]:
    kind = contract.kind
    yield from (_MADE, "", f"# {contract.name}", "", contract.description, "")
    yield f"- {contract.grain}"
    yield f"- Version {contract.version}; declared in [data_contracts/{kind}/{contract.name}.odcs.yaml](../../data_contracts/{kind}/{contract.name}.odcs.yaml)"  # noqa: E501
    if kind != "extract":
        schema = contract.table_schema or kind
        yield f"- Lies in: `{schema}.{contract.name}`"
        yield from ("", *_columns(contract))
    else:
        name = contract.name
        yield f"- Blank sheet to fill in: `sp-eval template {name} --out {name}.xlsx`"
        yield from ("", *_columns(contract), "", *_supplied(contract, mappings))
    if contract.rules:
        yield from ("", "## Rules over several columns", "")
        yield "| rule | columns | a row that breaks it |"
        yield "|---|---|---|"
        for rule in contract.rules:
            yield f"| `{rule.rule}` | {_codes(rule.columns)} | {_cell(rule.message)} |"


def _columns(contract: Contract) -> Iterator[str]:
    shown = contract.kind == "published" and not contract.person_level
    yield f"| column | type | what it means | may hold |{' in the release |' if shown else ''}"
    yield f"|---|---|---|---|{'---|' if shown else ''}"
    for column in contract.columns:
        kind = f"{column.logical_type}{', required' if column.required else ''}"
        told = (
            f"| `{column.name}` | {kind} | {_cell(column.description)} | {_cell(_held(column))} |"
        )
        yield f"{told} {_DISCLOSED[column.disclosure or 'none']} |" if shown else told


def _held(column: Column) -> str:
    parts = []
    if column.allowed is not None:
        several = f" (several, separated by {column.separator})" if column.separator else ""
        parts.append(_codes(column.allowed) + several)
    least, most = column.minimum, column.maximum
    if least is not None and most is not None:
        parts.append(f"{least:g} to {most:g}")
    elif least is not None:
        parts.append(f"{least:g} or more")
    elif most is not None:
        parts.append(f"{most:g} or less")
    parts += [f"like `{column.pattern}`"] if column.pattern else []
    parts += [f"unit: {column.unit}"] if column.unit else []
    parts += [f"refers to `{column.relationship}`"] if column.relationship else []
    parts += ["may lie after the delivery"] if column.may_be_future else []
    parts += (
        [f"for example {_codes(str(one) for one in column.examples)}"] if column.examples else []
    )
    return "; ".join(parts)


def _supplied(contract: Contract, mappings: list[SchemeMapping]) -> Iterator[str]:
    """Which schemes fill the table, and which of its columns none of theirs holds."""
    yield from ("## Who supplies it", "", "| scheme | from | does not hold |", "|---|---|---|")
    for mapping in mappings:
        tables = [t for t in mapping.datasets.values() if t.contract == contract.name]
        if not tables:
            why = mapping.absent.get(contract.name, "not sent")
            yield f"| {_cell(mapping.title)} | - | the whole table: {_cell(why)} |"
            continue
        files = dict.fromkeys(f"{t.file}, sheet {t.sheet}" if t.sheet else t.file for t in tables)
        absent = [
            name
            for name in contract.names
            if all(name in t.columns and t.columns[name].absent for t in tables)
        ]
        yield f"| {_cell(mapping.title)} | {_codes(files)} | {_codes(absent) or '-'} |"


def _codes(texts: object) -> str:
    return ", ".join(f"`{_bars(str(text))}`" for text in texts)  # type: ignore[attr-defined]


def _cell(text: str) -> str:
    return " ".join(_bars(text).split())


def _bars(text: str) -> str:
    return text.replace("\\|", "|").replace("|", "\\|")


if __name__ == "__main__":
    write_contract_pages()
