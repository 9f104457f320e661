"""Contracts as polars frames: types, empty frames, and every rule a row breaks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import polars as pl

from sp_eval.contracts.odcs import Column, Contract, ContractError, RowRule, provenance_of

if TYPE_CHECKING:
    import pandera.polars as pa
    from pandera.api.polars.types import PolarsData

__all__ = [
    "FAILURES",
    "conform",
    "empty_frame",
    "failures",
    "get_ready",
    "pandera_schema",
    "polars_schema",
]

FAILURES: Final[dict[str, pl.DataType]] = {
    "row": pl.UInt32(),
    "column": pl.String(),
    "rule": pl.String(),
}
_TYPES: Final[dict[str, pl.DataType]] = {
    "VARCHAR": pl.String(),
    "DATE": pl.Date(),
    "INTEGER": pl.Int32(),
    "BIGINT": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "TIMESTAMP": pl.Datetime("us"),
}
# what pandera calls its own checks, in the public rule names
_PANDERA_RULES: Final = {"not_nullable": "mandatory_missing", "field_uniqueness": "not_unique"}


def get_ready() -> None:
    """Load what judges rows, so that the first who needs it need not wait for it."""
    import pandera.polars  # noqa: F401


def polars_schema(contract: Contract, *, provenance: bool = False) -> dict[str, pl.DataType]:
    """Return column -> polars type, in order; `provenance` appends the columns of origin."""
    columns = contract.columns + (provenance_of(contract.kind) if provenance else ())
    return {column.name: _TYPES[column.physical_type] for column in columns}


def empty_frame(contract: Contract, *, provenance: bool = False) -> pl.DataFrame:
    """Return a frame of no rows with the contract's columns and types."""
    return pl.DataFrame(schema=polars_schema(contract, provenance=provenance))


def conform(frame: pl.DataFrame, contract: Contract, *, provenance: bool = False) -> pl.DataFrame:
    """Return the contract's columns of `frame`, in order and type, and no others.

    A column that may be null and is absent is added as nulls; one that may not raises
    `ContractError`, as does a value that its type cannot hold (nothing is lost silently).
    """
    columns = contract.columns + (provenance_of(contract.kind) if provenance else ())
    lacking = [c.name for c in columns if c.required and c.name not in frame.columns]
    if lacking:
        raise ContractError(f"{contract.name}: column {', '.join(lacking)} is missing")
    schema = polars_schema(contract, provenance=provenance)
    for name, dtype in schema.items():
        if name in frame.columns:
            frame = frame.with_columns(_cast(frame[name], dtype, contract))
        else:
            frame = frame.with_columns(pl.lit(None, dtype=dtype).alias(name))
    return frame.select(list(schema))


def _cast(values: pl.Series, dtype: pl.DataType, contract: Contract) -> pl.Series:
    if values.dtype in {dtype, pl.Null}:
        return values.cast(dtype)
    try:
        cast = values.cast(dtype, strict=True)
        lost = bool((cast.cast(values.dtype) != values).any())
    except pl.exceptions.PolarsError:
        lost = True
    if lost:
        raise ContractError(
            f"{contract.name}: column {values.name} holds {values.dtype}, which cannot be read"
            f" as {dtype} without loss"
        )
    return cast


@cache
def pandera_schema(contract: Contract) -> pa.DataFrameSchema:
    """Return the pandera schema: types, nullability, enumerations, ranges, row rules.

    Checks bear the public rule name. Rules of scope `dataset` are not in it: they are applied
    by `failures`, once it is known which rows are sound by themselves.
    """
    import pandera.polars as pa  # a second to import, needed at the gate alone

    row_rules: dict[str, list[RowRule]] = {}
    for rule in contract.rules:
        if rule.scope == "row":
            row_rules.setdefault(rule.columns[0], []).append(rule)
    columns = {
        column.name: pa.Column(
            _TYPES[column.physical_type],
            checks=[
                *_column_checks(column),
                *(_row_check(rule) for rule in row_rules.get(column.name, [])),
            ],
            nullable=not column.required,
            unique=column.unique,
        )
        for column in contract.columns
    }
    return pa.DataFrameSchema(columns, name=contract.name, strict=False)


