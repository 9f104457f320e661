"""What a public file holds, said as data: `data_contracts/reference/<source>/mapping.yaml`.

The tables are those of a scheme's mapping, with the same verbs; they are held to the contracts
in `data_contracts/reference`, and no person is in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from sp_eval.contracts.mapping_verbs import Closed
from sp_eval.contracts.odcs import ContractError, Kind
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.contracts.yaml_file import read_yaml
from sp_eval.settings import project_root

__all__ = [
    "ReferenceDataset",
    "ReferenceMapping",
    "Vintage",
    "load_reference",
    "reference_sources",
]


class ReferenceDataset(Dataset):
    """One table of a publication: as a scheme's, but of nobody."""

    kind: ClassVar[Kind] = "reference"

    @model_validator(mode="after")
    def _of_nobody(self) -> Self:
        if self.identifier or self.reference or self.covers or self.belongs:
            raise ValueError("reference data has no identifier, reference, covers or belongs")
        return self


class Vintage(Closed):
    """How the editions of a publication are told apart."""

    pattern: str
    means: str = Field(min_length=3, description="In words, with an example.")

    @field_validator("pattern")
    @classmethod
    def _can_be_read(cls, pattern: str) -> str:
        re.compile(pattern)
        return pattern


class ReferenceMapping(Closed):
    """Everything that is particular to one publication."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    publisher: str
    licence: str
    vintage: Vintage
    datasets: Mapping[str, ReferenceDataset] = Field(min_length=1)


def _folder() -> Path:
    return project_root() / "data_contracts" / "reference"


def reference_sources() -> tuple[str, ...]:
    """Return the codes of the publications that have a mapping, sorted."""
    return tuple(sorted(path.parent.name for path in _folder().glob("*/mapping.yaml")))


@cache
def load_reference(source: str) -> ReferenceMapping:
    """Return the mapping of that publication; `ContractError` in one sentence if none is."""
    if source not in reference_sources():
        known = ", ".join(reference_sources())
        raise ContractError(f"there is no reference source '{source}'; there are: {known}")
    place = f"reference/{source}/mapping.yaml"
    raw = read_yaml(_folder() / source / "mapping.yaml", source=place)
    try:
        mapping = ReferenceMapping.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = " > ".join(str(part) for part in first["loc"])
        raise ContractError(f"{place}: {where}: {first['msg']}") from None
    if mapping.source != source:
        raise ContractError(f"{place} names another source")
    return mapping
