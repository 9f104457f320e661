"""Write the receipts: each delivery's sender is told what came of it, and one thing learned.

A receipt is written when its delivery is new or has changed. What was learned goes only into the
newest one of a scheme: a receipt given out a year ago stays as it was given.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from sp_eval.contracts.frames import empty_frame
from sp_eval.contracts.odcs import ContractError, load_contract
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.report.receipt import Receipt, ReceiptFacts, receipt_of
from sp_eval.report.receipt_learned import learned
from sp_eval.report.receipt_page import as_page, as_text
from sp_eval.warehouse.connection import Connection, open_file, transaction
from sp_eval.warehouse.frames import append_frame, read_frame
from sp_eval.warehouse.query import QueryRefusedError, query_snapshot
from sp_eval.warehouse.received import (
    corrected_rows,
    months_received,
    received_digest,
    received_month,
)
from sp_eval.warehouse.snapshot import run_id_of
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["write_receipts"]

_STEP = "write_receipts"
_PAGES = ("receipt.html", "receipt.txt")
_QUOTED = ("estimate", "attrition", "detectable_change")
_RECEIPT = """create table if not exists meta.receipt (
    scheme_code varchar, month varchar, headline varchar, rows_received bigint, rows_used bigint,
    rows_not_used bigint, unusual varchar, learned varchar, page varchar, body_hash varchar
)"""


def write_receipts(run: Run) -> None:
    """Write the receipt of every delivery that is new or changed, or whose file is gone."""
    release = run.settings.published / "release.duckdb"
    with open_file(run.settings.warehouse) as conn:
        conn.execute(_RECEIPT)
        months = months_received(conn)
        inputs = digest(received_digest(conn), str(run_id_of(release)), definitions_hash())
        places = [run.settings.receipts / s / m for s, m, _ in months.iter_rows()]
        if is_done(conn, _STEP, "", inputs) and all(_is_there(place) for place in places):
            return
        tables = _released(release)
        for (scheme, month, is_newest), place in zip(months.iter_rows(), places, strict=True):
            sentence = learned(tables, scheme=scheme) if is_newest else None
            _write_one(run, conn, scheme, month, sentence, place)
        with transaction(conn):
            record_done(conn, _STEP, "", inputs)


def _is_there(place: Path) -> bool:
    return all((place / page).exists() for page in _PAGES)


def _released(release: Path) -> dict[str, pl.DataFrame]:
    """Read what a receipt may quote of the release; without one nothing was learned yet."""
    found = {}
    for name in _QUOTED:
        try:
            found[name] = query_snapshot(release, f"from published.{name}")
        except QueryRefusedError:
            found[name] = empty_frame(load_contract(name, "published"))
    return found


def _write_one(
    run: Run, conn: Connection, scheme: str, month: str, sentence: str | None, place: Path
) -> None:
    delivery, rejection, unusual = received_month(conn, scheme, month)
    facts = ReceiptFacts(
        title=_title(scheme),
        month=month,
        delivery=delivery,
        rejection=rejection,
        unusual=unusual,
        reply="reply.xlsx" if (place / "reply.xlsx").exists() else None,
        corrected=corrected_rows(conn, scheme, month),
    )
    body_hash = digest(as_text(receipt_of(facts)))
    known = read_frame(
        conn,
        """select learned, body_hash from meta.receipt
        where scheme_code = $scheme and month = $month""",
        {"scheme": scheme, "month": month},
    ).to_dicts()
    if known and known[0]["body_hash"] == body_hash and _is_there(place):
        if sentence in (None, known[0]["learned"]):
            return
    elif known and sentence is None:
        sentence = known[0]["learned"]
    told = receipt_of(replace(facts, learned=sentence))
    run.has_worked = True
    place.mkdir(parents=True, exist_ok=True)
    _put(place / "receipt.html", as_page(told))
    _put(place / "receipt.txt", as_text(told))
    with transaction(conn):
        _keep(conn, scheme, month, told, facts.unusual, sentence, body_hash)


def _title(scheme: str) -> str:
    try:
        return load_mapping(scheme).title
    except ContractError:
        return scheme


def _put(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)


def _keep(
    conn: Connection,
    scheme: str,
    month: str,
    told: Receipt,
    unusual: tuple[str, ...],
    sentence: str | None,
    body_hash: str,
) -> None:
    where = {"scheme": scheme, "month": month}
    conn.execute("delete from meta.receipt where scheme_code = $scheme and month = $month", where)
    row = {
        "scheme_code": scheme,
        "month": month,
        "headline": told.headline,
        "rows_received": told.rows_in,
        "rows_used": told.rows_used,
        "rows_not_used": told.rows_not_used,
        "unusual": " ".join(unusual) or None,
        "learned": sentence,
        "page": f"receipts/{scheme}/{month}/receipt.html",
        "body_hash": body_hash,
    }
    schema = {"unusual": pl.String(), "learned": pl.String()}
    append_frame(conn, "meta.receipt", pl.DataFrame([row], schema_overrides=schema))
