"""What a scheme sends, said as data: the model of `data_contracts/schemes/<code>/mapping.yaml`.

A mapping has these verbs and no others: `from`, `const`, `from_path`, `parse`, `recode`,
`decide`, `when`/`take`, `split`, `unpivot`, `keep_when`, `footer`, `check`, `drop`, `absent`,
`layouts`, `renamed`, `unlinked_when`, `not_known`. It may rename, recode and parse; it may not
compute: computation is SQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from sp_eval.contracts.mapping_errors import told
from sp_eval.contracts.mapping_lines import MappingLines
from sp_eval.contracts.mapping_values import check_values
from sp_eval.contracts.mapping_verbs import (
    MONTH,
    Check,
    Closed,
    ColumnRule,
    Condition,
    Covers,
    KeepWhen,
    Layout,
    NotKnown,
    Renamed,
    Unpivot,
)
from sp_eval.contracts.odcs import (
    Column,
    Contract,
    ContractError,
    Kind,
    contract_names,
    load_contract,
)
from sp_eval.contracts.open_questions import OPEN, open_questions
from sp_eval.contracts.yaml_file import read_yaml
from sp_eval.settings import project_root

__all__ = [
    "DRAFT",
    "Brake",
    "Dataset",
    "SchemeMapping",
    "known_layouts",
    "load_mapping",
    "mapped_schemes",
    "mapping_file",
    "mapping_json_schema",
    "read_mapping",
    "read_versions",
    "schemes_folder",
]

DRAFT = "mapping.draft.yaml"  # in the scheme's folder; nothing but `scheme check` reads it
# columns that only the reader may fill, and the key of the dataset that names their source
_PSEUDONYMS = {"person_key": "identifier", "referral_id": "reference"}


class Dataset(Closed):
    """One table of a delivery: how it is found and read, and what it becomes."""

    kind: ClassVar[Kind] = "extract"
    contract: str
    file: str = Field(description="Path below the month's folder; * and {name} are open.")
    sheet: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    dates: str = "%d/%m/%Y"
    supply: Literal["snapshot", "increment"] = "snapshot"
    identifier: str | None = Field(default=None, description="Becomes the person_key.")
    reference: str | None = Field(default=None, description="Becomes the referral_id.")
    unlinked_when: Condition = Field(
        default_factory=dict,
        description="Rows that may lack the identifier: accepted, counted, linked to nobody.",
    )
    not_known: NotKnown = ()
    covers: Covers | None = None
    belongs: Mapping[str, str] = Field(default_factory=dict)
    footer: Condition = Field(default_factory=dict)
    layouts: Mapping[str, Layout] = Field(default_factory=dict)
    renamed: tuple[Renamed, ...] = ()
    keep_when: KeepWhen | None = None
    unpivot: Unpivot | None = None
    columns: Mapping[str, ColumnRule]
    check: Mapping[str, Check] = Field(default_factory=dict)
    drop: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        contract = _contract(self.contract, self.kind)
        _check_targets(self, contract)
        for name, rule in self.columns.items():
            _check_rule(self, contract.column(name), rule)
        known = self.source_columns
        if twice := sorted(set(self.drop) & self.read_columns):
            raise ValueError(f"dropped and yet used: {', '.join(twice)}; take it out under drop")
        for name, layout in self.layouts.items():
            if odd := sorted(set(layout.columns) ^ known):
                raise ValueError(f"layout {name}: each column must have its header: {odd}")
        _check_renamed(self)
        if self.unlinked_when and not (self.identifier and self.reference):
            raise ValueError("unlinked_when needs an identifier, and a reference in its place")
        if odd := sorted(set(self.footer) - known):
            raise ValueError(f"the footer names columns that nothing else speaks of: {odd}")
        if odd := sorted(set(self.belongs) - known - self.path_parts):
            raise ValueError(f"belongs names columns that nothing else speaks of: {odd}")
        for pattern in self.belongs.values():
            re.compile(pattern)
        return self

    @property
    def declared(self) -> Contract:
        """The contract that its rows must keep."""
        return load_contract(self.contract, self.kind)

    def at(self, month: str) -> Dataset:
        """The same table as it is headed in deliveries of that month (YYYY-MM)."""
        if not self.renamed:
            return self
        return self.model_copy(update={"layouts": {"": self._headed(month)}, "renamed": ()})

    def headings(self) -> dict[str, Layout]:
        """Every way in which its senders have headed the table; by name, or by month from which."""
        if self.layouts:
            return dict(self.layouts)
        months = sorted({"", *(one.from_ for one in self.renamed)})
        return {month: self._headed(month) for month in months}

    def _headed(self, month: str) -> Layout:
        heads = {name: name for name in sorted(self.source_columns)}
        for one in sorted(self.renamed, key=lambda one: one.from_):
            if one.from_ <= month:
                heads[one.column] = one.to
        return Layout(columns=heads)

    @property
    def path_parts(self) -> frozenset[str]:
        """Names of the open parts of the file's path."""
        return frozenset(re.findall(r"\{(\w+)\}", self.file))

    @property
    def read_columns(self) -> frozenset[str]:
        """Source columns that are mapped or checked."""
        used = {s for rule in self.columns.values() for s in rule.sources()}
        used |= set(self.check) | {s for rule in self.check.values() for s in rule.sources()}
        used |= set(self.unpivot.columns) if self.unpivot else set()
        used |= set(self.keep_when.sources()) if self.keep_when else set()
        used |= set(self.unlinked_when)
        return frozenset(used)

    @property
    def source_columns(self) -> frozenset[str]:
        """Every column the sender is known to send: mapped, checked or dropped."""
        return self.read_columns | frozenset(self.drop)


