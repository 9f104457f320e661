"""Whether everything needed to run is there, and what to do where it is not; never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from sp_eval.contracts.odcs import ContractError
from sp_eval.contracts.scheme_mapping import load_mapping, mapped_schemes
from sp_eval.ingest.key import KeyRefusedError, kept_key
from sp_eval.ingest.landing import LandingEmptyError, survey
from sp_eval.machine import free_bytes, is_writable, others_may_read
from sp_eval.operation.installation import Mark, look_at_packages, look_at_python, look_at_reports
from sp_eval.operation.lock import holder_of
from sp_eval.settings import Settings, where_from
from sp_eval.study.protocol import InvalidStudyError, load_studies
from sp_eval.warehouse.connection import WarehouseBusyError, WarehouseUnreadableError, open_file
from sp_eval.warehouse.snapshot import run_id_of, stale_parts
from sp_eval.warehouse.steps import remembered

__all__ = ["Finding", "examine"]

# The warehouse and the published files stand twice while they are written anew.
_TIMES_LAST_RUN = 2
_LEAST_FREE = 500_000_000
_PRIVATE = ("work", "secret", "quarantine")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do where that is not well."""

    mark: Mark
    what: str
    found: str
    to_do: str = ""


Look = Callable[[Settings], Iterator[Finding]]


def examine(settings: Settings, *, given_home: Path | None = None) -> tuple[Finding, ...]:
    """Look at everything; a run may be going on meanwhile, and is not disturbed."""
    found = [Finding(*line) for line in (look_at_python(), *look_at_packages(), look_at_reports())]
    for name, value, source in where_from(given_home):
        found.append(Finding("OK", f"setting {name}", f"{value} ({source})"))
    looks: tuple[Look, ...] = (
        _mail,
        _home,
        _lock,
        _key,
        _disk,
        _published,
        _studies,
        _mappings,
        _landing,
    )
    for look in looks:
        found += look(settings)
    return tuple(found)


def _mail(settings: Settings) -> Iterator[Finding]:
    mail = settings.mail
    if mail is None:
        return
    missing = [f"SP_EVAL_SMTP_{n}" for n, v in (("FROM", mail.sender), ("TO", mail.to)) if not v]
    if missing:
        yield Finding("wrong", "e-mail", "no letter can be sent", f"Set {' and '.join(missing)}.")
    elif mail.password_file is not None and not mail.password_file.is_file():
        yield Finding("wrong", "e-mail", f"{mail.password_file} is not there", "Put it there.")
    elif mail.password_file is not None and others_may_read(mail.password_file):
        told = f"others may read {mail.password_file}"
        yield Finding("attention", "e-mail", told, f"chmod 600 {mail.password_file}")
    else:
        yield Finding("OK", "e-mail", f"to {len(mail.to)} through {mail.host} (not tried)")


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not home.exists():
        there = next(place for place in home.parents if place.exists())
        if is_writable(there):
            yield Finding("OK", "home", f"{home} will be made by the first run")
        else:
            told = f"{home} is not there, and this user cannot make it in {there}"
            yield Finding("wrong", "home", told, "Ask for the right, or choose another by --home.")
        return
    unwritable = [
        str(folder)
        for folder in (home, settings.work, settings.published, settings.quarantine)
        if folder.exists() and not is_writable(folder)
    ]
    if unwritable:
        told = f"this user cannot write to {', '.join(unwritable)}"
        yield Finding("wrong", "home", told, "Ask for the right to write there.")
    else:
        yield Finding("OK", "home", f"{home}, this user can write there")
    for name in _PRIVATE:
        folder = home / name
        if folder.exists() and others_may_read(folder):
            yield Finding("wrong", "rights", f"others may open {folder}", f"chmod 700 {folder}")


def _lock(settings: Settings) -> Iterator[Finding]:
    holder = holder_of(settings.work)
    if holder is None:
        yield Finding("OK", "lock", "no run is under way")
    elif holder.is_running is False:
        yield Finding("attention", "lock", holder.sentence, "Call `sp-eval run`.")
    else:
        yield Finding("OK", "lock", holder.sentence)


def _key(settings: Settings) -> Iterator[Finding]:
    try:
        key = kept_key(settings.given_key, settings.secret)
    except KeyRefusedError as error:
        yield Finding("wrong", "key", str(error), "Put the key of this home back from its copy.")
        return
    if key is None:
        begun = settings.warehouse.exists()
        put_back = "Put the key of this home back, or people cannot be linked."
        if begun:
            yield Finding("wrong", "key", "the key of this home is not there", put_back)
        else:
            yield Finding("OK", "key", "the first run will make one")
        return
    path = settings.secret / "pseudonym.key"
    if settings.given_key is None and others_may_read(path):
        yield Finding("wrong", "key", f"others may read {path}", f"chmod 600 {path}")
    yield _same_key(settings, key.fingerprint)


