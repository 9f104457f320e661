"""Rows in = accepted + quarantined + duplicates, for any bytes whatever; and no identifier out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping
from sp_eval.ingest.delivery import take_in
from sp_eval.ingest.taken import TakenIn

HEAD = ["NHS", "Date", "Who", "How", "Came"]


def taken_from(files: dict[str, bytes], mapping: SchemeMapping) -> TakenIn:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return take_in(
            Path(folder),
            mapping=mapping,
            month="2019-04",
            key=b"a key for tests only",
            received_at=datetime(2019, 5, 1, tzinfo=UTC),
        )


def assert_conserved(taken: TakenIn) -> None:
    for row in taken.delivery.to_dicts():
        parts = row["rows_accepted"] + row["rows_quarantined"] + row["rows_duplicate"]
        assert row["rows_in"] == parts
        here = taken.rejection.filter(file=row["file"], sheet=row["sheet"])
        whole = here["row_number"].null_count() > 0
        refused = here["row_number"].drop_nulls().n_unique()
        assert refused == row["rows_quarantined"] or (whole and refused == 0)
    reasons = taken.rejection.select("file", "sheet", "row_number", "rule", "column_name")
    assert not reasons.is_duplicated().any()


# bytes that are not a table, and text that nearly is one
cells = st.one_of(
    st.sampled_from(["9990000018", "9990000026", "9999999999", "", " ", "GP", "Phone", "Y", "N"]),
    st.sampled_from(["01/04/2019", "31/02/2019", "01/04/2026", "1/1/19", "Surgery", "Total"]),
    st.text(max_size=8),
    st.sampled_from(['"', '""', "\x00", "\r", "\n", "\ufeff", "\u00a0", "é", ";", ","]),
)
rows = st.lists(st.lists(cells, min_size=4, max_size=6), max_size=12)


@settings(max_examples=150, deadline=None)
@given(table=rows, tail=st.sampled_from(["", "\n", '"', "x"]), crlf=st.booleans())
def test_for_any_table(
    gp_book: Callable[..., SchemeMapping], table: list[list[str]], tail: str, crlf: bool
) -> None:
    end = "\r\n" if crlf else "\n"
    text = end.join(",".join(row) for row in [HEAD, *table]) + tail
    made = gp_book(footer={"NHS": "Total"})
    assert_conserved(taken_from({"gp.csv": text.encode("utf-8", "replace")}, made))


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400), headed=st.booleans())
def test_for_any_bytes(gp_book: Callable[..., SchemeMapping], data: bytes, headed: bool) -> None:
    head = (",".join(HEAD) + "\n").encode()
    assert_conserved(taken_from({"gp.csv": head + data if headed else data}, gp_book()))


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=200))
def test_for_any_bytes_in_place_of_a_workbook(
    gp_book: Callable[..., SchemeMapping], data: bytes
) -> None:
    made = gp_book(file="b.xlsx", sheet="Book")
    assert_conserved(taken_from({"b.xlsx": b"PK\x03\x04" + data}, made))


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["999 000 0018", "9990000026", "999-000-0034", "9999999999", ""]),
            st.sampled_from(["05-May-17", "31-Feb-17", "05-May-27", "", "May"]),
            st.sampled_from(["Housing", "Housing;Bereavement", "Weather", "", ";"]),
            st.sampled_from(["Took up support", "Declined", "Perhaps", ""]),
            st.sampled_from(["Male", "F", "Q", ""]),
            st.sampled_from(["Yes", "No", "yes", ""]),
            st.sampled_from(["Ann Other", "Bob Other 999 000 0018"]),
        ),
        max_size=20,
    )
)
def test_no_identifier_comes_out(lines: list[tuple[str, ...]]) -> None:
    head = (
        "Client ID,Client name,NHS Number,Date of referral,Hub,Referring practice,"
        "Reason for referral,Outcome of referral,Date first seen,Age at referral,Gender,"
        "Coordinator,Consent\r\n"
    )
    text = head + "".join(
        f"GSP-1{n:04},{name},{nhs},{day},Hub 1,L84002,{why},{outcome},,50,{sex},Zoe Other,{yes}\r\n"
        for n, (nhs, day, why, outcome, sex, yes, name) in enumerate(lines)
    )
    taken = taken_from({"SP_hub_referrals.csv": text.encode()}, load_mapping("gloucestershire"))
    assert_conserved(taken)
    frames = [
        taken.delivery,
        taken.rejection,
        taken.declared_coverage,
        taken.tables,
        taken.folded,
        *taken.accepted.values(),
    ]
    for frame in frames:
        for column in frame.select(pl.col(pl.String)).iter_columns():
            told = "\n".join(column.drop_nulls().to_list()).replace(" ", "").replace("-", "")
            for secret in ("Other", "9990000018", "9990000026", "9990000034", "GSP1"):
                assert secret not in told, (column.name, secret)
    assert "Other" not in str(taken.notices)


def test_the_property_can_fail(gp_book: Callable[..., SchemeMapping]) -> None:
    taken = taken_from({"gp.csv": (",".join(HEAD) + "\n1,2,3,4,5\n").encode()}, gp_book())
    assert_conserved(taken)
    spoilt: Any = taken.delivery.with_columns(pl.col("rows_accepted") + 1)
    broken = TakenIn(
        **{name: getattr(taken, name) for name in TakenIn.__slots__} | {"delivery": spoilt}
    )
    try:
        assert_conserved(broken)
    except AssertionError:
        return
    raise AssertionError("a ledger that does not add up went unnoticed")