class Brake(Closed):
    """When a month is stopped until a named person accepts it."""

    refused_share: float = Field(default=0.2, gt=0, le=1)
    share_of_usual_rows: float = Field(default=0.5, ge=0, le=1)


class SchemeMapping(Closed):
    """Everything that is particular to one scheme."""

    scheme_code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    identifier: Literal["nhs_number", "pseudonym"]
    valid_from: str | None = Field(
        default=None,
        pattern=MONTH,
        description="The first month (YYYY-MM) whose deliveries it reads; those before are read by"
        " mapping.before-YYYY-MM.yaml beside it, whose tables bear the same names.",
    )
    not_known: NotKnown = ()
    brake: Brake = Brake()
    due_day: int = Field(
        default=15,
        ge=1,
        le=28,
        description="The delivery of a month is due on this day of the month after it.",
    )
    datasets: Mapping[str, Dataset] = Field(min_length=1)
    absent: Mapping[str, str] = Field(
        default_factory=dict, description="Contract that no file of the scheme fills -> why."
    )
    drop: Mapping[str, str] = Field(
        default_factory=dict,
        description="File (path below the month's folder, with *), or 'FILE, sheet NAME' -> why it"
        " is not used.",
    )

    _earlier: SchemeMapping | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _not_known_anywhere(cls, raw: object) -> object:
        """What is said of the whole holds for each table that does not say it itself."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("datasets"), Mapping):
            return raw
        said = {"not_known": raw["not_known"]} if "not_known" in raw else {}
        tables = raw["datasets"].items()
        held = {name: {**said, **one} if isinstance(one, Mapping) else one for name, one in tables}
        return {**raw, "datasets": held}

    @model_validator(mode="after")
    def _not_sent_is_not_sent(self) -> Self:
        if odd := sorted(set(self.absent) - set(contract_names("extract"))):
            raise ValueError(f"absent names contracts that there are not: {odd}")
        if odd := sorted(set(self.absent) & {d.contract for d in self.datasets.values()}):
            raise ValueError(f"absent, and yet filled by a table: {odd}")
        return self

    @model_validator(mode="after")
    def _one_supply_a_file(self) -> Self:
        """Tables of one file or sheet come and are replaced together."""
        supplies: dict[tuple[str, str | None], str] = {}
        for name, table in self.datasets.items():
            if supplies.setdefault((table.file, table.sheet), table.supply) != table.supply:
                raise ValueError(f"{name}: tables of the same file have the same supply")
        return self

    def at(self, month: str) -> SchemeMapping:
        """The mapping as it holds for deliveries of that month (YYYY-MM)."""
        if self._earlier is not None and month < (self.valid_from or ""):
            return self._earlier.at(month)
        return self.model_copy(
            update={"datasets": {name: table.at(month) for name, table in self.datasets.items()}}
        )


def _contract(name: str, kind: Kind) -> Contract:
    if name not in contract_names(kind):
        known = ", ".join(contract_names(kind))
        raise ValueError(f"unknown contract '{name}'; there are: {known}")
    return load_contract(name, kind)


def _check_targets(dataset: Dataset, contract: Contract) -> None:
    """Each contract column has its rule, or its part in the unpivoting."""
    unpivoted = {dataset.unpivot.name, dataset.unpivot.value} if dataset.unpivot else set()
    if odd := sorted((set(dataset.columns) | unpivoted) ^ set(contract.names)):
        raise ValueError(
            f"contract {contract.name}: each column needs one rule (or absent: reason); see {odd}"
        )


def _check_renamed(dataset: Dataset) -> None:
    if dataset.renamed and dataset.layouts:
        raise ValueError("a table with layouts has no renamed columns: add a layout to it")
    if odd := sorted({one.column for one in dataset.renamed} - dataset.source_columns):
        raise ValueError(f"renamed names columns that nothing else speaks of: {odd}")
    steps = [(one.column, one.from_) for one in dataset.renamed]
    if len(set(steps)) < len(steps):
        raise ValueError("a column is renamed twice from the same month on")
    for month, layout in dataset.headings().items():
        heads = [" ".join(head.split()).casefold() for head in layout.columns.values()]
        if len(set(heads)) < len(heads):
            raise ValueError(f"from {month} on two columns have the same heading")


def _check_rule(dataset: Dataset, column: Column, rule: ColumnRule) -> None:
    name = column.name
    if rule.absent and column.required:
        raise ValueError(f"{name} is required by its contract: it cannot be absent")
    if rule.from_path and rule.from_path not in dataset.path_parts:
        raise ValueError(f"{name}: the file's path has no part {{{rule.from_path}}}")
    if name in _PSEUDONYMS:
        # anything else would carry an identifier past the reader
        source = getattr(dataset, _PSEUDONYMS[name])
        if rule.model_copy(update={"not_known": ()}) != ColumnRule(from_=(source,)):
            raise ValueError(f"{name} must come from the column named as {_PSEUDONYMS[name]}")
    elif set(rule.sources()) & {dataset.identifier, dataset.reference}:
        raise ValueError(f"{name}: the identifier and the reference make no other column")
    inner = rule.take or rule
    if inner.from_ and column.logical_type != "string" and not (inner.parse or inner.recode):
        raise ValueError(f"{name} is of type {column.logical_type}: say how to parse or recode it")
    check_values(column, rule)


def schemes_folder() -> Path:
    """Return where each scheme has its folder with `mapping.yaml` and `SOURCE.md`."""
    return project_root() / "data_contracts" / "schemes"


def mapped_schemes() -> tuple[str, ...]:
    """Return the codes of the schemes that have a mapping, sorted."""
    return tuple(sorted(path.parent.name for path in schemes_folder().glob("*/mapping.yaml")))


def known_layouts() -> tuple[str, ...]:
    """Return the codes of the national layouts, which are mapped and are nobody's scheme."""
    found = _layouts_folder().glob("*/mapping.yaml")
    return tuple(sorted(path.parent.name for path in found))


