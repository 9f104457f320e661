"""What is wrong with a mapping, in words for who wrote it, and in which line."""

from __future__ import annotations

import re

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sp_eval.contracts.mapping_lines import MappingLines
from sp_eval.contracts.mapping_verbs import MONTH

__all__ = ["told"]


def told(error: ValidationError, lines: MappingLines) -> str:
    """The first fault: its place, what is wrong, and the line."""
    first = error.errors()[0]
    where = " > ".join(str(part) for part in first["loc"])
    line = lines.place([*first["loc"], *_column_in(first["msg"])])
    return f"{where}: {_plainly(first)} (line {line})"


def _column_in(message: str) -> tuple[str, ...]:
    """Where in a table a column stands of which a table's own rules speak."""
    if found := re.match(r"Value error, dropped and yet used: ([^,;]+)", message):
        return ("drop", found[1])
    found = re.match(r"Value error, (\w+)(?::| is | must )", message)
    return ("columns", found[1]) if found else ()


def _plainly(error: ErrorDetails) -> str:
    """What pydantic says, but for its words for a Python class."""
    if error["type"] in ("model_type", "dict_type"):
        return "must be written as names with values, one a line or as {name: value, ...}"
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] == MONTH:
        return "must be a month, written as 2019-04"
    if error["type"] == "extra_forbidden":
        if error["input"] is None:
            return "is no word of a mapping: a text with a comma in it stands in quotation marks"
        return "is no word that may stand here"
    return error["msg"].removeprefix("Value error, ")
