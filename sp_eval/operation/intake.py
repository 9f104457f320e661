"""Take in what lies in the landing folder, a scheme's month at a time, one transaction each."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from sp_eval.contracts.frames import get_ready
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.ingest.delivery import TakenIn, take_in
from sp_eval.ingest.key import PseudonymKey, obtain_key
from sp_eval.ingest.landing import ReceivedMonth, content_digest, survey
from sp_eval.ingest.ledger import sent_before, usual_rows
from sp_eval.ingest.quarantine import forget_quarantine, write_quarantine
from sp_eval.ingest.reply import replace_reply
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.operation.withdrawn import withdrawn_months
from sp_eval.warehouse.connection import Connection, open_file, transaction
from sp_eval.warehouse.ledger import (
    MonthRecord,
    ensure_ledger,
    is_held,
    read_deliveries,
    read_known_deaths,
    replace_month,
    withdraw,
)
from sp_eval.warehouse.steps import (
    ensure_steps,
    forget_done,
    is_done,
    record_done,
    remembered,
    set_remembered,
    was_done,
)

__all__ = ["OtherKeyError", "record_of", "take_in_landing"]


_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Acceptance(BaseModel):
    """A named person's word that a file may be used although the brake holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery_id: _Said
    accepted_by: _Said
    reason: _Said


_ACCEPTED = TypeAdapter(list[_Acceptance])


class OtherKeyError(Exception):
    """The key differs from the one the warehouse was begun with."""


def take_in_landing(run: Run) -> None:
    """Take in every month whose files, mapping or rules changed; leave the others alone.

    Raises
    ------
    LandingEmptyError : nothing to take in.
    OtherKeyError, KeyRefusedError : the key cannot be used.
    """
    withdrawn = withdrawn_months(run.settings.home)
    landing = survey(run.settings.landing, schemes=run.schemes, month=run.month)
    run.notices += landing.notices
    run.problems += landing.refused
    key = obtain_key(run.settings.given_key, run.settings.secret)
    if key.made_at is not None:
        run.notices.append(
            f"A new pseudonymisation key was made in {key.made_at}; keep a copy in a safe place,"
            " apart from the data."
        )
    with open_file(run.settings.warehouse) as conn:
        ensure_steps(conn)
        ensure_ledger(conn)
        _require_same_key(conn, key)
        for (scheme, month), entry in withdrawn.items():
            run.notices.append(entry.sentence)
            _take_out(run, conn, scheme, month)
        for received in landing.months:
            if (received.scheme_code, received.month) not in withdrawn:
                _take_in_month(run, conn, received, key)


def _require_same_key(conn: Connection, key: PseudonymKey) -> None:
    known = remembered(conn, "key_fingerprint")
    if known is None:
        set_remembered(conn, "key_fingerprint", key.fingerprint)
    elif known != key.fingerprint:
        raise OtherKeyError(
            "The pseudonymisation key differs from the one this home was begun with, so people"
            " could not be linked; use the first key, or begin an empty home."
        )


def _take_in_month(run: Run, conn: Connection, received: ReceivedMonth, key: PseudonymKey) -> None:
    part = f"{received.scheme_code}/{received.month}"
    if not was_done(conn, "take_in", part):
        # loaded while the files' digests are worked out, which takes one core
        Thread(target=get_ready, daemon=True).start()
    brakes = _accepted_brakes(run, part)
    inputs = digest(
        content_digest(received.folder), definitions_hash(), key.fingerprint, repr(brakes)
    )
    if is_done(conn, "take_in", part, inputs):
        return
    run.told(f"{part}: reading and checking")
    run.has_worked = True
    mapping = load_mapping(received.scheme_code)
    others = read_deliveries(conn, received.scheme_code, other_than=received.month)
    taken = take_in(
        received.folder,
        mapping=mapping,
        month=received.month,
        key=key.secret,
        received_at=datetime.now(UTC),
        usual_rows=usual_rows(others, mapping),
        known_deaths=read_known_deaths(conn, received.scheme_code),
        accepted_brakes=brakes,
        sent_before=sent_before(others, received.month),
        progress=lambda sentence: run.told(f"{part}: {sentence}"),
    )
    run.notices += [f"{part}: {notice}" for notice in taken.notices]
    with transaction(conn), _undisturbed(), ThreadPoolExecutor(1) as beside:
        papers = beside.submit(_write_papers, run, taken)
        replace_month(conn, record_of(taken))
        papers.result()
        record_done(conn, "take_in", part, inputs)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Have Python's threads give way to one another ten times as often, and look for no cycles.

    The store asks for its rows a little at a time, and waits for its turn each time; the papers
    are of many small things, which all others would wait for to be looked through.
    """
    usual, is_looked_for = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(usual / 10)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
        if is_looked_for:
            gc.enable()


def _write_papers(run: Run, taken: TakenIn) -> None:
    """Write what tells of the refused rows, to those who may see them and to the sender."""
    write_quarantine(taken, run.settings.quarantine)
    replace_reply(taken, run.settings.receipts / taken.scheme_code / taken.month)


def _take_out(run: Run, conn: Connection, scheme: str, month: str) -> None:
    """Let nothing of a month stand, nor its refused rows and the reply about them."""
    if not is_held(conn, scheme, month):
        return
    run.told(f"{scheme}/{month}: taking it out")
    run.has_worked = True
    with transaction(conn):
        withdraw(conn, scheme, month)
        forget_done(conn, "take_in", f"{scheme}/{month}")
    forget_quarantine(scheme, month, run.settings.quarantine)
    for name in ("reply.xlsx", "receipt.html", "receipt.txt"):
        (run.settings.receipts / scheme / month / name).unlink(missing_ok=True)


def record_of(taken: TakenIn) -> MonthRecord:
    """What of a month taken in is to be stored."""
    return MonthRecord(
        scheme_code=taken.scheme_code,
        month=taken.month,
        delivery=taken.delivery,
        rejection=taken.rejection,
        resubmission=taken.resubmission,
        accepted={name: partial(taken.accepted.pieces, name) for name in taken.accepted},
        declared_coverage=taken.declared_coverage,
        holdings=taken.tables,
        is_stopped=taken.stopped is not None,
    )


def _accepted_brakes(run: Run, part: str) -> dict[str, str]:
    """Files a named person accepted in spite of the brake, from `<home>/accepted.yaml`."""
    path = run.settings.home / "accepted.yaml"
    if not path.exists():
        return {}
    try:
        listed = _ACCEPTED.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or [])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError):
        run.problems.append(
            f"{path.name} cannot be read: it must list entries with delivery_id, accepted_by and"
            " reason, none of them blank; nothing was accepted from it."
        )
        return {}
    return {
        entry.delivery_id: f"{entry.accepted_by}: {entry.reason}"
        for entry in listed
        if entry.delivery_id.startswith(f"{part}/")
    }
