"""A page on the quality of each scheme's month, and their list; from the warehouse, protected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sp_eval.contracts.figures import Figures
from sp_eval.contracts.odcs import ContractError
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping
from sp_eval.framework.delivery_quality import NOT_RECOGNISED, with_datasets
from sp_eval.framework.linkage import divisions_of, people_in_all
from sp_eval.operation.deadline import due_of
from sp_eval.operation.linkage_kept import linkage_of
from sp_eval.operation.refused_effect import effects_kept, ensure_effects
from sp_eval.operation.run import Run, definitions_hash, digest
from sp_eval.report.quality_facts import Linked, QualityFacts
from sp_eval.report.quality_page import Listed, quality_index, quality_page, worst_of
from sp_eval.settings import project_root
from sp_eval.study.design import Disclosure
from sp_eval.warehouse.connection import Connection, open_file, transaction
from sp_eval.warehouse.frames import read_frame
from sp_eval.warehouse.linkage import has_register
from sp_eval.warehouse.profile import datasets_delivered, read_profiles
from sp_eval.warehouse.received import received_digest, received_month
from sp_eval.warehouse.snapshot import put_in_place
from sp_eval.warehouse.steps import is_done, record_done

__all__ = ["page_of", "write_quality_pages"]

_STEP = "quality_pages"
_DUE_DAY = 15  # of a scheme that has no mapping any more
_WHOLE = ["file", "reason"]


@dataclass(frozen=True, slots=True)
class _Held:
    """What all pages share: states, and figures of every delivery by scheme, dataset and month."""

    quality: pl.DataFrame
    profiles: Mapping[tuple[str, str, str], Figures]
    delivered: pl.DataFrame


def page_of(home: Path, scheme: str, month: str) -> Path:
    """Where the page of a scheme's month lies."""
    return home / "quality" / scheme / f"{month}.html"


def write_quality_pages(run: Run) -> None:
    """Write every page anew if anything they tell has changed, or one of them is missing."""
    with open_file(run.settings.warehouse) as conn:
        ensure_effects(conn)
        quality = read_frame(conn, "from meta.quality order by scheme_code, month, dataset")
        months = quality.select("scheme_code", "month").unique(maintain_order=True)
        folder = run.settings.home / "quality"
        pages = {(s, m): page_of(run.settings.home, s, m) for s, m in months.iter_rows()}
        inputs = digest(received_digest(conn), _effects_digest(conn), _own_digest())
        all_there = all(page.exists() for page in (*pages.values(), folder / "index.html"))
        if is_done(conn, _STEP, "", inputs) and all_there:
            return
        run.told("writing the pages on quality")
        run.has_worked = True
        delivered = datasets_delivered(conn)
        held = _Held(
            quality, read_profiles(conn, delivered, definitions=definitions_hash()), delivered
        )
        made = {page: _page(conn, held, *place) for place, page in pages.items()}
        made[folder / "index.html"] = quality_index(_listed(quality, pages, folder))
        put_in_place({path: _aside(path, text) for path, text in made.items()})
        for path in sorted(folder.glob("*/*.html")):
            if path not in made:
                path.unlink()
        with transaction(conn):
            record_done(conn, _STEP, "", inputs)
    run.rows["quality_pages"] = len(pages)


def _page(conn: Connection, held: _Held, scheme: str, month: str) -> str:
    of_scheme = held.quality.filter(scheme_code=scheme)
    months = sorted(set(of_scheme["month"]))
    at = months.index(month)
    return quality_page(
        _facts(conn, held, scheme, month),
        before=months[at - 1] if at else None,
        after=months[at + 1] if at + 1 < len(months) else None,
    )


def _facts(conn: Connection, held: _Held, scheme: str, month: str) -> QualityFacts:
    mapping = _mapping(scheme, month)
    delivery, rejection, _ = received_month(conn, scheme, month)
    counts = linkage_of(conn, held.delivered, scheme, month)
    policy = Disclosure()
    came = delivery.filter(pl.col("sha256").is_not_null())["received_at"].min()
    return QualityFacts(
        scheme=scheme,
        title=mapping.title if mapping else scheme,
        month=month,
        quality=held.quality.filter(scheme_code=scheme),
        checks=_checks(conn, scheme, month),
        figures=_figures(held, scheme, month),
        absent=_absent(mapping) if mapping else {},
        refused=_refused(rejection),
        whole=rejection.filter(pl.col("row_number").is_null()).select(_WHOLE).unique(
            maintain_order=True
        ),
        received=came.date() if came is not None else None,  # type: ignore[union-attr]
        due=due_of(month, mapping.due_day if mapping else _DUE_DAY),
        has_register=has_register(conn, scheme, month),
        linked=tuple(Linked(*one) for one in people_in_all(counts, policy)),
        divisions=tuple(divisions_of(counts, policy)),
        effects=tuple(effects_kept(conn, scheme, month)),
    )  # fmt: skip


def _mapping(scheme: str, month: str) -> SchemeMapping | None:
    try:
        return load_mapping(scheme).at(month)
    except ContractError:
        return None


def _checks(conn: Connection, scheme: str, month: str) -> pl.DataFrame:
    return read_frame(
        conn,
        """from meta.delivery_check where scheme_code = $scheme and month = $month
        order by list_position(['volume', 'freshness', 'completeness', 'category', 'range'],
            expectation), dataset, column_name""",
        {"scheme": scheme, "month": month},
    )


def _figures(held: _Held, scheme: str, month: str) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = {}
    for (s, m, dataset), figures in sorted(held.profiles.items(), key=lambda item: item[0]):
        if s == scheme and m <= month:
            found.setdefault(dataset, []).append(figures)
    return found


def _absent(mapping: SchemeMapping) -> dict[str, list[str]]:
    """Columns that no file of a dataset fills, by agreement."""
    found: dict[str, set[str]] = {}
    for dataset in mapping.datasets.values():
        own = {name for name, rule in dataset.columns.items() if rule.absent}
        found[dataset.contract] = found.get(dataset.contract, own) & own
    return {name: sorted(columns) for name, columns in found.items()}


def _refused(rejection: pl.DataFrame) -> pl.DataFrame:
    # a row of a reply that is wrong still is told under the file that it answers
    rows = with_datasets(rejection.drop_nulls("row_number")).filter(
        pl.col("dataset") != NOT_RECOGNISED
    )
    return rows.group_by("dataset", "column_name", "rule").agg(
        pl.struct("file", "sheet", "row_number").n_unique().cast(pl.Int64).alias("rows")
    )


def _listed(
    quality: pl.DataFrame, pages: Mapping[tuple[str, str], Path], folder: Path
) -> list[Listed]:
    found = []
    for (scheme, month), page in pages.items():
        mapping = _mapping(scheme, month)
        states = quality.filter(scheme_code=scheme, month=month)["state"].to_list()
        href = page.relative_to(folder).as_posix()
        found.append(Listed(mapping.title if mapping else scheme, month, href, worst_of(states)))
    return found


def _effects_digest(conn: Connection) -> str:
    found = read_frame(conn, "from meta.refused_effect order by all")
    return digest(found.write_csv())


def _own_digest() -> str:
    templates = project_root() / "sp_eval" / "report" / "templates"
    files = [*sorted(templates.glob("quality*")), templates / "style.css"]
    return digest(definitions_hash(), *(hashlib.sha256(f.read_bytes()).hexdigest() for f in files))


def _aside(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.part")
    aside.write_text(text, encoding="utf-8", newline="\n")
    return aside
