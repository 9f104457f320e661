"""Which days the files of a delivery say they cover, and which practices sent no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from statistics import median

import polars as pl

from sp_eval.contracts.mapping_verbs import Covers
from sp_eval.contracts.scheme_mapping import SchemeMapping
from sp_eval.ingest.folder import Found
from sp_eval.ingest.parse import month_start
from sp_eval.ingest.taken import DECLARED_COVERAGE

__all__ = ["covered_to", "declared_coverage", "practices_without_file"]

_NOTABLE_SHARE = 0.05


def declared_coverage(
    found: Iterable[tuple[Found, str]], *, scheme_code: str, month: str
) -> pl.DataFrame:
    """Return `DECLARED_COVERAGE` of the files taken in, each with its delivery_id.

    `month`: that of the delivery (YYYY-MM). A file that is not there covers nothing.
    """
    rows = [
        (scheme_code, source, _practice(item), covers.from_, end, delivery_id)
        for item, delivery_id in found
        if (covers := item.dataset.covers) and covers.from_ < (end := covered_to(covers, month))
        for source in covers.sources
    ]
    return pl.DataFrame(rows, schema=DECLARED_COVERAGE, orient="row")


def covered_to(covers: Covers, month: str) -> date:
    """The first day that is not covered."""
    first = pl.Series([month_start(month)]).dt.offset_by(f"-{covers.months_behind}mo")
    end: date = first.item()
    return end if covers.to is None else min(end, covers.to + timedelta(days=1))


def _practice(item: Found) -> str | None:
    rule = item.dataset.columns.get("practice_code")
    value = rule.path_value(item.path_values) if rule and rule.from_path else None
    return None if value is None else str(value)


def practices_without_file(
    people: pl.DataFrame, found: Iterable[Found], mapping: SchemeMapping
) -> Iterator[tuple[str, str]]:
    """Yield (dataset, file) for each practice of the register whose own file is not there.

    A code that hardly anybody is registered with is taken for a slip of the pen.
    """
    sizes = people.group_by("practice_code").len().sort("practice_code")
    if sizes.height == 0:
        return
    notable = sizes.filter(pl.col("len") >= _NOTABLE_SHARE * median(sizes["len"].to_list()))
    here = {(item.name, _practice(item)) for item in found}
    for name, dataset in mapping.datasets.items():
        rule = dataset.columns.get("practice_code")
        if rule and rule.from_path and any(known == name for known, _ in here):
            named = {code: text for text, code in (rule.recode or {}).items()}
            for practice in notable["practice_code"].to_list():
                if (name, practice) not in here:
                    text = str(named.get(practice, practice))
                    yield name, dataset.file.replace(f"{{{rule.from_path}}}", text)
