"""What one delivery of a dataset was like: rows, blanks, quartiles, mix of values, newest date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from sp_eval.contracts.contract import Contract
from sp_eval.contracts.expectations import event_date
from sp_eval.contracts.figures import Figures
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.held import counts_sql, rows_sql

__all__ = ["datasets_delivered", "delivery_figures", "delivery_query", "read_profiles"]

_OF_ONE = """select t.* from taken.{contract} as t
inner join meta.holding as h on t.delivery_id = h.delivery_id
where h.scheme_code = {scheme} and h.month = {month}"""
_DELIVERIES = """select delivery_id from meta.holding
where scheme_code = $scheme and month = $month"""
_YEAR = 365  # days
_PROFILE = """create table if not exists meta.profile (
    scheme_code varchar, month varchar, contract varchar, inputs varchar, figures varchar,
    primary key (scheme_code, month, contract)
)"""


def datasets_delivered(conn: Connection) -> pl.DataFrame:
    """Return `scheme_code, month, contract, supply, rows, inputs`: what each delivery added.

    One row a scheme, month and contract of which any row was accepted; `inputs` changes when the
    files, or what was accepted of them, do.
    """
    parts = [
        f"""select h.scheme_code, h.month, '{name}' as contract, min(h.supply) as supply,
            sum(t.rows)::bigint as rows,
            md5(string_agg(t.delivery_id || '|' || t.rows || coalesce(r.replies, ''), ';'
                order by t.delivery_id)) as inputs
        from ({counts_sql(name)}) as t
        inner join meta.holding as h on t.delivery_id = h.delivery_id
        left join meta.replies_to as r on t.delivery_id = r.delivery_id
        group by h.scheme_code, h.month"""
        for name in contract_names("extract")
    ]
    return read_frame(conn, " union all ".join(parts) + " order by all")


def read_profiles(
    conn: Connection, delivered: pl.DataFrame, *, definitions: str
) -> dict[tuple[str, str, str], Figures]:
    """Return scheme, month and contract -> figures, of every delivery in `datasets_delivered`.

    What was worked out before, under the same `definitions`, is kept in `meta.profile`;
    deliveries that left are forgotten.
    """
    conn.execute(_PROFILE)
    kept = {
        (r["scheme_code"], r["month"], r["contract"]): r
        for r in read_frame(conn, "from meta.profile").to_dicts()
    }
    found, new = {}, []
    for row in delivered.to_dicts():
        key = (row["scheme_code"], row["month"], row["contract"])
        held = kept.pop(key, None)
        if held is not None and held["inputs"] == definitions + row["inputs"]:
            found[key] = Figures.from_text(held["figures"])
            continue
        contract = load_contract(row["contract"])
        found[key] = delivery_figures(conn, contract, scheme=key[0], month=key[1])
        new.append((*key, definitions + row["inputs"], found[key].as_text()))
    gone = [key for key in kept if key not in found]
    for statement, rows in (
        ("delete from meta.profile where (scheme_code, month, contract) = (?, ?, ?)", gone),
        ("insert or replace into meta.profile values (?, ?, ?, ?, ?)", new),
    ):
        if rows:
            conn.executemany(statement, rows)
    return found


def delivery_query(contract: Contract, *, scheme: str, month: str) -> str:
    """Text of a query for one delivery's rows, for readers to whom values cannot be bound.

    `ValueError` if scheme or month are not written as they must be.
    """
    if not (scheme.replace("_", "").isalnum() and month.replace("-", "").isdigit()):
        raise ValueError("a scheme or month is not written as it must be")
    return _OF_ONE.format(contract=contract.name, scheme=f"'{scheme}'", month=f"'{month}'")


def delivery_figures(conn: Connection, contract: Contract, *, scheme: str, month: str) -> Figures:
    """Return what one delivery of a dataset was like."""
    of_one = rows_sql(conn, contract, _DELIVERIES)
    where = {"scheme": scheme, "month": month}
    newest = event_date(contract)
    numbers = [c.name for c in contract.columns if c.logical_type in ("integer", "number")]
    told = ["count(*) as total"]
    told += [f"count(*) - count({c.name}) as nulls_{c.name}" for c in contract.columns]
    told += [f"quantile_cont({n}, [0.25, 0.75])::double[] as quartiles_{n}" for n in numbers]
    if newest:
        told += [f"max({newest.name}) as newest", f"min({newest.name}) as oldest"]
    row = read_frame(conn, f"select {', '.join(told)} from ({of_one})", where).row(0, named=True)
    quartiles = {n: row[f"quartiles_{n}"] for n in numbers}
    return Figures(
        month=month,
        rows=row["total"],
        nulls={c.name: row[f"nulls_{c.name}"] for c in contract.columns},
        quartiles={n: (q[0], q[1]) for n, q in quartiles.items() if q and q[0] is not None},
        shares=_shares(conn, contract, of_one, where),
        newest=row["newest"] if newest else None,
        a_day=_a_day(conn, of_one, where, newest.name, row) if newest else None,
    )


def _a_day(
    conn: Connection, of_one: str, where: Mapping[str, Any], day: str, row: Mapping[str, Any]
) -> float | None:
    """Rows a day in the year up to the newest date, or since the oldest."""
    if row["newest"] is None:
        return None
    found = read_frame(
        conn,
        f"select count(*) as late from ({of_one}) where {day} > $newest - {_YEAR}",
        {**where, "newest": row["newest"]},
    )
    return float(found["late"][0] / min(_YEAR, (row["newest"] - row["oldest"]).days + 1))


def _shares(
    conn: Connection, contract: Contract, of_one: str, where: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    shares = {}
    for column in contract.columns:
        if column.allowed is None or column.separator is not None:
            continue
        found = read_frame(
            conn,
            f"""select {column.name} as value, count(*) / sum(count(*)) over () as share
            from ({of_one}) where {column.name} is not null group by all""",
            where,
        )
        shares[column.name] = dict(found.iter_rows())
    return shares
