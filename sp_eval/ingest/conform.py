"""From a sender's rows to the contract's columns, by the mapping's verbs, set-wise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sp_eval.contracts.frames import failures as contract_failures
from sp_eval.contracts.frames import polars_schema
from sp_eval.contracts.mapping_verbs import ColumnRule
from sp_eval.contracts.odcs import Contract
from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.checks import check_faults
from sp_eval.ingest.fault import FAULTS, SourceFault, collected, found
from sp_eval.ingest.parse import Dating, Fault
from sp_eval.ingest.source import SourceRows
from sp_eval.ingest.verbs import Made, made, meets

__all__ = ["Conformed", "conform_rows"]


@dataclass(frozen=True, slots=True)
class Conformed:
    """Contract rows, and everything wrong with the rows they come from.

    `rows`: the contract's columns and `__index`, the source row each was made of (several rows
    may share one). `faults`: `index, source, rule`. `folded`: index of the rows that only
    belong to another row; they have been validated and have no contract row.
    """

    rows: pl.DataFrame
    faults: pl.DataFrame
    folded: pl.Series


def conform_rows(
    source: SourceRows,
    dataset: Dataset,
    *,
    dating: Dating,
    path_values: Mapping[str, str],
    contract: Contract | None = None,
) -> Conformed:
    """Apply the mapping to all rows but duplicates and rows of the wrong width.

    `contract`: the part of the dataset's contract that the columns of `dataset` make, if not all.

    All faults of a row are told, but none that only follows from another: a date that cannot
    be read is not also said to be missing, a total is not held against an item off its scale.
    """
    contract = contract or dataset.declared
    types = polars_schema(contract)
    frame = _judged(source, dataset)
    asked = frame.filter(~pl.col("__silent"))
    columns = {
        name: made(rule, contract.column(name), types[name], dating=dating, path_values=path_values)
        for name, rule in dataset.columns.items()
    }
    answers = _answers(dataset, contract, types, dating)
    others = ~meets(dataset.keep_when.when) if dataset.keep_when else pl.lit(value=False)
    wide = asked.select(
        "__index",
        others.alias("__folded"),
        *(cell.value.alias(name) for name, cell in columns.items()),
        *(cell.value.alias(f"__answer {name}") for name, cell in answers.items()),
    )
    rows = _tall(wide, dataset) if answers else wide.with_columns(__source=pl.lit(None, pl.String))
    checks = list(check_faults(dataset.check, dating))
    faults = collected(
        pl.concat(
            [
                _identifier_faults(frame, dataset),
                found(asked, _causes({**columns, **answers})),
                found(frame, (check for check in checks if not check.follows)),
            ]
        ),
        found(asked, _undecided(columns)),
        _broken(rows, contract, columns, dataset),
        found(frame, (check for check in checks if check.follows)),
    )
    return Conformed(
        rows=rows.filter(~pl.col("__folded")).select("__index", *contract.names),
        faults=faults,
        folded=pl.concat(
            [wide.filter("__folded")["__index"], frame.filter("__silent")["__index"]]
        ).sort(),
    )


def _judged(source: SourceRows, dataset: Dataset) -> pl.DataFrame:
    """Rows that are judged; those that are `__silent` have nothing to say to the table."""
    filled = dataset.keep_when.filled if dataset.keep_when else ()
    silent = pl.all_horizontal(pl.lit(bool(filled)), *(pl.col(name).is_null() for name in filled))
    frame = source.frame.with_row_index("__index").with_columns(
        source.identifier_fault.alias("__identifier"), silent.alias("__silent")
    )
    return frame.filter(~pl.col("__duplicate") & ~pl.col("__wrong_width"))


def _answers(
    dataset: Dataset, contract: Contract, types: Mapping[str, pl.DataType], dating: Dating
) -> dict[str, Made]:
    """Make the value column once for each source column that is unpivoted."""
    if dataset.unpivot is None:
        return {}
    target, parse = dataset.unpivot.value, dataset.unpivot.parse
    return {
        name: made(
            ColumnRule(from_=(name,), parse=parse),
            contract.column(target),
            types[target],
            dating=dating,
            path_values={},
        )
        for name in dataset.unpivot.columns
    }


def _tall(wide: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """One row for each source row and unpivoted column, in the order of the file."""
    assert dataset.unpivot is not None  # noqa: S101  (asked for by the caller)
    common = [name for name in wide.columns if not name.startswith("__answer ")]
    parts = [
        wide.select(
            *common,
            pl.lit(item).alias(dataset.unpivot.name),
            pl.col(f"__answer {name}").alias(dataset.unpivot.value),
            pl.lit(name).alias("__source"),
        )
        for name, item in dataset.unpivot.columns.items()
    ]
    return pl.concat(parts).sort("__index", maintain_order=True)


def _identifier_faults(frame: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    return frame.filter(pl.col("__identifier").is_not_null()).select(
        pl.col("__index").alias("index"),
        pl.lit(dataset.identifier, dtype=pl.String).alias("source"),
        pl.col("__identifier").alias("rule"),
        pl.lit([], dtype=FAULTS["follows"]).alias("follows"),
    )


def _causes(cells: Mapping[str, Made]) -> list[SourceFault]:
    return [SourceFault(_first(cell), fault) for cell in cells.values() for fault in cell.faults]


def _undecided(columns: Mapping[str, Made]) -> list[SourceFault]:
    return [
        SourceFault(_first(cell), Fault("unknown_code", cell.undecided), cell.sources)
        for cell in columns.values()
        if cell.undecided is not None
    ]


def _first(cell: Made) -> str | None:
    return cell.sources[0] if cell.sources else None


def _broken(
    rows: pl.DataFrame, contract: Contract, columns: Mapping[str, Made], dataset: Dataset
) -> pl.DataFrame:
    """Return FAULTS for what breaks the contract, put down to the source columns it came from."""
    if not contract.names:
        return pl.DataFrame(schema=FAULTS)
    broken = contract_failures(rows.select(contract.names), contract)
    origins = pl.DataFrame(
        {
            "column": list(columns),
            "source": [_first(cell) for cell in columns.values()],
            "follows": [list(cell.sources) for cell in columns.values()],
        },
        schema={"column": pl.String, "source": pl.String, "follows": FAULTS["follows"]},
    )
    answered = dataset.unpivot.value if dataset.unpivot else ""
    return (
        broken.join(origins, on="column", how="left", maintain_order="left")
        .with_columns(rows[broken["row"]].select("__index", "__source"))
        .with_columns(
            pl.when(pl.col("column") == answered)
            .then("__source")
            .otherwise("source")
            .alias("source")
        )
        .with_columns(
            pl.when(pl.col("column") == answered)
            .then(pl.concat_list("__source"))
            .otherwise("follows")
            .alias("follows")
        )
        .select(pl.col("__index").alias("index"), "source", "rule", "follows")
    )
