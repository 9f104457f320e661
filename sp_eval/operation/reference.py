"""Reference data loaded from their folder, `<source>/<vintage>/`, an edition at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sp_eval.contracts.odcs import ContractError
from sp_eval.contracts.reference_mapping import ReferenceMapping, load_reference, reference_sources
from sp_eval.ingest.edition import Edition, read_edition
from sp_eval.ingest.folder import is_litter
from sp_eval.ingest.landing import content_digest
from sp_eval.operation.lock import writer
from sp_eval.operation.run import definitions_hash, digest
from sp_eval.settings import Settings
from sp_eval.warehouse.connection import Connection, open_file, transaction
from sp_eval.warehouse.reference import ensure_reference, replace_edition
from sp_eval.warehouse.steps import ensure_steps, is_done, record_done

__all__ = ["Loaded", "ReferenceEmptyError", "load_references"]


class ReferenceEmptyError(Exception):
    """There is nothing to load; one sentence."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a folder of reference data.

    `editions`: those read now; `unchanged`: source and vintage of those held as they are;
    `problems`: sentences about what could not be used.
    """

    editions: tuple[Edition, ...]
    unchanged: tuple[str, ...]
    problems: tuple[str, ...]


def load_references(
    settings: Settings, folder: Path | None = None, told: Callable[[str], None] = lambda _: None
) -> Loaded:
    """Read every edition that is new or has changed, and store each whole or not at all.

    Raises
    ------
    ReferenceEmptyError : the folder is not there, or holds no edition.
    RunningElsewhereError, WarehouseBusyError : somebody else is writing.
    """
    folder = folder or settings.reference
    places, problems = _survey(folder)
    if not places and not problems:
        raise ReferenceEmptyError(
            f"There is no reference data in {folder}; put files into <source>/<vintage>/ there, as"
            f" imd_2019/2019/. Known sources: {', '.join(reference_sources())}."
        )
    editions: list[Edition] = []
    unchanged: list[str] = []
    with writer(settings.work), open_file(settings.warehouse) as conn:
        ensure_steps(conn)
        ensure_reference(conn)
        for mapping, place in places:
            part = f"{mapping.source}/{place.name}"
            inputs = digest(content_digest(place), definitions_hash())
            if is_done(conn, "reference", part, inputs):
                unchanged.append(part)
                continue
            told(part)
            edition = _load(conn, mapping, place, inputs)
            editions.append(edition)
            problems += [f"{part}: not used. {problem}" for problem in edition.problems]
    return Loaded(tuple(editions), tuple(unchanged), tuple(problems))


def _load(conn: Connection, mapping: ReferenceMapping, place: Path, inputs: str) -> Edition:
    edition = read_edition(place, mapping, vintage=place.name, received_at=datetime.now(UTC))
    if not edition.problems:
        with transaction(conn):
            replace_edition(
                conn,
                source=edition.source,
                vintage=edition.vintage,
                delivery=edition.delivery,
                accepted=edition.accepted,
            )
            record_done(conn, "reference", f"{edition.source}/{edition.vintage}", inputs)
    return edition


def _survey(folder: Path) -> tuple[list[tuple[ReferenceMapping, Path]], list[str]]:
    """Return the editions that lie there, and what is wrong with the names of others."""
    places: list[tuple[ReferenceMapping, Path]] = []
    problems: list[str] = []
    for source in _folders(folder):
        try:
            mapping = load_reference(source.name)
        except ContractError as error:
            problems.append(f"{source.name}: passed over, {error}.")
            continue
        for vintage in _folders(source):
            if re.fullmatch(mapping.vintage.pattern, vintage.name):
                places.append((mapping, vintage))
            else:
                problems.append(
                    f"{source.name}/{vintage.name}: passed over, the folder of an edition of"
                    f" {source.name} bears {mapping.vintage.means}."
                )
    return places, problems


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(p for p in folder.iterdir() if p.is_dir() and not is_litter(p.name))