def _same_key(settings: Settings, fingerprint: str) -> Finding:
    if not settings.warehouse.exists() or not (settings.work / "run.lock").exists():
        return Finding("OK", "key", f"present, fingerprint {fingerprint}")
    try:
        # held for the moment of looking: an open warehouse would break off a run that begins
        with (
            FileLock(settings.work / "run.lock", timeout=0),
            open_file(settings.warehouse, read_only=True) as conn,
        ):
            known = remembered(conn, "key_fingerprint")
    except (Timeout, WarehouseBusyError):
        told = f"present, fingerprint {fingerprint}; the warehouse is in use, so it is not compared"
        return Finding("attention", "key", told, "Look again when the run has ended.")
    except (WarehouseUnreadableError, OSError) as error:
        return Finding("wrong", "warehouse", str(error), "Do as it says.")
    if known not in (None, fingerprint):
        told = "it is not the key this home was begun with, so people could not be linked"
        return Finding("wrong", "key", told, "Use the first key, or begin an empty home.")
    return Finding("OK", "key", f"present, the one this home was begun with ({fingerprint})")


def _disk(settings: Settings) -> Iterator[Finding]:
    folders = (settings.work, settings.published)
    held = sum(p.stat().st_size for f in folders if f.exists() for p in f.rglob("*") if p.is_file())
    free, wanted = free_bytes(settings.home), max(held * _TIMES_LAST_RUN, _LEAST_FREE)
    told = f"{_size(free)} free; the last run left {_size(held)}"
    if free < held:
        yield Finding("wrong", "disk", told, f"Make room: {_size(wanted)} are wanted.")
    elif free < wanted:
        yield Finding("attention", "disk", told, f"Make room: {_size(wanted)} are wanted.")
    else:
        yield Finding("OK", "disk", told)


def _published(settings: Settings) -> Iterator[Finding]:
    stale = stale_parts(settings.published)
    holder = holder_of(settings.work)
    if stale and (holder is None or holder.is_running is False):
        told = f"{len(stale)} half-built files of a run broken off lie in {settings.published}"
        yield Finding("attention", "published files", told, "Call `sp-eval run`; it removes them.")
    files = [settings.published / f"{name}.duckdb" for name in ("research", "release")]
    runs = [run_id_of(path) for path in files]
    if not any(path.exists() for path in files):
        yield Finding("OK", "published files", "nothing is published yet")
    elif None in runs:
        told = f"{files[runs.index(None)].name} is not there or cannot be read"
        yield Finding("wrong", "published files", told, "Call `sp-eval run`; it makes both anew.")
    elif runs[0] != runs[1]:
        told = f"they are of two runs, {runs[0]} and {runs[1]}"
        yield Finding("wrong", "published files", told, "Call `sp-eval run`; it makes both anew.")
    else:
        yield Finding("OK", "published files", f"both are of run {runs[0]}")


def _studies(settings: Settings) -> Iterator[Finding]:
    try:
        studies = load_studies(settings.studies)
    except (InvalidStudyError, OSError) as error:
        yield Finding("wrong", "studies", str(error), f"Mend it in {settings.studies}.")
        return
    yield Finding("OK", "studies", ", ".join(study.study_id for study in studies))


def _mappings(_settings: Settings) -> Iterator[Finding]:
    for scheme in mapped_schemes():
        try:
            mapping = load_mapping(scheme)
        except (ContractError, OSError) as error:
            yield Finding("wrong", f"mapping of {scheme}", str(error), "Mend that file.")
        else:
            told = f"valid, {len(mapping.datasets)} tables, due on day {mapping.due_day}"
            yield Finding("OK", f"mapping of {scheme}", told)


def _landing(settings: Settings) -> Iterator[Finding]:
    put = "Put files into <landing>/<scheme>/<YYYY-MM>/."
    try:
        found = survey(settings.landing)
    except (LandingEmptyError, OSError) as error:
        yield Finding("attention", "landing", str(error), put)
        return
    for refused in found.refused:
        yield Finding("wrong", "landing", refused, "Do as it says.")
    closed = [month for month in found.months if not _can_be_read(month.folder)]
    for month in closed:
        told = f"{month.scheme_code}/{month.month} holds files this user cannot read"
        yield Finding("wrong", "landing", told, "Ask for the right to read them.")
    if not found.refused and not closed:
        schemes = {month.scheme_code for month in found.months}
        months = len(found.months)
        told = f"{settings.landing}: {months} months of {len(schemes)} schemes, readable"
        yield Finding("OK", "landing", told)


def _can_be_read(folder: Path) -> bool:
    try:
        for path in folder.rglob("*"):
            if path.is_file():
                path.open("rb").close()
    except OSError:
        return False
    return True


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
