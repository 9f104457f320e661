"""Rows read in blocks: the same as the csv module gives for the whole text, whatever the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sp_eval.ingest import rows as reader
from sp_eval.ingest import text_file
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.rows import RowsOfText, joined
from sp_eval.ingest.text import decode, records
from sp_eval.ingest.text_file import TextFile

Told = tuple[list[list[str]], list[int], list[bool], bool, bool, int]

sound = st.sampled_from(["a", "bb", "", " ", "x", "é"])
quoted = st.sampled_from(["a", '"q"', '""', "é", '"a,b"'])
odd = st.sampled_from(
    ["", '"', '"x\ny"', 'z"z', '"w"v', '"a""b"', "\x1c", "\u3000", "\x00", "\ufeff", "\r", "\u0085"]
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, int]:
    """A text with a header, and the header's width: tidy, quoted or spoilt, ends as they come."""
    width = draw(st.integers(1, 4))
    cell = draw(st.sampled_from([sound, quoted, sound | quoted | odd]))
    widths = draw(st.sampled_from([st.just(width), st.integers(0, 5)]))
    end = st.sampled_from(draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]])))
    lines = draw(st.lists(widths.flatmap(lambda n: st.lists(cell, min_size=n, max_size=n))))
    text = ",".join("h" * width) + draw(end)
    text += "".join(",".join(line) + draw(end) for line in lines)
    return (text.rstrip("\r\n") if draw(st.booleans()) else text), width


def trimmed(row: tuple[str, ...] | list[str]) -> list[str]:
    """A row without its empty cells at the end: a frame has them as its widest row does."""
    return [cell for at, cell in enumerate(row) if any(row[at:])]


def by_csv(text: str, width: int) -> Told:
    found = records(text, delimiter=",")
    below = list(zip(found.rows, found.numbers, strict=True))[1:]
    kept = [(row, number) for row, number in below if any(cell.strip() for cell in row)]
    return (
        [trimmed(row) for row, _ in kept],
        [number for _, number in kept],
        [len(row) != width for row, _ in kept],
        found.open_end and bool(below),
        found.open_quote,
        found.numbers[-1] if below or found.open_quote else 0,
    )


def in_blocks(text: str, size: int) -> Iterator[bytes]:
    rest = text.encode()
    while rest:
        end = rest.find(b"\n", size) + 1 or len(rest)
        yield rest[:end]
        rest = rest[end:]


def by_blocks(text: str, width: int, size: int) -> Told:
    read = RowsOfText(in_blocks(text, size), ",", width, 1)
    rows = joined(list(read.pieces()), width=width)
    return (
        [trimmed(row) for row in rows.cells.rows()],
        rows.row.to_list(),
        rows.wrong_width.to_list(),
        read.open_end and bool(read.last),
        read.open_quote,
        read.last,
    )


@settings(max_examples=300, deadline=None)
@given(table=tables(), size=st.sampled_from([1, 9, 1000]))
def test_blocks_give_what_csv_gives(table: tuple[str, int], size: int) -> None:
    text, width = table
    assert by_blocks(text, width, size) == by_csv(text, width)


@settings(max_examples=100, deadline=None)
@given(table=tables(), size=st.sampled_from([1, 9, 1000]), data=st.data())
def test_rows_looked_up_by_their_line(
    table: tuple[str, int], size: int, data: st.DataObject
) -> None:
    text, width = table
    every = joined(list(RowsOfText(in_blocks(text, size), ",", width, 1).pieces()), width=width)
    lines = every.row.to_list()
    wanted = sorted(data.draw(st.sets(st.sampled_from(lines)))) if lines else []
    read = RowsOfText(in_blocks(text, size), ",", width, 1)
    picked = joined(list(read.picked(np.array(wanted, dtype=np.uint32))), width=width)
    expected = every.filter(every.row.is_in(wanted))
    assert picked.row.to_list() == wanted
    assert [trimmed(r) for r in picked.cells.rows()] == [trimmed(r) for r in expected.cells.rows()]


