"""Texts are numbered as a dictionary would number them, whichever of their hashes meet."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sp_eval.ingest import text_numbers
from sp_eval.ingest.text_numbers import TextCounts, TextNumbers

blocks = st.lists(st.lists(st.integers(0, 60).map(str), max_size=40), max_size=6)


def by_dictionary(blocks: list[list[str]]) -> list[int]:
    known: dict[str, int] = {}
    return [known.setdefault(text, len(known)) for block in blocks for text in block]


def by_hash(blocks: list[list[str]]) -> list[int]:
    numbers = TextNumbers()
    found = [numbers.of(pl.Series(block, dtype=pl.String)) for block in blocks]
    assert numbers.texts.to_list() == list(dict.fromkeys(text for b in blocks for text in b))
    return [number for block in found for number in block]


@settings(max_examples=150, deadline=None)
@given(blocks=blocks, bits=st.integers(1, 5), slots=st.sampled_from([1, 8]))
def test_the_same_number_for_the_same_text(blocks: list[list[str]], bits: int, slots: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_numbers, "_FIRST_BITS", bits)
        patch.setattr(text_numbers, "_SLOTS_A_TEXT", slots)
        assert by_hash(blocks) == by_dictionary(blocks)


def test_texts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    same = pl.Series([1 << 63], dtype=pl.UInt64)
    monkeypatch.setattr(pl.Series, "hash", lambda texts: same.new_from_index(0, texts.len()))
    for blocks in ([["b", "a", "b"], ["c", "a", "", "b"]], [["b"], ["a", "b"], ["b", "a"]]):
        assert by_hash(blocks) == by_dictionary(blocks)


@settings(max_examples=50, deadline=None)
@given(blocks=blocks)
def test_texts_are_counted(blocks: list[list[str]]) -> None:
    counts = TextCounts()
    for block in blocks:
        counts.add(pl.Series(block, dtype=pl.String))
    expected = Counter(text for block in blocks for text in block)
    assert dict(counts.counted().rows()) == expected
    assert len(counts) == len(expected)
