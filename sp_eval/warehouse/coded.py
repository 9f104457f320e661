"""Words of a contract's own lists, held as the number of their place.

A word keeps its number for good: what a later version of the contract adds comes after, and what
it takes away stays readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from sp_eval.contracts.contract import Contract
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import append_frame, read_frame

__all__ = [
    "CODED_SQL",
    "Words",
    "add_words",
    "coded_columns",
    "decoded_sql",
    "numbering",
    "words_held",
]

Words = Mapping[str, Sequence[str]]  # column -> its words, the first of them number 1

_MOST = 255  # words that a view writes out
CODED_SQL = """create table if not exists held.code_of_word (
    contract varchar, column_name varchar, code integer, word varchar
)"""


def coded_columns(contract: Contract) -> tuple[str, ...]:
    """The columns that hold one word of a list each."""
    return tuple(
        column.name
        for column in contract.columns
        if column.logical_type == "string"
        and column.separator is None
        and 0 < len(column.allowed or ()) <= _MOST
    )


def words_held(conn: Connection, contract: Contract) -> Words:
    """The words of each coded column, in the order of their numbers."""
    found = read_frame(
        conn,
        "select column_name, word from held.code_of_word where contract = $contract order by code",
        {"contract": contract.name},
    )
    return {
        name: found.filter(column_name=name)["word"].to_list() for name in coded_columns(contract)
    }


def add_words(conn: Connection, contract: Contract) -> bool:
    """Number the words that have no number yet; whether there were any."""
    held = words_held(conn, contract)
    new = [
        (contract.name, name, len(words) + at, word)
        for name, words in held.items()
        for at, word in enumerate(
            (one for one in contract.column(name).allowed or () if one not in words), start=1
        )
    ]
    schema = {"contract": pl.String, "column_name": pl.String, "code": pl.Int32, "word": pl.String}
    append_frame(conn, "held.code_of_word", pl.DataFrame(new, schema=schema, orient="row"))
    return bool(new)


def decoded_sql(column: str, words: Sequence[str], table: str) -> str:
    """Text of an expression for the word of a coded column of a table."""
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    return f"([{listed}])[{table}.{column}] as {column}"


def numbering(words: Sequence[str]) -> Callable[[pl.Series], pl.Series]:
    """What gives the number of each word; null for null. A word of no list is an error."""

    def number(texts: pl.Series) -> pl.Series:
        codes = list(range(1, len(words) + 1))
        return texts.replace_strict(list(words), codes, return_dtype=pl.Int32)

    return number
