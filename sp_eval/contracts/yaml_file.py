"""YAML read so that nothing written in it is passed over."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sp_eval.contracts.subset import ContractError

if TYPE_CHECKING:
    import yaml

__all__ = ["read_yaml"]


def read_yaml(path: Path, *, source: str) -> object:
    """Return what the file holds; `source` names it in the `ContractError` of a bad file."""
    import yaml  # importing the contracts must stay cheap

    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())  # noqa: S506  (safe)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"{source} is not readable as YAML: {error}") from error


@cache
def _loader() -> type[yaml.CSafeLoader]:
    import yaml

    class OneOfEachKey(yaml.CSafeLoader):
        """The safe loader, but a key written twice is an error; YAML's own rule, rarely kept."""

    def construct(loader: yaml.CSafeLoader, node: yaml.MappingNode) -> dict[object, object]:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                line = node.value[position][0].start_mark.line + 1
                raise yaml.constructor.ConstructorError(
                    problem=f"key '{key}' is written twice, again on line {line}"
                )
        return loader.construct_mapping(node, deep=True)

    OneOfEachKey.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, construct)
    return OneOfEachKey
