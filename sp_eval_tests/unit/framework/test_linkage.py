"""Linkage by group: chance judged rightly, small groups hidden, what is not known not guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency, fisher_exact

from sp_eval.framework.linkage import Division, chance_of_difference, divisions_of, people_in_all
from sp_eval.study.design import Disclosure

POLICY = Disclosure()


def counts(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Rows `dataset, is_linked, sex, third_of_deprivation, people`."""
    made = pl.DataFrame(
        rows,
        schema={
            "dataset": pl.String,
            "is_linked": pl.Boolean,
            "sex": pl.String,
            "third_of_deprivation": pl.Int32,
            "people": pl.Int64,
        },
        orient="row",
    )
    return made.with_columns(
        is_registered=pl.col("is_linked"),
        ethnic_category=pl.lit(None, pl.String),
        imd_quintile=pl.lit(None, pl.Int32),
        third_of_ethnicity=pl.lit(None, pl.Int32),
    )


def by(found: list[Division], name: str, measure: str = "is_linked") -> Division:
    return next(d for d in found if d.by == name and d.measure == measure)


def test_chance_is_that_of_the_exact_test_and_of_pearsons_where_groups_are_large() -> None:
    small = np.array([[9, 1], [4, 6]])
    assert chance_of_difference(small) == pytest.approx(fisher_exact(small).pvalue, abs=0.02)
    large = np.array([[480, 20], [470, 30], [450, 50]])
    assert chance_of_difference(large) == pytest.approx(
        chi2_contingency(large, correction=False).pvalue, abs=0.003
    )
    assert chance_of_difference(np.array([[50, 0], [30, 0]])) == 1


def test_equal_linkage_seldom_warns_and_unequal_does() -> None:
    rng = np.random.default_rng(2)
    warned = 0
    for _ in range(60):
        lost = rng.binomial([300, 300], 0.06)
        found = divisions_of(_by_sex(*lost), POLICY)
        warned += any(d.least is not None for d in found)
    assert warned <= 2
    told = by(divisions_of(_by_sex(12, 60), POLICY), "sex")
    assert told.least is not None
    assert told.most is not None
    assert (told.least.name, told.most.name) == ("men", "women")


def _by_sex(women_lost: int, men_lost: int) -> pl.DataFrame:
    return counts(
        ("referral", True, "female", 1, 300 - women_lost),
        ("referral", False, "female", 1, women_lost),
        ("referral", True, "male", 1, 300 - men_lost),
        ("referral", False, "male", 1, men_lost),
    )


def test_of_people_on_no_register_nothing_is_told_by_sex() -> None:
    found = divisions_of(
        counts(
            ("referral", True, "female", 1, 100),
            ("referral", True, "male", 2, 100),
            ("referral", False, None, 1, 20),
            ("referral", False, None, 2, 8),
        ),
        POLICY,
    )
    assert by(found, "sex").levels == ()
    assert "nothing is known of those who do not link" in by(found, "sex").reason
    practice = by(found, "third_of_deprivation")
    assert [(level.people, level.most_not) for level in practice.levels] == [
        (120, 20 / 120), (110, 10 / 108),
    ]  # fmt: skip


def test_people_known_from_an_earlier_register_count_and_the_others_are_told() -> None:
    found = divisions_of(
        counts(
            ("referral", True, "female", 1, 100),
            ("referral", False, "female", 1, 10),
            ("referral", True, "male", 1, 100),
            ("referral", False, None, 1, 30),
        ),
        POLICY,
    )
    assert by(found, "sex").unknown == pytest.approx(30 / 40)
    assert by(found, "sex").levels


def test_a_group_hidden_alone_takes_the_next_smallest_with_it() -> None:
    rows = [("gp_contact", True, "female", third, n) for third, n in ((1, 5), (2, 40), (3, 90))]
    found = by(
        divisions_of(counts(*rows, ("gp_contact", False, "female", 3, 10)), POLICY),
        "third_of_deprivation",
    )
    assert [level.people for level in found.levels] == [None, None, 100]
    assert [level.most_not for level in found.levels] == [None, None, 0.1]


def test_from_one_to_seven_who_do_not_link_look_alike() -> None:
    told = set()
    for lost in range(1, 8):
        frame = counts(
            ("referral", True, "female", 1, 100 - lost),
            ("referral", False, "female", 1, lost),
            ("referral", True, "male", 2, 100),
        )
        levels = by(divisions_of(frame, POLICY), "sex").levels
        told.add((levels, tuple(people_in_all(frame, POLICY))))
    assert len(told) == 1
