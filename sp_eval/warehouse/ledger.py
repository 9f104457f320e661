"""The ledger of deliveries and the rows taken in, and which of them are current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.warehouse.build import create_schemas
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.contract_tables import ensure_table
from sp_eval.warehouse.frames import append_frame, read_frame
from sp_eval.warehouse.held import Pieces, ensure_held, forget_rows, hold

__all__ = [
    "MonthRecord",
    "current_hash",
    "current_view_sql",
    "ensure_ledger",
    "is_held",
    "published_deliveries",
    "published_rejections",
    "published_resubmissions",
    "read_deliveries",
    "read_known_deaths",
    "replace_month",
    "schemes_delivering",
    "withdraw",
]

_OWN = """
create table if not exists meta.holding (
    delivery_id varchar primary key, dataset varchar, supply varchar, month varchar,
    scheme_code varchar
);
create table if not exists meta.declared_coverage (
    scheme_code varchar, source varchar, practice_code varchar, covered_from date,
    covered_to date, delivery_id varchar
);
create table if not exists meta.rejection_of (
    delivery_key varchar, scheme_code varchar, month varchar, file varchar, sheet varchar,
    row_number integer, rule varchar, column_name varchar, reason varchar
);
create or replace view meta.replies_to as
select
    delivery_id,
    string_agg(distinct reply_delivery_id, ';' order by reply_delivery_id) as replies
