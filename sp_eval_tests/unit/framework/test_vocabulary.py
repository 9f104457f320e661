"""Senders' words in the shared lists: by hand, nothing left out."""

from __future__ import annotations

import polars as pl

from sp_eval.contracts.information_standard import standard_items
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.framework.standard_held import Held, held_by, standard_columns, standard_rows
from sp_eval.framework.vocabulary import vocabulary_rows

WORDS = pl.DataFrame(
    [
        ("a", "activity_type", "choir", 5),
        ("a", "activity_type", "crafts", 2),
        ("a", "activity_type", "arts_and_culture", 1),
        ("a", "activity_type", "basket weaving under water", 3),
        ("a", "activity_type", None, 1),
        ("a", "need", "housing", 4),
        ("b", "need", None, 7),
    ],
    schema=["scheme_code", "list", "word", "entries"],
    orient="row",
)


def test_words_and_codes_are_counted_under_their_code() -> None:
    rows = vocabulary_rows(WORDS)
    found = {(r["scheme_code"], r["list"], r["code"]): r for r in rows.iter_rows(named=True)}
    arts = found["a", "activity_type", "arts_and_culture"]
    assert (arts["words"], arts["entries"], arts["share"]) == (3, 8, 8 / 12)
    assert found["a", "activity_type", "not_mapped"]["entries"] == 3
    assert found["a", "activity_type", "not_recorded"]["words"] == 0
    assert found["b", "need", "not_recorded"]["share"] == 1.0
    assert rows["entries"].sum() == WORDS["entries"].sum()


def test_where_a_mapping_recodes_its_words_are_counted() -> None:
    mapping = load_mapping("tower_hamlets")
    name = next(n for n, d in mapping.datasets.items() if d.contract == "referral")
    dataset = mapping.datasets[name]
    rule = dataset.columns["primary_need"]
    more = rule.model_copy(update={"recode": {**(rule.recode or {}), "No home": "housing"}})
    columns = {**dataset.columns, "primary_need": more}
    tables = {**mapping.datasets, name: dataset.model_copy(update={"columns": columns})}
    words = pl.DataFrame(
        [("tower_hamlets", "need", "housing", 4), ("tower_hamlets", "activity_type", "choir", 3)],
        schema=["scheme_code", "list", "word", "entries"],
        orient="row",
    )
    found = vocabulary_rows(words, [mapping.model_copy(update={"datasets": tables})])
    assert found.filter(code="housing")["words"].item() == 2  # it says Overcrowding, too
    assert found.filter(list="activity_type")["words"].item() == 1


def test_no_word_of_a_sender_is_published() -> None:
    assert "basket" not in vocabulary_rows(WORDS).write_csv()


def test_an_item_is_held_or_absent_with_the_reason_of_the_mapping() -> None:
    items = {item.item: item for item in standard_items()}
    told = {name: held_by(load_mapping("gloucestershire"), items[name]) for name in items}
    assert told["Ethnicity"] == Held("held", "person.ethnic_category", None)
    assert told["Answer or score"].status == "held"
    assert told["Caring role"] == Held("absent", "referral.is_carer", "the hubs do not record it")
    assert told["Contacts with the link worker"].status == "absent"
    identifies = "identifies the person; dropped by the reader"
    assert told["Name"] == Held("no_place", None, identifies)


def test_a_scheme_without_register_holds_what_its_referrals_do() -> None:
    items = {item.item: item for item in standard_items()}
    held = held_by(load_mapping("newham"), items["NHS number"])
    assert held == Held("held", "referral.person_key", None)


def test_the_share_filled_is_told_where_rows_came() -> None:
    filled = pl.DataFrame(
        {
            "scheme_code": ["rotherham"],
            "column": ["person.ethnic_category"],
            "entries": [8],
            "filled": [6],
        }
    )
    rows = standard_rows(["rotherham"], filled)
    assert rows.height == len(standard_items())
    ethnic = rows.row(by_predicate=pl.col("item") == "Ethnicity", named=True)
    assert ethnic["filled_share"] == 0.75
    assert rows["filled_share"].null_count() == rows.height - 1
    assert ("person", "ethnic_category") in standard_columns()