def _layouts_folder() -> Path:
    return project_root() / "data_contracts" / "layouts"


def mapping_file(scheme_code: str) -> Path:
    """Return where the mapping of a scheme, or else of a layout, lies or would lie."""
    is_layout = scheme_code in known_layouts() and scheme_code not in mapped_schemes()
    folder = _layouts_folder() if is_layout else schemes_folder()
    return folder / scheme_code / "mapping.yaml"


@cache
def load_mapping(scheme_code: str) -> SchemeMapping:
    """Return the mapping of a scheme or layout; `ContractError` in one sentence if none is."""
    if scheme_code not in {*mapped_schemes(), *known_layouts()}:
        raise ContractError(
            f"there is no mapping for '{scheme_code}'; there are: {', '.join(mapped_schemes())};"
            f" and layouts: {', '.join(known_layouts())}"
        )
    return read_versions(mapping_file(scheme_code))


def read_versions(path: Path, *, until: str | None = None) -> SchemeMapping:
    """Read a mapping and those that held before it, each in its file beside it.

    `until`: the first month of the one that follows; a version is valid from an earlier one.
    """
    mapping = read_mapping(path)
    source = f"{path.parent.name}/{path.name}"
    if mapping.scheme_code != path.parent.name:
        raise ContractError(f"{source} names another scheme")
    if mapping.valid_from is None:
        return mapping
    if until is not None and mapping.valid_from >= until:
        raise ContractError(f"{source} is not valid from a month before {until}")
    before = path.with_name(f"mapping.before-{mapping.valid_from}.yaml")
    if not before.is_file():
        raise ContractError(
            f"{source} is valid from {mapping.valid_from}, and {before.name}, by which earlier"
            " deliveries are read, is not there"
        )
    mapping._earlier = read_versions(before, until=mapping.valid_from)
    return mapping


def read_mapping(path: Path) -> SchemeMapping:
    """Read and validate one mapping file; `ContractError` says where it is wrong."""
    source = f"{path.parent.name}/{path.name}"
    raw = read_yaml(path, source=source)
    if asked := open_questions(path):
        raise ContractError(
            f"{source}: line {asked[0].line} still asks a question ({OPEN}), as do {len(asked) - 1}"
            f" more: sp-eval scheme check tells them"
        )
    try:
        return SchemeMapping.model_validate(raw)
    except ValidationError as error:
        raise ContractError(f"{source}: {told(error, MappingLines(path))}") from None


def mapping_json_schema() -> str:
    """Return the JSON Schema of a mapping, as published in `schemes/mapping.schema.json`."""
    return json.dumps(SchemeMapping.model_json_schema(by_alias=True), indent=2) + "\n"