from meta.resubmission
where fate = 'released'
group by delivery_id;
create or replace view meta.current_holding as
select h.delivery_id
from meta.holding as h
inner join meta.delivery as d on h.delivery_id = d.delivery_id
where d.status = 'current';
"""


@dataclass(frozen=True, slots=True)
class MonthRecord:
    """One scheme's month as taken in, ready to be stored.

    `delivery`, `rejection`, `resubmission` rows of the published contracts; `accepted` contract
    name -> what yields its rows; `declared_coverage` and `holdings` (`delivery_id, table, supply`)
    as the intake gives them. `is_stopped`: the brake holds, none of the rows may be used.
    """

    scheme_code: str
    month: str
    delivery: pl.DataFrame
    rejection: pl.DataFrame
    resubmission: pl.DataFrame
    accepted: Mapping[str, Pieces]
    declared_coverage: pl.DataFrame
    holdings: pl.DataFrame
    is_stopped: bool


def ensure_ledger(conn: Connection) -> None:
    """Create the ledger and the tables of taken-in rows if they are not there."""
    create_schemas(conn, ["meta", "extract"])
    ensure_held(conn)
    for name in ("delivery", "resubmission"):
        ensure_table(conn, load_contract(name, "published"), schema="meta")
    for statement in _OWN.strip().split(";\n"):
        conn.execute(statement)


def replace_month(conn: Connection, record: MonthRecord) -> None:
    """Store a month in place of what was held of it; call it inside one transaction.

    Versions of a file that are no longer there stay in the ledger: superseded where another
    version came, withdrawn where none did.
    """
    where = {"scheme": record.scheme_code, "month": record.month}
    delivery = _as_first_received(conn, record.delivery)
    _forget_rows(conn, where)
    conn.execute(
        """delete from meta.delivery where scheme_code = $scheme and month = $month
        and (status = 'missing' or list_contains($again, delivery_id))""",
        where | {"again": record.delivery["delivery_id"].to_list()},
    )
    append_frame(conn, "meta.delivery", delivery)
    conn.execute(
        """update meta.delivery as old set status = 'withdrawn', superseded_by = null
        where scheme_code = $scheme and month = $month
        and not list_contains($again, delivery_id)""",
        where | {"again": record.delivery["delivery_id"].to_list()},
    )
    _point_to_newer_version(conn, where)
    append_frame(
        conn,
        "meta.rejection_of",
        record.rejection.with_columns(delivery_key=pl.lit(f"{record.scheme_code}/{record.month}")),
    )
    append_frame(conn, "meta.resubmission", record.resubmission)
    if not record.is_stopped:
        _store_rows(conn, record)
    _settle_status(conn, record.scheme_code)


def is_held(conn: Connection, scheme: str, month: str) -> bool:
    """Whether anything of a month stands: in use, refused or missed."""
    found = read_frame(
        conn,
        """select count(*) as files from meta.delivery
        where scheme_code = $scheme and month = $month and status <> 'withdrawn'""",
        {"scheme": scheme, "month": month},
    )
    return bool(found["files"][0])


def withdraw(conn: Connection, scheme: str, month: str) -> None:
    """Take a month's rows out; call it inside one transaction.

    Its files stay in the ledger as withdrawn. What an earlier month supplied stands again.
    """
    where = {"scheme": scheme, "month": month}
    _forget_rows(conn, where)
    for change in (
        "delete from meta.delivery where {here} and status = 'missing'",
        "update meta.delivery set status = 'withdrawn', superseded_by = null where {here}",
    ):
        conn.execute(change.format(here="scheme_code = $scheme and month = $month"), where)
    _settle_status(conn, scheme)


def _as_first_received(conn: Connection, delivery: pl.DataFrame) -> pl.DataFrame:
    """Keep the time a file first came where another file of its month has changed since."""
    known = read_frame(conn, "select delivery_id, received_at as first_at from meta.delivery")
    first = pl.coalesce("first_at", "received_at").alias("received_at")
    return (
        delivery.join(known, on="delivery_id", how="left", maintain_order="left")
        .with_columns(first)
        .drop("first_at")
    )


def _store_rows(conn: Connection, record: MonthRecord) -> None:
    hold(conn, record.accepted)
    append_frame(conn, "meta.declared_coverage", record.declared_coverage)
    append_frame(
        conn,
        "meta.holding",
        record.holdings.select(
            "delivery_id",
            pl.col("table").alias("dataset"),
            "supply",
            month=pl.lit(record.month),
            scheme_code=pl.lit(record.scheme_code),
        ),
    )


def _forget_rows(conn: Connection, where: dict[str, str]) -> None:
    ids = "select delivery_id from meta.holding where scheme_code = $scheme and month = $month"
    forget_rows(conn, ids, where)
    conn.execute(f"delete from meta.declared_coverage where delivery_id in ({ids})", where)
    conn.execute("delete from meta.holding where scheme_code = $scheme and month = $month", where)
    for name in ("rejection_of", "resubmission"):
        conn.execute(
            f"delete from meta.{name} where scheme_code = $scheme and month = $month", where
        )


def _point_to_newer_version(conn: Connection, where: dict[str, str]) -> None:
    conn.execute(
        """update meta.delivery as old
        set status = 'superseded', superseded_by = new.delivery_id
        from (
            select o.delivery_id as old_id, min(n.delivery_id) as delivery_id
            from meta.delivery as o
            inner join meta.delivery as n
                on
                    o.scheme_code = n.scheme_code and o.month = n.month and o.file = n.file
                    -- a workbook refused whole has no sheet, one taken in has several
                    and (o.sheet = n.sheet or o.sheet = '' or n.sheet = '')
            where o.scheme_code = $scheme and o.month = $month and o.status = 'withdrawn'
            and n.status not in ('withdrawn', 'superseded', 'missing')
            group by o.delivery_id
        ) as new
        where old.delivery_id = new.old_id""",
        where,
    )


def _settle_status(conn: Connection, scheme: str) -> None:
    """Mark which holdings are current: the newest of a snapshot, every one of an increment."""
    conn.execute(
        """update meta.delivery as d
        set
            status = case when n.newest = d.delivery_id then 'current' else 'superseded' end,
            superseded_by = case when n.newest = d.delivery_id then null else n.newest end
        from (
            select
                delivery_id,
                case
                    when supply = 'increment' then delivery_id
                    else first_value(delivery_id) over (
                        partition by scheme_code, dataset order by month desc
                    )
                end as newest
            from meta.holding
            where scheme_code = $scheme
        ) as n
        where d.delivery_id = n.delivery_id""",
        {"scheme": scheme},
    )
    conn.execute(  # a reply is in use as long as the file that it answers
        """update meta.delivery as reply
        set status = file.status, superseded_by = file.superseded_by
        from (select distinct reply_delivery_id, delivery_id from meta.resubmission) as r
        inner join meta.delivery as file on r.delivery_id = file.delivery_id
        where reply.delivery_id = r.reply_delivery_id and reply.scheme_code = $scheme""",
        {"scheme": scheme},
    )


def current_view_sql(name: str) -> str:
    """Text of the view `extract.<name>`: current rows in the order of their files.

    Where deliveries add to each other, a later row with the same key replaces an earlier one.
    """
    contract = load_contract(name)
    columns = ", ".join(f"r.{c}" for c in ("scheme_code", *contract.names))
    keys = [column.name for column in contract.columns if column.primary_key]
    last = ""
    if keys:
        last = f"""
        qualify h.supply <> 'increment' or row_number() over (
            partition by r.scheme_code, h.supply, {", ".join("r." + k for k in keys)}
            order by h.month desc, r.source_file desc, r.source_row desc
        ) = 1"""
    return f"""create or replace view extract.{name} as
        select
            {columns},
            row_number() over (
                order by r.scheme_code, h.month, r.source_file, r.source_row
            ) as row_order
        from taken.{name} as r
        inner join meta.holding as h on r.delivery_id = h.delivery_id
        inner join meta.current_holding as c on r.delivery_id = c.delivery_id{last}"""


def current_hash(conn: Connection) -> str:
    """A digest of which deliveries are current: it changes when what is evaluated changes."""
    found = read_frame(
        conn,
        """select md5(coalesce(string_agg(d.delivery_id || '|' || coalesce(d.sha256, '') || '|'
            || d.rows_accepted || coalesce(r.replies, ''), ';' order by d.delivery_id), ''))
            as digest
        from meta.delivery as d
        inner join meta.current_holding as c on d.delivery_id = c.delivery_id
        left join meta.replies_to as r on d.delivery_id = r.delivery_id""",
    )
    return str(found["digest"][0])


def schemes_delivering(conn: Connection, *, ledger: str = "meta") -> tuple[str, ...]:
    """The schemes of which any file was ever taken in, refused or missed.

    `ledger`: the schema that holds it, with its catalogue where the warehouse is attached.
    """
    query = f"select distinct scheme_code from {ledger}.delivery order by scheme_code"
    found = read_frame(conn, query)
    return tuple(found["scheme_code"])


def read_deliveries(conn: Connection, scheme: str, *, other_than: str) -> pl.DataFrame:
    """The ledger of a scheme's other months."""
    return read_frame(
        conn,
        "select * from meta.delivery where scheme_code = $scheme and month <> $month",
        {"scheme": scheme, "month": other_than},
    )


