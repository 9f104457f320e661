"""Files that are not what their name or folder says, and whose they may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sp_eval.contracts.scheme_mapping import Dataset, SchemeMapping, load_mapping, mapped_schemes
from sp_eval.ingest.folder import claims, shown_pattern
from sp_eval.ingest.header import headers_match
from sp_eval.ingest.raw import fits_text
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.text_file import TextFile
from sp_eval.ingest.workbook import Workbook, is_workbook, open_workbook

__all__ = ["refuse_stranger", "require_not_anothers"]


_REPLIES = "replies/"
_NOT_KNOWN_AGAIN = (
    "It is not known again as a reply: its hidden sheet 'sp_eval' is gone, or it was saved as"
    " another kind of file. Correct in the workbook that was sent out, not in a copy of its sheets."
    " Otherwise:"
)


@dataclass(frozen=True, slots=True)
class _Owner:
    mapping: SchemeMapping
    dataset: Dataset


def _others(mapping: SchemeMapping) -> list[SchemeMapping]:
    return [load_mapping(code) for code in mapped_schemes() if code != mapping.scheme_code]


def _owners(content: TextFile | Workbook, mappings: Iterable[SchemeMapping]) -> Iterator[_Owner]:
    """Yield the datasets whose complete header the content has."""
    for mapping in mappings:
        for dataset in mapping.datasets.values():
            if isinstance(content, Workbook):
                fits = dataset.sheet in content.sheets and headers_match(
                    content.cells(dataset.sheet).head(20).rows(), dataset
                )
            else:
                fits = dataset.sheet is None and fits_text(content, dataset)
            if fits:
                yield _Owner(mapping, dataset)


def require_not_anothers(
    content: TextFile | Workbook, mapping: SchemeMapping, refusal: FileRefusedError
) -> None:
    """Raise `wrong_scheme` if a file without the expected header has another scheme's."""
    owner = next(_owners(content, _others(mapping)), None)
    if owner is not None:
        detail = f"Its columns are those of another scheme's files ({owner.mapping.scheme_code})."
        raise FileRefusedError("wrong_scheme", detail, rows_in=refusal.rows_in) from None


def refuse_stranger(file: str, data: TextFile, mapping: SchemeMapping) -> FileRefusedError:
    """Return the refusal of a file whose name the mapping does not speak of, with a hint."""
    if data.is_blank:
        return FileRefusedError("empty_file")
    others = _others(mapping)
    for other in others:
        if next(claims(other, file), None):
            detail = f"A file of this name belongs to another scheme ({other.scheme_code})."
            return FileRefusedError("wrong_scheme", detail)
    try:
        content = open_workbook(data.read()) if is_workbook(file, data.head()) else data
        owner = next(_owners(content, [mapping, *others]), None)
    except FileRefusedError as refusal:
        return refusal
    if owner is None:
        is_reply = file.startswith(_REPLIES)
        detail = _NOT_KNOWN_AGAIN if is_reply else "Nobody has agreed on a file of this name."
        return FileRefusedError("reply_unknown" if is_reply else "unreadable", detail)
    if owner.mapping is mapping:
        agreed = shown_pattern(owner.dataset.file)
        detail = f"Nobody has agreed on a file of this name; its columns are those of '{agreed}'."
        return FileRefusedError("unreadable", detail)
    detail = f"Its columns are those of another scheme's files ({owner.mapping.scheme_code})."
    return FileRefusedError("wrong_scheme", detail)