@pytest.mark.parametrize(
    ("block", "is_quick"),
    [
        ("1,2\n3,4\n", True),
        ("1,2\r\n3,4\r\n", True),
        ('"1","2"\n"",4', True),
        ("1,2\n3,4\r\n", False),
        ("1,2,3\n4\n", False),
        ("1\n3,4,", False),
        ('1,"2\n3",4\n', False),
        ('"1,2"\n3,4,5\n', False),
        ('5" pipe,2\n', False),
        ("1,\x002\n", False),
        ("1," + "x" * 200_000 + "\n", False),
    ],
)
def test_which_blocks_are_well_behaved(block: str, is_quick: bool) -> None:
    assert (reader._split(block.encode(), ",", 2) is not None) == is_quick


def test_a_cell_that_never_ends_is_a_quote_left_open() -> None:
    text = "h,h\n1,2\n" + 'x,"' + "y" * 200_000 + "\n1,2\n"
    assert by_blocks(text, 2, 1)[4:] == by_csv(text, 2)[4:] == (True, 3)


@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=60),
        st.text(max_size=20).map(lambda t: t.encode("utf-8", "replace")),
        st.text(max_size=20).map(lambda t: t.encode("utf-16", "replace")),
        st.sampled_from(["£1\n€2\n".encode("cp1252"), "£\n€".encode()[:-1], b"\xef\xbb\xbfa\n"]),
    ),
    declared=st.sampled_from(["utf-8", "cp1252", "latin-1", "no such encoding"]),
    size=st.sampled_from([1, 5, 1000]),
)
def test_a_file_is_decoded_in_pieces_as_at_once(data: bytes, declared: str, size: int) -> None:
    try:
        found = decode(data, declared=declared)
    except FileRefusedError:
        with pytest.raises(FileRefusedError):
            TextFile(data).encoding(declared)
        return
    file = TextFile(data)
    encoding = file.encoding(declared)
    assert (encoding.name, encoding.left_over > 0) == (found.encoding, found.cut)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_file, "BLOCK_BYTES", size)
        blocks = list(file.blocks(encoding))
    assert b"".join(blocks).decode() == found.text
    assert all(block.endswith((b"\n", b"\r")) for block in blocks[:-1])


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    file = TextFile(path)
    blocks = file.blocks(file.encoding("utf-8"))
    next(blocks)
    path.write_bytes(b"a\n1\n2\n")
    with pytest.raises(FileRefusedError, match="still being written"):
        list(blocks)


def test_joined_pieces_are_as_wide_as_the_widest() -> None:
    read = RowsOfText(iter([b"h\n1\n", b"1,2\n"]), ",", 1, 1)
    rows = joined(list(read.pieces()), width=1)
    assert rows.cells.rows() == [("1", ""), ("1", "2")]
    assert rows.row.dtype == pl.UInt32


def test_cells_far_beyond_the_header_stand_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_MOST_EXTRA", 2)
    text = b"h,i\na,b\n1,2,3,4\n1,2,3,4,5,6\n"
    (rows,) = RowsOfText(iter([text]), ",", 2, 1).pieces()
    assert rows.cells.rows() == [("a", "b", "", ""), ("1", "2", "3", "4"), ("1", "2", "3", "4,5,6")]
    assert rows.wrong_width.to_list() == [False, True, True]


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "LONGEST_RECORD", 1 << 20)
    monkeypatch.setattr(text_file, "BLOCK_BYTES", 1 << 16)
    file = TextFile(b"h,i\n" + b"x," * (1 << 20))
    with pytest.raises(FileRefusedError, match="A line of the file is longer than 1 MB"):
        list(file.blocks(file.encoding("utf-8")))


def test_a_record_without_end_is_a_quote_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LONGEST_RECORD", 100)
    text = RowsOfText(iter([b"h,i\na,b\n" + b'"x\n",' * 50]), ",", 2, 1)
    assert [rows.cells.height for rows in text.pieces()] == [1]
    assert text.open_quote
    assert text.last == 3


@pytest.mark.parametrize("size", [1, 7, 16])
def test_lines_that_end_in_a_return_alone_are_cut_after_it(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(text_file, "BLOCK_BYTES", size)
    data = b"h,i\r" + b"a,b\r" * 9 + b"c,d\r\ne,f\r\n"
    file = TextFile(data)
    blocks = list(file.blocks(file.encoding("utf-8")))
    assert b"".join(blocks) == data
    assert not any(one.endswith(b"\r") and two.startswith(b"\n") for one, two in pairwise(blocks))
    assert len(blocks) > 2 or size < 16
    numbers = [n for rows in RowsOfText(iter(blocks), ",", 2, 1).pieces() for n in rows.row]
    assert numbers == list(range(2, 13))
