"""Accepted, quarantined or duplicate: the fate of every row of one file or sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import polars as pl

from sp_eval.contracts.scheme_mapping import Dataset
from sp_eval.ingest.conform import Conformed
from sp_eval.ingest.contract_rows import ContractRows, Replaced
from sp_eval.ingest.refusal import plain_reason
from sp_eval.ingest.source import SourceRows

__all__ = ["Gated", "after_death", "gate", "rejections", "with_faults"]


@dataclass(frozen=True, slots=True)
class Gated:
    """One file or sheet through the gate.

    `rows`: contract rows, of duplicates too where it was not known yet that they are. `row`:
    physical number of each source row. `faults`: `index, source, rule` of refused rows,
    duplicates never among them. `elsewhere`: index of rows refused for what another table makes of
    them. Source rows are accepted if neither duplicate, nor faulty, nor refused elsewhere.
    """

    dataset: Dataset
    rows: ContractRows
    row: pl.Series
    duplicate: pl.Series
    faults: pl.DataFrame
    folded: pl.Series
    written: dict[str, str]
    elsewhere: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.UInt32))

    @property
    def rows_in(self) -> int:
        return self.row.len()

    @property
    def rows_duplicate(self) -> int:
        return int(self.duplicate.sum())

    @property
    def rows_quarantined(self) -> int:
        return self.refused.len()

    @property
    def refused(self) -> pl.Series:
        """Index of each refused row, once."""
        return pl.concat([self.faults["index"], self.elsewhere]).unique()

    @property
    def rows_accepted(self) -> int:
        return self.rows_in - self.rows_duplicate - self.rows_quarantined

    @property
    def is_accepted(self) -> pl.Series:
        """Boolean, one for each source row."""
        is_in = ~self.duplicate.to_numpy()
        is_in[self.refused.to_numpy()] = False
        return pl.Series("is_accepted", is_in, dtype=pl.Boolean)

    def accepted(self, replaced: Replaced | None = None) -> Iterator[pl.DataFrame]:
        """Yield the contract rows of accepted source rows, with `source_row`, in pieces.

        `replaced`: columns in whose stead others come, see `ContractRows.frames`.
        """
        for rows in self.rows.frames(replaced, is_wanted=self.is_accepted):
            number = self.row.gather(rows["__index"]).cast(pl.Int32)
            yield rows.with_columns(number.alias("source_row"))

    def folded_accepted(self) -> int:
        """Count the accepted rows that only belong to another row."""
        return self.folded.filter(~self.folded.is_in(self.refused.implode())).len()


def gate(source: SourceRows, conformed: Conformed, dataset: Dataset) -> Gated:
    """Put the verdict on a file together; duplicates are counted before any other rule."""
    frame = source.frame
    misshapen = frame.with_row_index("index").filter(
        pl.col("__wrong_width") & ~pl.col("__duplicate")
    )
    field_count = misshapen.select(
        "index", pl.lit(None, pl.String).alias("source"), pl.lit("field_count").alias("rule")
    )
    return Gated(
        dataset=dataset,
        rows=ContractRows(conformed.rows.columns[1:], (conformed.rows,), {}),
        row=frame["__row"],
        duplicate=frame["__duplicate"],
        faults=pl.concat([conformed.faults, field_count]),
        folded=conformed.folded,
        written=dict(source.written),
    )


def after_death(gated: Gated, deaths: pl.DataFrame) -> pl.DataFrame:
    """Return faults (`index, source, rule`) of referrals dated after the person's death.

    `deaths`: `person_key, death_date`. The day of death itself may be a referral's.
    """
    after = pl.col("referral_date") > pl.col("death_date")
    late = pl.concat(
        [rows.join(deaths, on="person_key").filter(after) for rows in gated.rows.frames()]
    )
    late = late.filter(~gated.duplicate.gather(late["__index"]))
    source = next(iter(gated.dataset.columns["referral_date"].sources()), None)
    return late.select(
        pl.col("__index").alias("index"),
        pl.lit(source, pl.String).alias("source"),
        pl.lit("referral_after_death").alias("rule"),
    )


def with_faults(gated: Gated, more: pl.DataFrame) -> Gated:
    """Return the verdict with further faults."""
    faults = pl.concat([gated.faults, more]).unique(maintain_order=True)
    return replace(gated, faults=faults)


def rejections(gated: Gated) -> pl.DataFrame:
    """Return `row_number, rule, column_name, reason`: one for each row, column and rule."""
    pairs = gated.faults.select("source", "rule").unique()
    told = pairs.with_columns(
        pl.Series(
            "reason",
            [_reason(gated.dataset, source, rule) for source, rule in pairs.iter_rows()],
            dtype=pl.String,
        ),
        pl.col("source").replace(gated.written).alias("column_name"),
    )
    return (
        gated.faults.join(told, on=["source", "rule"], how="left", nulls_equal=True)
        .with_columns(gated.row[gated.faults["index"]].cast(pl.Int32).alias("row_number"))
        .sort("row_number", "column_name", "rule")
        .select("row_number", "rule", "column_name", "reason")
    )


def _reason(dataset: Dataset, source: str | None, rule: str) -> str:
    """Say what is wrong and what to do; the agreed values are named, the cell's never."""
    if rule == "unknown_code" and source is not None:
        agreed = _agreed(dataset, source)
        if 0 < len(agreed) <= 12:
            detail = f"The value is not in the agreed list ({', '.join(agreed)})."
            return plain_reason(rule, detail)
    contract = dataset.declared
    # what no column of the sender's gives is asked of the row
    firsts = {name: tuple(r.sources())[:1] or (None,) for name, r in dataset.columns.items()}
    own = {name for name, first in firsts.items() if source in first}
    messages = {r.message for r in contract.rules if r.rule == rule and r.columns[0] in own}
    if len(messages) == 1 and (rule != "mandatory_missing" or source is None):
        return messages.pop()
    return plain_reason(rule)


def _agreed(dataset: Dataset, source: str) -> list[str]:
    check = dataset.check.get(source)
    values = list(check.one_of or ()) if check else []
    for rule in dataset.columns.values():
        inner = rule.take or rule
        if inner.from_ == (source,) and inner.recode and not inner.parse:
            values += [str(text) for text in inner.recode]
    return list(dict.fromkeys(values))