def read_known_deaths(conn: Connection, scheme: str) -> pl.DataFrame:
    """`person_key, death_date` of the register held, for deliveries without one."""
    return read_frame(
        conn,
        """select r.person_key, min(r.death_date) as death_date
        from (
            select scheme_code, delivery_id, person_key, death_date from taken.person
            union all
            select scheme_code, delivery_id, person_key, death_date from taken.patient
        ) as r
        inner join meta.current_holding as c on r.delivery_id = c.delivery_id
        where r.scheme_code = $scheme and r.death_date is not null
        group by r.person_key""",
        {"scheme": scheme},
    )


def published_deliveries(conn: Connection) -> pl.DataFrame:
    """Every version ever taken in, refused or missed."""
    return read_frame(
        conn, "select * from meta.delivery order by scheme_code, month, file, sheet, delivery_id"
    )


def published_rejections(conn: Connection) -> pl.DataFrame:
    """Refusals of the months that stand: those with a current, refused or missing delivery."""
    return read_frame(
        conn,
        """select r.* exclude (delivery_key)
        from meta.rejection_of as r
        where exists (
            select 1 from meta.delivery as d
            where d.scheme_code = r.scheme_code and d.month = r.month and d.file = r.file
            and (d.sheet = r.sheet or d.status in ('refused', 'missing'))
            and d.status in ('current', 'refused', 'missing')
        )
        order by r.scheme_code, r.month, r.file, r.sheet, r.row_number, r.rule, r.column_name""",
    )


def published_resubmissions(conn: Connection) -> pl.DataFrame:
    """Where the rows that came corrected are from, of every delivery held."""
    return read_frame(
        conn,
        """from meta.resubmission
        order by scheme_code, month, reply_file, reply_sheet, reply_row""",
    )
