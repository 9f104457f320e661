"""Rows held with people and files by number look, through the views, as they were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sp_eval.contracts.contract import Contract
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.ingest.contract_rows import with_replaced
from sp_eval.warehouse import frames, held
from sp_eval.warehouse.coded import numbering
from sp_eval.warehouse.connection import Connection, WarehouseUnreadableError, open_memory
from sp_eval.warehouse.frames import append_frames, read_frame
from sp_eval.warehouse.held import Pieces, counts_sql, ensure_held, forget_rows, hold, rows_sql

Given = list[tuple[Mapping[str, str], pl.DataFrame]]
KEYS = [f"{n:064x}" for n in range(5)]


@pytest.fixture
def conn() -> Iterator[Connection]:
    opened = open_memory()
    ensure_held(opened)
    yield opened
    opened.close()


def origin(month: str, file: str) -> dict[str, str]:
    delivery = f"rotherham/{month}/{file}@0"
    return {"scheme_code": "rotherham", "delivery_id": delivery, "source_file": file}


def contacts(keys: list[str], first_row: int = 2) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "person_key": keys,
            "practice_code": "C87001",
            "contact_date": date(2019, 1, 2),
            "staff": "gp",
            "mode": "telephone",
            "status": "attended",
            "source_row": pl.Series(range(first_row, first_row + len(keys)), dtype=pl.Int32),
        }
    )


def numbered(given: Given) -> Pieces:
    return lambda replaced: [(where, with_replaced(rows, replaced)) for where, rows in given]


def keys_held(conn: Connection) -> set[str]:
    return set(read_frame(conn, "from held.key_of_person")["person_key"])


def test_rows_come_out_as_they_went_in(conn: Connection) -> None:
    first: Given = [(origin("2019-01", "a.csv"), contacts(KEYS[:3])),
                    (origin("2019-01", "b.csv"), contacts([KEYS[0], KEYS[3]]))]  # fmt: skip
    later: Given = [(origin("2019-02", "a.csv"), contacts([KEYS[4], KEYS[0]]))]
    hold(conn, {"gp_contact": numbered(first)})
    hold(conn, {"gp_contact": numbered(later)})
    expected = pl.concat(
        rows.with_columns(pl.lit(text).alias(name) for name, text in where.items())
        for where, rows in first + later
    )
    found = read_frame(conn, "from taken.gp_contact order by delivery_id, source_row")
    assert found.select(expected.columns).rows() == expected.sort("delivery_id").rows()
    assert read_frame(conn, "select count(*) as n from held.key_of_person")["n"][0] == 5


def test_a_delivery_taken_out_leaves_nobody_behind(conn: Connection) -> None:
    hold(conn, {"gp_contact": numbered([(origin("2019-01", "a.csv"), contacts(KEYS[:3]))])})
    hold(conn, {"gp_contact": numbered([(origin("2019-02", "a.csv"), contacts(KEYS[2:4]))])})
    forget_rows(conn, "select $id", {"id": "rotherham/2019-01/a.csv@0"})
    assert keys_held(conn) == set(KEYS[2:4])
    hold(conn, {"gp_contact": numbered([(origin("2019-03", "a.csv"), contacts(KEYS[:2]))])})
    found = read_frame(conn, "select person_key from taken.gp_contact order by all")
    assert found["person_key"].to_list() == KEYS[:4]


def test_counts_and_rows_of_a_delivery(conn: Connection) -> None:
    given: Given = [(origin("2019-01", "a.csv"), contacts(KEYS[:3])),
                    (origin("2019-02", "a.csv"), contacts(KEYS[:1]))]  # fmt: skip
    hold(conn, {"gp_contact": numbered(given)})
    counts = read_frame(conn, f"{counts_sql('gp_contact')} order by all")
    assert counts.rows() == [("rotherham/2019-01/a.csv@0", 3), ("rotherham/2019-02/a.csv@0", 1)]
    wanted = rows_sql(conn, load_contract("gp_contact"), "select 'rotherham/2019-01/a.csv@0'")
    assert read_frame(conn, wanted)["source_row"].to_list() == [2, 3, 4]


def test_every_extract_has_its_view_commented(conn: Connection) -> None:
    found = read_frame(
        conn,
        """select table_name, bool_and(comment is not null) as told from duckdb_columns()
        where schema_name = 'taken' group by all order by all""",
    )
    assert found.rows() == [(name, True) for name in contract_names("extract")]


def test_a_warehouse_that_held_rows_otherwise_is_not_touched() -> None:
    conn = open_memory()
    conn.execute("create schema taken; create table taken.person (person_key varchar)")
    with pytest.raises(WarehouseUnreadableError, match="made by an earlier version"):
        ensure_held(conn)
    assert read_frame(conn, "from taken.person").width == 1
    conn.close()


def test_a_warehouse_that_held_words_as_texts_is_not_touched(conn: Connection) -> None:
    conn.execute("drop table held.code_of_word")
    with pytest.raises(WarehouseUnreadableError, match="made by an earlier version"):
        ensure_held(conn)


def with_words(*words: str) -> Contract:
    """The contract of GP contacts with other words for the mode."""
    contract = load_contract("gp_contact")
    columns = (replace(c, allowed=words) if c.name == "mode" else c for c in contract.columns)
    return replace(contract, columns=tuple(columns))


def test_a_word_keeps_its_number_whatever_becomes_of_its_list(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = list(load_contract("gp_contact").column("mode").allowed or ())
    given = contacts(KEYS[: len(modes[:5])]).with_columns(mode=pl.Series(modes[:5]))
    hold(conn, {"gp_contact": numbered([(origin("2019-01", "a.csv"), given)])})
    changed = with_words("by_pigeon", *reversed(modes[1:]))
    kept = held.load_contract
    monkeypatch.setattr(
        held, "load_contract", lambda name: changed if name == "gp_contact" else kept(name)
    )
    ensure_held(conn)
    later = contacts(KEYS[:1]).with_columns(mode=pl.lit("by_pigeon"))
    hold(conn, {"gp_contact": numbered([(origin("2019-02", "a.csv"), later)])})
    found = read_frame(conn, "select mode from taken.gp_contact order by delivery_id, source_row")
    assert found["mode"].to_list() == [*modes[:5], "by_pigeon"]
    rows = rows_sql(conn, changed, "select delivery_id from held.origin_of_row")
    assert set(read_frame(conn, rows)["mode"]) == {*modes[:5], "by_pigeon"}


def test_a_word_of_no_list_is_an_error_and_a_blank_stays_one(conn: Connection) -> None:
    strange = contacts(KEYS[:1]).with_columns(mode=pl.lit("by pigeon"))
    with pytest.raises(pl.exceptions.InvalidOperationError, match="replace"):
        hold(conn, {"gp_contact": numbered([(origin("2019-01", "a.csv"), strange)])})
    blank = numbering(("a", "b"))(pl.Series(["b", None, "a"]))
    assert blank.to_list() == [2, None, 1]


@given(heights=st.lists(st.sampled_from([0, 1, 3, 9, 10, 11, 25, 40]), min_size=1, max_size=6))
def test_frames_of_any_length_are_added_whole_and_in_order(heights: list[int]) -> None:
    numbers = iter(range(sum(heights)))
    given_frames = [
        pl.DataFrame({"n": [next(numbers) for _ in range(height)]}, schema={"n": pl.Int64})
        for height in heights
    ]
    conn = open_memory()
    conn.execute("create table t (n bigint)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "_ROW_GROUP", 10)
        append_frames(conn, "t", iter(given_frames))
        cut = list(frames._in_row_groups(iter(given_frames)))
    assert read_frame(conn, "from t")["n"].to_list() == list(range(sum(heights)))
    assert [one.height for one in cut[:-1]] == [10] * (len(cut) - 1)
    conn.close()
