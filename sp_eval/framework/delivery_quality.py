"""What became of each table of a delivery, in three states: the rows of `published.quality`."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from sp_eval.contracts.expectations_words import DATASETS
from sp_eval.contracts.frames import conform
from sp_eval.contracts.odcs import ContractError, load_contract
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping
from sp_eval.contracts.usual import FEW_DELIVERIES
from sp_eval.ingest.folder import claims, shown_pattern

__all__ = ["NOT_RECOGNISED", "STATES", "datasets_of", "quality_rows", "with_datasets"]

NOT_RECOGNISED: Final = "not_recognised"
STATES: Final = {
    "clean": "Clean",
    "passed_with_failures": "Passed with failures",
    "failed": "Failed",
}
_IN_USE = ("current", "superseded")
_KEYS = ("scheme_code", "month", "dataset")


def quality_rows(deliveries: pl.DataFrame, checks: pl.DataFrame) -> pl.DataFrame:
    """Return one row a scheme, month and dataset, in the columns of `published.quality`.

    Parameters
    ----------
    deliveries : rows of `published.delivery`: of each file the version that stands.
    checks : rows of `published.delivery_check`.
    """
    in_use = pl.col("status").is_in(_IN_USE)
    files = with_datasets(deliveries).group_by(_KEYS).agg(
        pl.len().alias("files"),
        (~in_use).sum().alias("files_not_used"),
        pl.col("rows_in").sum(),
        pl.when(in_use).then("rows_accepted").otherwise(0).sum().alias("rows_used"),
        pl.col("rows_quarantined").sum().alias("rows_refused"),
        pl.col("rows_duplicate").sum().alias("rows_repeated"),
    )  # fmt: skip
    looked = checks.group_by(_KEYS).agg(
        pl.len().alias("expectations"),
        (pl.col("status") == "unusual").sum().alias("unusual"),
        (pl.col("status") == "not_evaluated").sum().alias("not_evaluated"),
        pl.col("deliveries_compared").max(),
    )
    counts = ("expectations", "unusual", "not_evaluated", "deliveries_compared")
    rows = files.join(looked, on=_KEYS, how="left").with_columns(
        pl.col(name).fill_null(0) for name in counts
    )
    told = rows.with_columns(
        pl.when(pl.col("rows_used") == 0)
        .then(pl.lit("failed"))
        .when(
            pl.any_horizontal(
                pl.col(name) > 0
                for name in ("files_not_used", "rows_refused", "unusual", "not_evaluated")
            )
        )
        .then(pl.lit("passed_with_failures"))
        .otherwise(pl.lit("clean"))
        .alias("state")
    ).sort(_KEYS)
    sentences = [_sentence(row) for row in told.to_dicts()]
    contract = load_contract("quality", "published")
    return conform(told.with_columns(sentence=pl.Series(sentences, dtype=pl.String)), contract)


def with_datasets(deliveries: pl.DataFrame) -> pl.DataFrame:
    """Return the rows again, once for each dataset (`dataset`) that the file or sheet supplies."""
    files = deliveries.select("scheme_code", "month", "file", "sheet").unique(maintain_order=True)
    found = [
        (*place, dataset) for place in files.iter_rows() for dataset in datasets_of(*place)
    ]  # fmt: skip
    schema = {name: pl.String() for name in (*files.columns, "dataset")}
    held = pl.DataFrame(found, schema=schema, orient="row")
    return deliveries.join(held, on=files.columns, maintain_order="left")


def datasets_of(scheme: str, month: str, file: str, sheet: str) -> tuple[str, ...]:
    """Return the contracts that a file or sheet supplies, by the scheme's mapping.

    A workbook refused whole, or missing, stands for all of its sheets.
    """
    try:
        mapping = load_mapping(scheme).at(month)
    except ContractError:
        return (NOT_RECOGNISED,)
    found = [
        dataset.contract
        for name, dataset in mapping.datasets.items()
        if name in _claiming(mapping, file) and sheet in ("", dataset.sheet or "")
    ]
    return tuple(dict.fromkeys(found)) or (NOT_RECOGNISED,)


def _claiming(mapping: SchemeMapping, file: str) -> set[str]:
    """Return the tables whose file this is, or would be were it there."""
    own = {name for name, _, _ in claims(mapping, file)}
    return own | {n for n, d in mapping.datasets.items() if shown_pattern(d.file) == file}


def _sentence(row: dict[str, Any]) -> str:
    named = DATASETS.get(row["dataset"], "Files that were not recognised")
    if row["dataset"] == NOT_RECOGNISED:
        return f"{named}: {_many(row['files'], 'file')}, not used."
    parts = [f"{row['rows_used']:,} of {_many(row['rows_in'], 'row')} used"]
    if row["rows_refused"]:
        parts.append(f"{row['rows_refused']:,} refused")
    if row["files_not_used"]:
        parts.append(f"{row['files_not_used']:,} of {_many(row['files'], 'file')} not used")
    if row["unusual"]:
        parts.append(f"{_many(row['unusual'], 'thing')} unusual")
    if row["not_evaluated"]:
        parts.append(f"{_many(row['not_evaluated'], 'thing')} not looked at")
    if row["state"] == "clean":
        parts.append("nothing unusual")
    return f"{named}: {', '.join(parts)}{_compared(row)}."


def _compared(row: dict[str, Any]) -> str:
    number = row["deliveries_compared"]
    if not row["expectations"]:
        return ""
    if not number:
        return "; a first delivery, held against what was agreed alone"
    few = " (few to judge by)" if number < FEW_DELIVERIES else ""
    return f"; held against {_many(number, 'delivery')} before{few}"


def _many(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"
