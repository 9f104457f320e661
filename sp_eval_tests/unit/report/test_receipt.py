"""Receipts: ten lines, the commonest first, the same words on the page and in the text."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import polars as pl
import pytest

from sp_eval.contracts.frames import empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.report.receipt import MOST_LINES, Receipt, ReceiptFacts, receipt_of
from sp_eval.report.receipt_learned import learned
from sp_eval.report.receipt_page import as_page, as_text

Row = dict[str, Any]


def rows_of(contract: str, rows: list[Row]) -> pl.DataFrame:
    empty = empty_frame(load_contract(contract, "published"))
    return pl.DataFrame([dict.fromkeys(empty.columns) | r for r in rows], schema=empty.schema)


def file(name: str, used: int, refused: int = 0, repeated: int = 0, status: str = "current") -> Row:
    return {
        "file": name, "sheet": "", "status": status, "rows_in": used + refused + repeated,
        "rows_accepted": used, "rows_quarantined": refused, "rows_duplicate": repeated,
    }  # fmt: skip


def fault(
    name: str, row: int | None, reason: str, column: str | None = None, rule: str = ""
) -> Row:
    return {
        "file": name, "sheet": "", "row_number": row, "column_name": column, "reason": reason,
        "rule": rule,
    }  # fmt: skip


def made(files: list[Row], faults: list[Row], **more: Any) -> Receipt:
    facts = ReceiptFacts(
        "Testshire", "2019-04", rows_of("delivery", files), rows_of("rejection", faults), **more
    )
    return receipt_of(facts)


def labelled(receipt: Receipt, label: str) -> list[str]:
    return [said for name, said in receipt.lines if name == label]


def test_all_used() -> None:
    told = made([file("a.csv", 10), file("b.csv", 5, repeated=1)], [])
    assert told.headline == "Thank you: 15 of 16 rows used."
    assert labelled(told, "Received") == ["2 files with 16 rows."]
    assert labelled(told, "Used") == [
        "15 of 16 rows (93.8%). 1 row repeated an earlier row and counted once."
    ]
    assert labelled(told, "What to do") == ["nothing; all is in order."]
    assert labelled(told, "Not used") == []


def test_at_most_ten_lines_commonest_first_and_grouped_over_files() -> None:
    faults = [
        fault(f"{name}.csv", row, f"Reason {kind}.", "Date")
        for kind in range(1, 21)
        for row in range(kind)
        for name in ("a", "b")
    ]
    told = made(
        [file("a.csv", 9, 20), file("b.csv", 9, 20)],
        faults,
        unusual=("U.", "V."),
        learned="L.",
        reply="reply.xlsx",
    )
    assert len(told.lines) == MOST_LINES == 10
    assert labelled(told, "Not used")[0] == "40 rows: Date, a.csv, b.csv: Reason 20."
    counts = [int(said.split()[0]) for said in labelled(told, "Not used")]
    assert counts == [40, 38, 36, 34]
    assert labelled(told, "And also") == ["16 further reasons, less common."]
    (odd,) = labelled(told, "Please check")
    assert odd.startswith("U. (1 further point.)")
    assert [label for label, _ in told.lines].index("Please check") == 2  # before single rows
    assert labelled(told, "Learned so far") == ["L."]
    assert "reply.xlsx" in labelled(told, "What to do")[0]


def test_a_stopped_month_says_what_to_do_and_counts_nothing_as_used() -> None:
    told = made(
        [file("a.csv", 90, 30, status="refused"), file("b.csv", 50, status="refused")],
        [fault("a.csv", None, "Stopped. Send again.", rule="brake")],
    )
    assert told.headline == "Nothing of this delivery is used yet."
    assert (told.rows_in, told.rows_used, told.rows_not_used) == (170, 0, 170)
    assert "140 rows in order, but waiting" in labelled(told, "Used")[0]
    assert labelled(told, "Not used") == ["a.csv: Stopped. Send again."]
    assert labelled(told, "What to do")[0].startswith("put right what is named above and send the")
    assert "earlier figures stand" in labelled(told, "What to do")[0]


def test_what_is_missing_is_named() -> None:
    names = [f"p{n}.csv" for n in range(5)]
    told = made(
        [file("a.csv", 3), *(file(n, 0, status="missing") for n in names)],
        [fault(n, None, "Missing. Send it.", rule="missing") for n in names],
    )
    assert labelled(told, "Received") == ["1 file with 3 rows."]
    assert labelled(told, "Missing") == ["p0.csv, p1.csv, p2.csv and 2 more: Missing. Send it."]


def test_a_file_is_called_what_it_is_called() -> None:
    told = made([file("a.csv", 3), file("replies/r.xlsx", 0, status="refused")],
                [fault("replies/r.xlsx", None, "No.", rule="reply_unknown")])  # fmt: skip
    assert "Not used: replies/r.xlsx: No." in as_text(told)
    assert "<dd>replies/r.xlsx: No.</dd>" in as_page(told)


def test_page_and_text_say_the_same_and_need_nothing_else() -> None:
    told = made([file("<a>&.csv", 3, 1)], [fault("<a>&.csv", 2, "Reason.", "Date")], learned="L.")
    page, text = as_page(told), as_text(told)
    body = page.split("<body>")[1]
    words = " ".join(unescape(re.sub("<[^>]+>", " ", body)).replace(":", " ").split())
    assert words == " ".join(text.replace(":", " ").split())
    assert "<a>&" not in page
    assert not re.search(r"https?:|<script|<link|<img|url\(|@import", page)
    assert 'name="viewport"' in page
    assert "@media print" in page


ESTIMATE: Row = {
    "study_id": "s", "scheme_code": "x", "outcome": "gp_contact", "outcome_role": "primary",
    "role": "primary", "status": "released",
}  # fmt: skip


def figures(verdict: str, low: float, point: float, high: float, ratio: float) -> pl.DataFrame:
    difference, rate = "rate_difference_per_1000_person_years", "rate_per_1000_person_years"
    rows = [
        ("matched_rate_ratio", difference, (point, low, high)),
        ("matched_rate_ratio", "rate_ratio", (ratio,) * 3),
        ("observed_before", rate, (9000,) * 3),
        ("expected_without_scheme", rate, (7000 - point,) * 3),
        ("observed_after", rate, (7000,) * 3),
    ]
    return pl.DataFrame(
        [
            ESTIMATE
            | {"method": method, "scale": scale, "verdict": verdict, "ci_level": 0.95}
            | {"withheld_reason": None}
            | dict(zip(("point", "ci_low", "ci_high"), map(float, ends), strict=True))
            for method, scale, ends in rows
        ]
    )


def said_of(estimate: pl.DataFrame, attrition: pl.DataFrame, scheme: str = "x") -> str:
    return learned({"estimate": estimate, "attrition": attrition}, scheme=scheme)


def people(*counts: int | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"study_id": "s", "scheme_code": "x", "step_number": n, "people": count}
        for n, count in enumerate(counts, 1)
    )


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (
            figures("fewer", -1380, -1080, -750, 0.86),
            "For every 100 people referred there were 108 fewer GP and nurse contacts a year than"
            " among similar people who were not referred (95% interval 75 to 138 fewer; 14%"
            " fewer).",
        ),
        (
            figures("more", 750, 1080, 1380, 1.14),
            "For every 100 people referred there were 108 more GP and nurse contacts a year than"
            " among similar people who were not referred (95% interval 75 to 138 more; 14% more).",
        ),
        (
            figures("cannot_tell", -400, -100, 250, 0.98),
            "GP and nurse contacts: too few people or events: the truth may lie between 40 fewer"
            " and 25 more for every 100 people a year. This is not evidence of no effect.",
        ),
    ],
)
def test_the_verdict_in_the_words_of_the_report(estimate: pl.DataFrame, said: str) -> None:
    assert said_of(estimate, people(200, 185), "x") == said


def test_without_a_verdict_it_says_who_can_be_followed() -> None:
    withheld = figures("fewer", -2, -1, 0, 1).with_columns(status=pl.lit("withheld"))
    told = said_of(withheld, people(200, 185), "x")
    assert told.startswith("of about 200 referrals, about 185 people can be followed")
    assert "none of about 200 referrals" in said_of(withheld, people(200, 0), "x")
    assert said_of(withheld, people(200, 185), "y").startswith("no result yet")


def test_before_anything_is_released_it_says_so() -> None:
    nothing = [empty_frame(load_contract(n, "published")) for n in ("estimate", "attrition")]
    assert said_of(nothing[0], nothing[1]).startswith("no result yet")


def test_a_tiny_scheme_is_told_kindly_and_without_a_figure() -> None:
    for hidden in (people(200, None), people(None, None)):
        told = said_of(figures("fewer", -2, -1, -1, 0.5), hidden)
        assert "several years taken together" in told
        assert not re.search(r"\d", told)


def test_the_name_of_a_file_is_left_as_it_is_written() -> None:
    faults = [
        fault("gp_book.csv", None, "It cannot be opened.", rule="unreadable"),
        fault("register.csv", None, "It is missing.", rule="missing"),
    ]
    told = made([file("gp_book.csv", 0, status="refused")], faults)
    text = as_text(told)
    assert "Not used: gp_book.csv: It" in text
    assert "Missing: register.csv: It" in text
    assert "What to do: Put right" in text
    assert "<dd>gp_book.csv: It" in as_page(told)
