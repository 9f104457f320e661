"""A text file of any size, read piece by piece: its bytes' digest, its encoding, its lines."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.text import LONGEST_RECORD, Encoding, candidates, undecodable

__all__ = ["BLOCK_BYTES", "TextFile"]

BLOCK_BYTES: Final = 16 << 20  # 300,000 rows of 50 bytes: small, and yet worth the trouble
_PIECE = 4 << 20
_TOP_BYTES: Final = 1 << 18  # four bytes a character at most: 65,536 characters and more
_BLANK = b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"
_AS_UTF_8: Final = {"ascii": 0, "utf-8": 0, "utf-8-sig": len(codecs.BOM_UTF8)}


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one pass over all bytes tells; `size` in bytes."""

    sha256: str
    size: int
    is_ascii: bool
    is_blank: bool


def _survey(file: BinaryIO) -> _Survey:
    digest, size, is_ascii, is_blank = hashlib.sha256(), 0, True, True
    while piece := file.read(BLOCK_BYTES):  # another thread may hold things up between two
        size += len(piece)
        digest.update(piece)
        is_ascii = is_ascii and piece.isascii()
        is_blank = is_blank and not piece.strip(_BLANK)
    return _Survey(digest.hexdigest(), size, is_ascii, is_blank)


@lru_cache(maxsize=1024)
def _survey_of(path: Path, version: tuple[int, ...]) -> _Survey:  # noqa: ARG001  (part of the key)
    """Survey a file once as long as it is not written to: a delivery is asked for it four times."""
    with path.open("rb") as file:
        return _survey(file)


def _version(path: Path) -> tuple[int, ...]:
    """What changes when a file is written anew, or another takes its name."""
    told = path.stat()
    return (told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)


def _endless() -> FileRefusedError:
    detail = (
        f"A line of the file is longer than {LONGEST_RECORD >> 20} MB: its line ends are lost, or"
        " it is no table."
    )
    return FileRefusedError("unreadable", detail)


def _not_opened() -> FileRefusedError:
    return FileRefusedError("unreadable", "The file cannot be opened.")


def _to_line_end(file: BinaryIO, end: int) -> bytes:
    """Read about `BLOCK_BYTES`, up to a line's end if one is near, but nothing from `end` on.

    What ends so need not be put together with the next piece, which takes as long as reading it.
    """
    start = file.tell()
    file.seek(start + BLOCK_BYTES)
    more = len(file.readline(BLOCK_BYTES >> 8))
    file.seek(start)
    return file.read(min(BLOCK_BYTES + more, end - start))


class TextFile:
    """Bytes that may be text, held in memory or left in their file."""

    def __init__(self, content: Path | bytes) -> None:
        self._content = content
        self._survey: _Survey | None = None
        self._version: tuple[int, ...] = ()
        self._fits: dict[str, int | None] = {}

    @property
    def sha256(self) -> str:
        return self._surveyed.sha256

    @property
    def size(self) -> int:
        """Bytes."""
        return self._surveyed.size

    @property
    def is_blank(self) -> bool:
        """Whether nothing but blanks and marks of an encoding is in it."""
        return self._surveyed.is_blank

    def head(self, size: int = _TOP_BYTES) -> bytes:
        """Return the first bytes."""
        with self._open() as file:
            return file.read(size)

    def read(self) -> bytes:
        """Return all bytes."""
        with self._open() as file:
            data = file.read()
        self.require_settled()
        return data

    def require_settled(self) -> None:
        """Raise `FileRefusedError`: `cut_short` if the file was written to since first looked at.

        `unreadable` if it is not there any more.
        """
        size = self._surveyed.size
        if not isinstance(self._content, Path):
            return
        try:
            version = _version(self._content)
        except OSError:
            raise _not_opened() from None
        if version != self._version or size != version[1]:
            detail = "The file was still being written while it was read."
            raise FileRefusedError("cut_short", detail)

    def encoding(self, declared: str) -> Encoding:
        """Return how the bytes are to be read, or raise `FileRefusedError` (`unreadable`).

        The rules are those of `text.decode`, found without holding the text.
        """
        if self._surveyed.is_ascii:
            return Encoding(declared, "ascii")
        for name in candidates(self.head(4), declared):
            if (left_over := self._left_over(name)) is not None:
                return Encoding(name, name, left_over)
        raise undecodable()

    def top(self, declared: str, characters: int) -> str:
        """Return the first characters of the text."""
        codec = self.encoding(declared).codec
        decoder = codecs.getincrementaldecoder(codec)()
        return decoder.decode(self.head(), final=False)[:characters]

    def blocks(self, encoding: Encoding) -> Iterator[bytes]:
        """Yield the text as UTF-8, cut after line ends into blocks of about `BLOCK_BYTES`.

        Raises `FileRefusedError`: `unreadable` if a line does not end for `LONGEST_RECORD` bytes.
        """
        rest = b""
        for piece in self._utf_8(encoding):
            # in a piece without \n, one \r that is not its last byte ends a line by itself
            end = piece.rfind(b"\n") + 1 or piece.rfind(b"\r", 0, -1) + 1
            if not end:
                rest += piece
                if len(rest) > LONGEST_RECORD:
                    raise _endless()
                continue
            is_whole = not rest and end == len(piece)
            yield piece if is_whole else b"".join((rest, memoryview(piece)[:end]))
            rest = piece[end:]
        if rest:
            yield rest
        self.require_settled()

    def _utf_8(self, encoding: Encoding) -> Iterator[bytes]:
        skipped = _AS_UTF_8.get(encoding.codec)
        decoder = None if skipped is not None else codecs.getincrementaldecoder(encoding.codec)()
        with self._open() as file:
            end = file.seek(0, io.SEEK_END) - encoding.left_over
            file.seek(skipped or 0)
            while piece := _to_line_end(file, end):
                yield piece if decoder is None else decoder.decode(piece).encode()

    def _left_over(self, name: str) -> int | None:
        """Bytes at the end inside a character (0 if none); None if it is not this encoding."""
        if name not in self._fits:
            self._fits[name] = self._attempt(name)
        return self._fits[name]

    def _attempt(self, name: str) -> int | None:
        try:
            decoder = codecs.getincrementaldecoder(name)()
            b"".decode(name)
            with self._open() as file:
                while piece := file.read(_PIECE):
                    decoder.decode(piece)
            left = len(decoder.getstate()[0])
        except (UnicodeDecodeError, LookupError):
            return None
        return None if left and name == "cp1252" else left

    @property
    def _surveyed(self) -> _Survey:
        if self._survey is None:
            if isinstance(self._content, bytes):
                self._survey = _survey(io.BytesIO(self._content))
            else:
                self._version = _version(self._content)
                self._survey = _survey_of(self._content, self._version)
        return self._survey

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        if isinstance(self._content, bytes):
            yield io.BytesIO(self._content)
            return
        try:
            with self._content.open("rb") as file:
                yield file
        except OSError:
            raise _not_opened() from None
