"""A text file judged in pieces: the same verdict on every row as if it were judged at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, mapped_schemes
from sp_eval.ingest import part_values, reading, repeats, source, text_file
from sp_eval.ingest.ahead import ahead
from sp_eval.ingest.folder import Found
from sp_eval.ingest.gate import Gated, rejections
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.ingest.parts import parts_of
from sp_eval.ingest.reading import judge, read_and_judge, read_table
from sp_eval.ingest.refusal import FileRefusedError
from sp_eval.ingest.text_file import TextFile
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval_tests.support.taking_in import taken

Make = Callable[..., SchemeMapping]
LAST_DAY = date(2019, 4, 30)
HEAD = "NHS,Date,Who,How,Came,Seen,Note"


@pytest.fixture(scope="module")
def knotty(gp_book: Make) -> SchemeMapping:
    """One mapping of many verbs: columns alone, columns that hang together, a constant."""
    return gp_book(
        columns={"practice_code": {"const": "L84002"}},
        check={
            "Seen": {"parse": {"kind": "date"}, "not_before": "Date"},
            "Came": {"required": True},
        },
        keep_when={"when": {"How": ["Surgery", "Phone"]}, "folded_as": "elsewhere"},
        footer={"NHS": ["Total"]},
        belongs={"Who": "GP|Nurse"},
        drop={"Note": "free text"},
        not_known=["n/k"],
    )


def found_in(mapping: SchemeMapping) -> Found:
    return Found(Path("gp.csv"), "gp.csv", "gp", mapping.datasets["gp"], {})


def people() -> Pseudonymiser:
    return Pseudonymiser(b"key", scheme_code="testshire", identifier="nhs_number")


def told(gated: Gated) -> dict[str, Any]:
    return {
        "counts": (gated.rows_in, gated.rows_accepted, gated.rows_quarantined),
        "duplicate": gated.duplicate.to_list(),
        "row": gated.row.to_list(),
        "folded": sorted(gated.folded),
        "folded accepted": gated.folded_accepted(),
        "refused": rejections(gated).rows(),
        "accepted": pl.concat(gated.accepted()).rows(),
    }


def verdict(
    mapping: SchemeMapping, data: bytes, *, size: int | None
) -> dict[str, Any] | tuple[str, str, int]:
    """What becomes of the file: judged in blocks of `size` bytes, or all at once."""
    found, file = found_in(mapping), TextFile(data)
    try:
        if size is None:
            table = read_table(file, found, mapping, last_day=LAST_DAY)
            return told(judge(table, found, people(), last_day=LAST_DAY)) | {"n": table.notices}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_file, "BLOCK_BYTES", size)
            patch.setattr(reading, "SMALL_BYTES", 0)
            gated, notices = read_and_judge(file, found, mapping, people(), last_day=LAST_DAY)
        return told(gated) | {"n": notices}
    except FileRefusedError as refusal:
        return refusal.rule, refusal.reason, refusal.rows_in


cells = (
    st.sampled_from(["9990000018", "999 000 0026", "9990000019", "", "Total"]),
    st.sampled_from(["01/04/2019", "31/02/2019", "01/04/2026", ""]),
    st.sampled_from(["GP", "Nurse", " GP", "Clerk", "", "n/k"]),
    st.sampled_from(["Surgery", "Phone", "Elsewhere", "", "N/K"]),
    st.sampled_from(["Y", "N", "", "?"]),
    st.sampled_from(["01/03/2019", "02/04/2019", "", "x"]),
    st.sampled_from(["", "", "a note", '"a\nnote"', "é", "more,than,asked"]),
)


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(st.tuples(*cells), max_size=10),
    again=st.integers(0, 3),
    size=st.sampled_from([1, 60, 100_000]),
    end=st.sampled_from(["\n", "\r\n"]),
    tail=st.sampled_from(["", "\n", '9990000018,"', "9990000018,01/04/2019,GP,Phone,Y,,"]),
    most=st.sampled_from([0, 1 << 20]),
)
def test_in_pieces_as_at_once(
    knotty: SchemeMapping,
    lines: list[tuple[str, ...]],
    again: int,
    size: int,
    end: str,
    tail: str,
    most: int,
) -> None:
    rows = [",".join(line) for line in [*lines, *lines[:again]]]
    data = (end.join([HEAD, *rows]) + end + tail).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_values, "_MOST_TEXTS", most)
        in_pieces = verdict(knotty, data, size=size)
    assert in_pieces == verdict(knotty, data, size=None)


def test_a_column_that_is_not_there_is_told_alike(knotty: SchemeMapping) -> None:
    data = b"NHS,Date,Who,How,Attended,Seen,Note\n" + b"9990000018,01/04/2019,GP,Phone,Y,,\n" * 5
    told = verdict(knotty, data, size=1)
    assert told == verdict(knotty, data, size=None)
    assert told[0] == "column_missing"


@pytest.mark.parametrize("scheme", mapped_schemes())
def test_the_parts_of_a_mapping_share_nothing_and_leave_nothing_out(scheme: str) -> None:
    for dataset in load_mapping(scheme).datasets.values():
        parts = parts_of(dataset)
        if parts is None:
            continue
        sources = [source for part in parts for source in part.sources]
        columns = [name for part in parts for name in part.contract.names]
        assert len(set(sources)) == len(sources)
        assert set(sources) == dataset.read_columns
        assert sorted(columns) == sorted(dataset.columns)


def test_rows_that_share_a_hash_are_not_taken_for_one(
    gp_book: Make, number: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    same = pl.Series([7], dtype=pl.UInt64)
    monkeypatch.setattr(
        pl.DataFrame, "hash_rows", lambda frame: same.new_from_index(0, frame.height)
    )
    rows = [f"{number(n)},01/04/2019,GP,Phone,Y\n" for n in (0, 1, 0, 2)]
    data = ("NHS,Date,Who,How,Came\n" + "".join(rows)).encode()
    for dropped in ({}, {"drop": {"Extra": "x"}}):
        text = data.replace(b"\n", b",z\n").replace(b"Came,z", b"Came,Extra") if dropped else data
        found = verdict(gp_book(**dropped), text, size=1)
        assert isinstance(found, dict)
        assert found["duplicate"] == [False, False, True, False]


def test_many_doubtful_rows_are_compared_in_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_AT_ONCE", 3)
    from sp_eval.ingest.rows import RowsOfText

    lines = [n % 11 for n in range(40)]
    text = ("h\n" + "".join(f"{n}\n" for n in lines)).encode()
    pieces = list(RowsOfText(iter([text]), ",", 1, 1).pieces())
    found = repeats.Repeats(1)
    for rows in pieces:
        found.add(rows)
    seen = found.found(lambda: repeats.cells_again(pieces)).to_list()
    assert seen == [n in lines[:at] for at, n in enumerate(lines)]


def test_what_is_made_ahead_comes_in_order_and_so_does_its_failure() -> None:
    def failing() -> Any:
        yield from range(5)
        raise ValueError("at the end")

    came: list[int] = []
    with pytest.raises(ValueError, match="at the end"):
        came.extend(ahead(failing()))
    assert came == [0, 1, 2, 3, 4]
    assert next(iter(ahead(iter(range(10**9))))) == 0


def test_accepted_rows_are_held_as_numbers(
    gp_book: Make, number: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL_BYTES", 0)
    line = f"{number(0)},01/04/2019,GP,Phone,Y\n"
    data = ("NHS,Date,Who,How,Came\n" + line * 3).encode()
    found = found_in(gp_book())
    gated, _ = read_and_judge(TextFile(data), found, gp_book(), people(), last_day=LAST_DAY)
    assert all(dtype == pl.UInt32 for piece in gated.rows.pieces for dtype in piece.dtypes)
    whole = pl.concat(gated.accepted())
    assert_frame_equal(
        whole.select("staff", "source_row"),
        pl.DataFrame(
            {"staff": ["gp"], "source_row": [2]}, schema_overrides={"source_row": pl.Int32}
        ),
    )


@pytest.mark.parametrize("held", [0, 1 << 16])
def test_codes_of_another_scheme_are_counted_once_each(
    knotty: SchemeMapping, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(source, "_MOST_TEXTS", held)
    strange, own = (f"9990000018,01/04/2019,{who},Phone,Y,,\n" for who in ("Clerk", "GP"))
    told = verdict(knotty, f"{HEAD}\n{strange * 2}{own * 3}".encode(), size=1)
    assert not isinstance(told, tuple)
    told = verdict(knotty, f"{HEAD}\n{strange * 4}{own * 3}".encode(), size=1)
    assert told[0] == "wrong_scheme"


@pytest.mark.parametrize("scheme", ["rotherham", "leeds", "herts_west_essex"])
def test_a_delivery_in_pieces_is_the_delivery_read_whole(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_deliveries(tmp_path, schemes=[scheme], people=300, referred=60, seed=4, month="2019-04")
    whole = taken(tmp_path, scheme)
    monkeypatch.setattr(reading, "SMALL_BYTES", 0)
    in_pieces = taken(tmp_path, scheme)
    assert_frame_equal(in_pieces.delivery, whole.delivery)
    assert_frame_equal(in_pieces.rejection, whole.rejection)
    assert in_pieces.notices == whole.notices
    for name in whole.accepted:
        assert_frame_equal(in_pieces.accepted[name], whole.accepted[name])
