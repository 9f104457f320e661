"""Every contract held against the standard's own schema, and against our subset.

Run as `python -m sp_eval.contracts.lint`. The schema is the JSON Schema of ODCS that the package
`open-data-contract-standard` carries.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

from sp_eval.contracts.contract import Kind
from sp_eval.contracts.odcs import ContractError, read_contract
from sp_eval.contracts.yaml_file import read_yaml
from sp_eval.settings import project_root

__all__ = ["lint_contract", "lint_contracts"]


def lint_contracts() -> Iterator[str]:
    """Yield a sentence for everything wrong in `data_contracts`, in the order of files."""
    for kind in get_args(Kind):
        for path in sorted((project_root() / "data_contracts" / kind).glob("*.odcs.yaml")):
            yield from lint_contract(path, kind)


def lint_contract(path: Path, kind: Kind) -> Iterator[str]:
    """Yield a sentence for everything wrong in one file: of the standard, then of our subset."""
    source = f"{kind}/{path.name}"
    try:
        raw = read_yaml(path, source=source)
        broken = sorted(_validator().iter_errors(raw), key=lambda error: error.json_path)
        for error in broken:
            where = " > ".join(str(part) for part in error.path)
            yield f"{source}: {where or 'the file'}: {error.message}"
        if broken:
            return
        contract = read_contract(path, kind=kind, source=source)
    except ContractError as error:
        yield str(error)
        return
    if path.name != f"{contract.name}.odcs.yaml":
        yield f"{source}: the contract in it is called {contract.name}"


@cache
def _validator() -> Any:  # noqa: ANN401  (jsonschema has no types)
    from jsonschema.validators import validator_for
    from open_data_contract_standard.model import OpenDataContractStandard

    schema = json.loads(OpenDataContractStandard.json_schema())  # type: ignore[no-untyped-call]
    return validator_for(schema)(schema)


if __name__ == "__main__":
    found = list(lint_contracts())
    sys.stdout.writelines(f"{sentence}\n" for sentence in found)
    sys.exit(1 if found else 0)
