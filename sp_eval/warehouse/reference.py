"""Reference data in the warehouse, `reference.*`: editions stored whole, and looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.warehouse.build import build, create_schemas
from sp_eval.warehouse.catalogue import models_of
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.contract_tables import ensure_table, has_table
from sp_eval.warehouse.frames import append_frame, read_frame

__all__ = [
    "Deprivation",
    "ReferenceAbsentError",
    "deprivation_of",
    "ensure_reference",
    "networks_on",
    "read_editions",
    "replace_edition",
]

_EDITION = """
create table if not exists reference.edition (
    source varchar, vintage varchar, file varchar, sheet varchar, sha256 varchar,
    rows_in integer, rows_accepted integer, rows_quarantined integer, rows_duplicate integer,
    received_at timestamp
);
comment on table reference.edition is
'One row per file or sheet of the reference data held, with what became of its rows.'
"""


class ReferenceAbsentError(Exception):
    """What was asked for cannot be answered from the editions held; one or two sentences."""


@dataclass(frozen=True, slots=True)
class Deprivation:
    """The deprivation of areas, and what it was read from.

    `found`: `lsoa_code, imd_decile, imd_quintile` in the order asked, null where the index has
    no such area.
    """

    found: pl.DataFrame
    imd_year: int
    lsoa_year: int


def ensure_reference(conn: Connection) -> None:
    """Create the tables of reference data, with their comments, if they are not there."""
    create_schemas(conn, ["reference"])
    for statement in _EDITION.strip().split(";\n"):
        conn.execute(statement)
    for name in contract_names("reference"):
        ensure_table(conn, load_contract(name, "reference"), schema="reference")


def replace_edition(
    conn: Connection,
    *,
    source: str,
    vintage: str,
    delivery: pl.DataFrame,
    accepted: Mapping[str, pl.DataFrame],
) -> None:
    """Store an edition in place of what was held of it; call it inside one transaction.

    `delivery`: rows of `published.delivery`; `accepted`: contract name -> its stored columns.
    """
    where = {"source": source, "vintage": vintage}
    for name in ("edition", *contract_names("reference")):
        conn.execute(
            f"delete from reference.{name} where source = $source and vintage = $vintage",
            where,
        )
    for name, frame in accepted.items():
        append_frame(conn, f"reference.{name}", frame)
    held = delivery.filter(pl.col("status") == "current")
    append_frame(
        conn,
        "reference.edition",
        held.select(
            pl.lit(source).alias("source"),
            pl.lit(vintage).alias("vintage"),
            *("file", "sheet", "sha256", "rows_in", "rows_accepted", "rows_quarantined"),
            *("rows_duplicate", "received_at"),
        ),
    )
    build(conn, models_of(["reference"]), {})


def read_editions(conn: Connection) -> pl.DataFrame:
    """Return the files held, by source and vintage; no rows where none was ever loaded."""
    if not has_table(conn, "reference", "edition"):
        return pl.DataFrame()
    return read_frame(conn, "from reference.edition order by source, vintage, file, sheet")


def networks_on(
    conn: Connection, day: date, practices: Sequence[str] | None = None
) -> tuple[pl.DataFrame, str]:
    """Return which network each practice was in on a day, and the vintage that tells it.

    Parameters
    ----------
    practices : their codes; every practice that is or was in a network, if not given

    Returns
    -------
    (frame, vintage)
        `practice_code, practice_name, state, pcn_code, pcn_name, member_from, member_to,
        networks`, one row a practice: `state` is open, closed, not_yet_open, or null where the
        list has no such practice; `networks` counts the memberships of that day.

    Raises
    ------
    ReferenceAbsentError : no edition is held.
    """
    if not has_table(conn, "reference", "network"):
        raise _nothing_held("memberships of primary care networks", "ods")
    vintage = read_frame(conn, "select max(vintage) as vintage from reference.practice_pcn")
    if vintage["vintage"][0] is None:
        raise _nothing_held("memberships of primary care networks", "ods")
    found = read_frame(
        conn,
        """with asked as (
            select unnest($practices::varchar[]) as practice_code
            union distinct
            select practice_code from reference.network where $practices is null
        ),
        practice as (
            from reference.practice
            qualify row_number() over (partition by organisation_code order by vintage desc) = 1
        ),
        pcn as (
            from reference.pcn
            qualify row_number() over (partition by pcn_code order by vintage desc) = 1
        )
        select
            a.practice_code, p.organisation_name as practice_name,
            case
                when p.closed_from <= $day then 'closed'
                when p.opened_on > $day then 'not_yet_open'
                when p.organisation_code is not null then 'open'
            end as state,
            n.pcn_code, c.pcn_name, n.member_from, n.member_to,
            coalesce(n.networks, 0) as networks
        from asked as a
        left join practice as p on a.practice_code = p.organisation_code
        left join reference.network as n
            on a.practice_code = n.practice_code and n.network_from <= $day
            and (n.network_to is null or n.network_to > $day)
        left join pcn as c on n.pcn_code = c.pcn_code
        order by a.practice_code""",
        {"day": day, "practices": None if practices is None else list(practices)},
    )
    return found, str(vintage["vintage"][0])


def deprivation_of(
    conn: Connection, areas: Sequence[str], *, lsoa_year: int, imd_year: int | None = None
) -> Deprivation:
    """Return how deprived areas (LSOA) are, by an index of the areas of that very census.

    Parameters
    ----------
    areas : codes of LSOAs
    lsoa_year : the census whose areas they are, 2011 or 2021
    imd_year : the index; the newest of these areas if not given

    Raises
    ------
    ReferenceAbsentError : no such index is held, or it is of the areas of another census.
    """
    held = pl.DataFrame(schema={"imd_year": pl.Int32, "lsoa_year": pl.Int32})
    if has_table(conn, "reference", "deprivation"):
        held = read_frame(
            conn, "select distinct imd_year, lsoa_year from reference.deprivation order by all"
        )
    if held.is_empty():
        raise _nothing_held("index of deprivation", "imd_2019")
    fits = held.filter(pl.col("lsoa_year") == lsoa_year)
    if imd_year is not None:
        fits = fits.filter(pl.col("imd_year") == imd_year)
    if fits.is_empty():
        known = "; ".join(f"{i}, of the areas of {a}" for i, a in held.iter_rows())
        index = f"The index of {imd_year}" if imd_year else "No index that is held"
        raise ReferenceAbsentError(
            f"{index} is {'not held for' if imd_year else 'of'} the areas of {lsoa_year}: held"
            f" {known}. Areas of one census do not join to an index of another's; give the areas"
            " in the codes of that census, or add the index of these areas."
        )
    year = int(fits["imd_year"].max())  # type: ignore[arg-type]
    found = read_frame(
        conn,
        """select a.lsoa_code, d.imd_decile, d.imd_quintile
        from (
            select unnest($areas::varchar[]) as lsoa_code,
                unnest(range(len($areas::varchar[]))) as place
        ) as a
        left join reference.deprivation as d
            on a.lsoa_code = d.lsoa_code and d.imd_year = $imd_year and d.lsoa_year = $lsoa_year
        order by a.place""",
        {"areas": list(areas), "imd_year": year, "lsoa_year": lsoa_year},
    )
    return Deprivation(found, year, lsoa_year)


def _nothing_held(what: str, source: str) -> ReferenceAbsentError:
    return ReferenceAbsentError(
        f"No {what} are held; put the files into <home>/reference/{source}/<vintage>/ and call"
        " `sp-eval reference load`."
    )