def _column_checks(column: Column) -> list[pa.Check]:
    import pandera.polars as pa

    checks = []
    if column.allowed is not None and column.separator is None:
        checks.append(pa.Check.isin(column.allowed, error="unknown_code"))
    if column.allowed is not None and column.separator is not None:
        one = "|".join(column.allowed)
        several = f"^({one})({column.separator}({one}))*$"
        checks.append(pa.Check.str_matches(several, error="unknown_code"))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error="out_of_range"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error="out_of_range"))
    if column.pattern is not None:
        checks.append(pa.Check.str_matches(column.pattern, error="out_of_range"))
    return checks


def _row_check(rule: RowRule) -> pa.Check:
    import pandera.polars as pa

    def is_sound(data: PolarsData) -> pl.LazyFrame:
        sound = pl.sql_expr(rule.expression).fill_null(value=True)
        return data.lazyframe.select(sound.alias(data.key or rule.columns[0]))

    # a rule may speak of an empty cell (needed only if ...), so nulls are not passed over
    return pa.Check(is_sound, error=rule.rule, ignore_na=False)


def failures(
    frame: pl.DataFrame, contract: Contract, *, unsound: pl.Series | None = None
) -> pl.DataFrame:
    """Return every (row, column, rule) at which `frame` breaks the contract.

    `row` counts from 0 in the order of `frame`. `unsound` marks the rows that something outside
    the contract refuses already (a date after the delivery, say), so that rules of scope
    `dataset` hold no other row against them. Columns beyond the contract's are ignored; a
    missing column or a wrong type raises `ContractError`, for then no row can be judged.
    """
    _check_structure(frame, contract)
    found = _pandera_failures(frame.select(contract.names), contract)
    for rule in contract.rules:
        if rule.scope == "dataset":
            found = pl.concat([found, _dataset_failures(frame, rule, found, unsound)])
    return found.unique(maintain_order=False).sort("row", "column", "rule")


def _check_structure(frame: pl.DataFrame, contract: Contract) -> None:
    for name, dtype in polars_schema(contract).items():
        if name not in frame.columns:
            raise ContractError(f"{contract.name}: column {name} is missing")
        if frame.schema[name] != dtype:
            raise ContractError(
                f"{contract.name}: column {name} is {frame.schema[name]}, must be {dtype}"
            )


def _pandera_failures(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    from pandera.errors import SchemaErrors

    try:
        pandera_schema(contract).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases: pl.DataFrame = errors.failure_cases
    else:
        return pl.DataFrame(schema=FAILURES)
    if cases["index"].null_count():
        broken = cases.filter(pl.col("index").is_null())["check"].unique().to_list()
        raise ContractError(f"{contract.name}: checks could not be carried out: {broken}")
    return cases.select(
        pl.col("index").cast(pl.UInt32).alias("row"),
        pl.col("column").cast(pl.String),
        pl.col("check").replace(_PANDERA_RULES).alias("rule"),
    )


def _dataset_failures(
    frame: pl.DataFrame, rule: RowRule, found: pl.DataFrame, unsound: pl.Series | None
) -> pl.DataFrame:
    rows = pl.int_range(pl.len(), dtype=pl.UInt32)
    breaks = rows.is_in(found["row"].unique().implode())
    known = pl.lit(value=False) if unsound is None else unsound.fill_null(value=False)
    judged = frame.with_columns(rows.alias("row"), (~(breaks | known)).alias("is_sound"))
    return judged.filter(~pl.sql_expr(rule.expression).fill_null(value=True)).select(
        "row", pl.lit(rule.columns[0]).alias("column"), pl.lit(rule.rule).alias("rule")
    )
