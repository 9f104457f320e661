"""What lies in a month's folder, and which table of the mapping each file holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sp_eval.contracts.reference_mapping import ReferenceMapping
from sp_eval.contracts.scheme_mapping import Dataset, SchemeMapping
from sp_eval.ingest.told_name import told_name

__all__ = [
    "UNFINISHED",
    "Arrangement",
    "Expected",
    "Found",
    "arrange",
    "claims",
    "is_litter",
    "missing_as_usual",
    "shown_pattern",
    "why_dropped",
    "why_sealed",
]

UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".temp")
"""How the names of files end that another program is still writing."""

_IGNORED = re.compile(r"^(?:\.|~\$|thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{(\w+)\}|\*")


@dataclass(frozen=True, slots=True)
class Found:
    """A file (or one sheet of it) that holds a dataset; `file` is its path below the folder."""

    path: Path
    file: str
    name: str
    dataset: Dataset
    path_values: Mapping[str, str]

    @property
    def key(self) -> str:
        """What stays the same from month to month: the dataset, and what its path names."""
        return "/".join([self.name, *self.path_values.values()])


@dataclass(frozen=True, slots=True)
class Expected:
    """A file that the mapping speaks of and the folder does not hold."""

    file: str
    datasets: tuple[Dataset, ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The folder sorted out: tables found, files missing, files nobody speaks of, and litter.

    `outside`: names that lead out of the folder, whose files are not opened. `dropped`: files
    that the mapping leaves unread, with its reason.
    """

    found: tuple[Found, ...]
    missing: tuple[Expected, ...]
    strangers: tuple[tuple[Path, str], ...]
    ignored: tuple[str, ...]
    outside: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...] = ()


def shown_pattern(pattern: str) -> str:
    """Return a file pattern as people write it: each open part a star."""
    return _PLACEHOLDER.sub("*", pattern)


def is_litter(name: str) -> bool:
    """Tell whether a file is one that programs leave behind, by its name."""
    return bool(_IGNORED.match(name))


def _file_regex(pattern: str) -> re.Pattern[str]:
    """Return the expression that a path below the folder must match in full."""
    parts, end = [], 0
    for match in _PLACEHOLDER.finditer(pattern):
        parts.append(re.escape(pattern[end : match.start()]))
        parts.append(f"(?P<{match[1]}>[^/]+)" if match[1] else "[^/]*")
        end = match.end()
    parts.append(re.escape(pattern[end:]))
    return re.compile("".join(parts), re.IGNORECASE)


def claims(
    mapping: SchemeMapping | ReferenceMapping, file: str
) -> Iterator[tuple[str, Dataset, dict[str, str]]]:
    """Yield (name, dataset, what the path names) of each dataset that this file name fits.

    A value taken from the path must be one that its contract column may hold.
    """
    for name, dataset in mapping.datasets.items():
        match = _file_regex(dataset.file).fullmatch(file)
        if match and all(_fits(dataset, part, text) for part, text in match.groupdict().items()):
            yield name, dataset, dict(match.groupdict())


def _fits(dataset: Dataset, part: str, text: str) -> bool:
    contract = dataset.declared
    targets = [(name, rule) for name, rule in dataset.columns.items() if rule.from_path == part]
    values = [
        (contract.column(name).pattern, rule.path_value({part: text})) for name, rule in targets
    ]
    return all(
        value is not None and (pattern is None or re.search(pattern, str(value)) is not None)
        for pattern, value in values
    )


def arrange(folder: Path, mapping: SchemeMapping | ReferenceMapping) -> Arrangement:
    """Sort out a month's folder, in the order of file names. A single file is its own folder."""
    alone = folder.is_file()
    here = [folder] if alone else sorted(folder.rglob("*"))
    found: list[Found] = []
    strangers: list[tuple[Path, str]] = []
    ignored, outside = _not_files(folder, here)
    dropped: list[tuple[str, str]] = []
    for path in (path for path in here if path.is_file()):
        file = path.name if alone else path.relative_to(folder).as_posix()
        if is_litter(path.name):
            ignored.append(told_name(file))
            continue
        if not alone and not _lies_in(folder, path):
            outside.append(told_name(file))
            continue
        claimed = list(_claims_alone(mapping, file) if alone else claims(mapping, file))
        file = told_name(file)
        found += [Found(path, file, name, dataset, values) for name, dataset, values in claimed]
        unused = mapping.drop if isinstance(mapping, SchemeMapping) else {}
        if not claimed and (reason := why_dropped(unused, file)):
            dropped.append((file, reason))
        elif not claimed:
            strangers.append((path, file))
    held = {item.name for item in found}
    absent: dict[str, list[Dataset]] = {}
    for name, dataset in mapping.datasets.items():
        if name not in held and not alone:
            absent.setdefault(shown_pattern(dataset.file), []).append(dataset)
    return Arrangement(
        found=tuple(found),
        missing=tuple(Expected(file, tuple(datasets)) for file, datasets in absent.items()),
        strangers=tuple(strangers),
        ignored=tuple(ignored),
        outside=tuple(outside),
        dropped=tuple(dropped),
    )


def why_dropped(unused: Mapping[str, str], file: str) -> str | None:
    """Why a mapping leaves a file, or `file, sheet S`, unread; None if it says nothing of it."""
    said = unused.items()
    return next((why for pattern, why in said if _file_regex(pattern).fullmatch(file)), None)


def why_sealed(folder: Path) -> str | None:
    """Why a folder or one below it cannot be read; None if all can. `rglob` would see nothing."""
    errors: list[OSError] = []
    for _ in os.walk(folder, onerror=errors.append) if folder.is_dir() else ():
        pass
    return (errors[0].strerror or "an error") if errors else None


def _not_files(folder: Path, paths: Iterable[Path]) -> tuple[list[str], list[str]]:
    """What is neither file nor folder, as links to folders, by name: within the folder, and out."""
    odd = [
        path for path in paths if not path.is_file() and (path.is_symlink() or not path.is_dir())
    ]
    within = [told_name(p.relative_to(folder).as_posix()) for p in odd if _lies_in(folder, p)]
    out = [told_name(p.relative_to(folder).as_posix()) for p in odd if not _lies_in(folder, p)]
    return within, out


def _lies_in(folder: Path, path: Path) -> bool:
    """Whether a file lies in the folder itself; a link in it may lead anywhere."""
    return path.resolve().is_relative_to(folder.resolve())


def _claims_alone(
    mapping: SchemeMapping | ReferenceMapping, file: str
) -> Iterator[tuple[str, Dataset, dict[str, str]]]:
    """As `claims`, for a file checked by itself: the folders of its pattern do not matter."""
    for name, dataset in mapping.datasets.items():
        folders = dataset.file.rpartition("/")[0]
        path = f"{folders}/{file}" if folders else file
        yield from (claim for claim in claims(mapping, path) if claim[0] == name)


def missing_as_usual(
    found: Iterable[Found], usual_rows: Mapping[str, int], mapping: SchemeMapping
) -> Iterator[str]:
    """Yield the files that came in other months, one for each value of a path, and not now."""
    here = {item.key for item in found}
    for key in usual_rows:
        name, *values = key.split("/")
        dataset = mapping.datasets.get(name)
        if dataset is None or key in here or not values:
            continue
        yield _filled(dataset.file, values)


def _filled(pattern: str, values: Sequence[str]) -> str:
    """Write a path's values into its pattern, in their order."""
    left = iter(values)
    return _PLACEHOLDER.sub(lambda part: next(left, "*") if part[1] else "*", pattern)
