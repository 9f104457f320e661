"""Bytes to text to numbered records."""

from __future__ import annotations

import pytest

from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.text import decode, records


@pytest.mark.parametrize(
    ("data", "declared", "text", "encoding"),
    [
        (b"abc", "cp1252", "abc", "cp1252"),
        ("£ – é".encode("cp1252"), "cp1252", "£ – é", "cp1252"),
        ("£ – é".encode("cp1252"), "utf-8", "£ – é", "cp1252"),
        ("£ – é".encode(), "utf-8", "£ – é", "utf-8"),
        ("£ – é".encode(), "cp1252", "£ – é", "utf-8"),
        (b"\xef\xbb\xbfabc", "cp1252", "abc", "utf-8-sig"),
        ("£1".encode("utf-16"), "utf-8", "£1", "utf-16"),
    ],
)
def test_decode(data: bytes, declared: str, text: str, encoding: str) -> None:
    found = decode(data, declared=declared)
    assert (found.text, found.encoding, found.cut) == (text, encoding, False)


def test_bytes_that_end_inside_a_character_are_cut() -> None:
    found = decode("a,£".encode()[:-1], declared="utf-8")
    assert (found.text, found.cut) == ("a,", True)


def test_bytes_of_no_encoding_are_unreadable() -> None:
    with pytest.raises(FileRefusedError) as refusal:
        decode(b"\x81\x8d\xff\xfe", declared="utf-8")
    assert refusal.value.rule == "unreadable"


@pytest.mark.parametrize(
    ("text", "rows", "numbers"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]], [1, 2]),
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]], [1, 2]),
        ("a\r1\r2", [["a"], ["1"], ["2"]], [1, 2, 3]),
        ("a\n\n1\n", [["a"], [], ["1"]], [1, 2, 3]),
        ('a\n"x\ny"\nz\n', [["a"], ["x\ny"], ["z"]], [1, 2, 4]),
        ('a\n5" pipe\n', [["a"], ['5" pipe']], [1, 2]),
        ("a,b\n1\n1,2,3\n", [["a", "b"], ["1"], ["1", "2", "3"]], [1, 2, 3]),
    ],
)
def test_rows_keep_the_line_they_start_on(
    text: str, rows: list[list[str]], numbers: list[int]
) -> None:
    found = records(text, delimiter=",")
    assert (found.rows, found.numbers) == (rows, numbers)


@pytest.mark.parametrize(
    ("text", "open_end", "open_quote"),
    [
        ("a,b\n1,2\n", False, False),
        ("a,b\n1,2", True, False),
        ('a,b\n1,"2', True, True),
        ('a,b\n1,"2\n3,4\n5,6\n', True, True),
        ('a,b\n1,"' + "x" * 200_000 + "\n", True, True),
        ("", False, False),
    ],
)
def test_how_the_text_ends(text: str, open_end: bool, open_quote: bool) -> None:
    found = records(text, delimiter=",")
    assert (found.open_end, found.open_quote) == (open_end, open_quote)
