"""What came of one scheme's month, for its sender: files, refusals, and what was unusual."""

from __future__ import annotations

import polars as pl

from sp_eval.ingest.ledger import with_replies
from sp_eval.warehouse.connection import Connection
from sp_eval.warehouse.frames import read_frame

__all__ = [
    "corrected_rows",
    "months_received",
    "received_digest",
    "received_month",
    "versions_that_stand",
]


def months_received(conn: Connection) -> pl.DataFrame:
    """Return `scheme_code, month, is_newest` of every delivery that has not been taken out."""
    return read_frame(
        conn,
        """select
            scheme_code, month, month = max(month) over (partition by scheme_code) as is_newest
        from meta.delivery where status <> 'withdrawn'
        group by scheme_code, month
        order by scheme_code, month""",
    )


def received_digest(conn: Connection) -> str:
    """A digest of all that receipts are made from but the release."""
    found = read_frame(
        conn,
        """select md5(concat(
            (select string_agg(concat_ws('|', delivery_id, status, superseded_by, rows_in,
                rows_accepted, rows_quarantined), ';' order by delivery_id) from meta.delivery),
            (select sum(hash(r)) from meta.rejection_of as r),
            (select string_agg(concat_ws('|', scheme_code, month, status, sentence), ';'
                order by scheme_code, month, sentence) from meta.delivery_check)
        )) as digest""",
    )
    return str(found["digest"][0])


_STANDING = """status <> 'withdrawn' and not (
    status = 'superseded' and starts_with(superseded_by, scheme_code || '/' || month || '/')
)"""


def versions_that_stand(conn: Connection) -> pl.DataFrame:
    """Return rows of `published.delivery` but for files taken out, or sent again in their month.

    What replies released is used, of the file they answer; they are not rows of their own.
    """
    delivery = read_frame(conn, f"from meta.delivery where {_STANDING} order by delivery_id")
    return with_replies(delivery, read_frame(conn, "from meta.resubmission"))


def received_month(
    conn: Connection, scheme: str, month: str
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Return rows of `published.delivery` and `published.rejection`, and unusual sentences.

    Earlier versions of a file that came again within the month are left out. Replies that came
    back corrected are not rows of their own: what they released is used, of the file they answer.
    """
    where = {"scheme": scheme, "month": month}
    delivery = read_frame(
        conn,
        f"""select * from meta.delivery
        where scheme_code = $scheme and month = $month and {_STANDING}
        order by file, sheet""",
        where,
    )
    answers = read_frame(
        conn,
        "from meta.resubmission where scheme_code = $scheme and month = $month",
        where,
    )
    rejection = read_frame(
        conn,
        """select * exclude (delivery_key) from meta.rejection_of
        where scheme_code = $scheme and month = $month
        order by file, sheet, row_number, rule, column_name""",
        where,
    )
    unusual = read_frame(
        conn,
        """select sentence from meta.delivery_check
        where scheme_code = $scheme and month = $month and status = 'unusual'
        order by list_position(['volume', 'freshness', 'completeness', 'category', 'range'],
            expectation), dataset, column_name""",
        where,
    )
    return with_replies(delivery, answers), rejection, tuple(unusual["sentence"])


def corrected_rows(conn: Connection, scheme: str, month: str) -> int:
    """Count the rows of a month that came corrected in a reply and are used."""
    found = read_frame(
        conn,
        """select count(*) as corrected from meta.resubmission
        where scheme_code = $scheme and month = $month and fate = 'released'""",
        {"scheme": scheme, "month": month},
    )
    return int(found["corrected"][0])
