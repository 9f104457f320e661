"""Levels are fixed beforehand, leave no gap and do not overlap."""

from __future__ import annotations

from typing import get_args

import pytest

from sp_eval.contracts.codes import code_table
from sp_eval.contracts.odcs import load_contract
from sp_eval.study.design import Subgroup
from sp_eval.study.outcomes import OUTCOMES
from sp_eval.study.subgroups import EARLIER_BANDS, Division, Level, division_of
from sp_eval_tests.support.studies import a_study

NAMES = get_args(Subgroup)


def inside(level: Level, value: int) -> bool:
    return (level.least is None or value >= level.least) and (
        level.most is None or value <= level.most
    )


def known(division: Division) -> list[Level]:
    return [level for level in division.levels if level.is_known]


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("name", ["earlier_use", "age", "ltc_count"])
def test_every_whole_number_is_in_one_level(name: Subgroup, outcome: str) -> None:
    levels = known(division_of(name, outcome))
    for value in range(125):
        assert sum(inside(level, value) for level in levels) == 1, value


def test_every_fifth_of_deprivation_is_in_one_level() -> None:
    levels = known(division_of("deprivation", "gp_contact"))
    for fifth in range(1, 6):
        assert sum(inside(level, fifth) for level in levels) == 1
    assert not any(inside(level, value) for level in levels for value in (0, 6))


def test_every_ethnic_category_is_in_one_level_but_those_that_tell_nothing() -> None:
    levels = known(division_of("ethnicity", "gp_contact"))
    for row in code_table("ethnic_category"):
        found = sum(row["code"] in level.values for level in levels)
        assert found == (row["code"] not in ("Z", "99")), row


@pytest.mark.parametrize("name", NAMES)
def test_only_the_last_level_is_of_people_not_known(name: Subgroup) -> None:
    division = division_of(name, "gp_contact")
    assert division.name == name
    assert all(level.is_known for level in division.levels[:-1])
    assert len({level.label for level in division.levels}) == len(division.levels)
    assert (division.levels[-1].is_known) == (name == "earlier_use")


@pytest.mark.parametrize("name", [n for n in NAMES if n != "earlier_use"])
def test_each_stands_in_a_column_of_a_contract(name: Subgroup) -> None:
    division = division_of(name, "gp_contact")
    assert division.contract is not None
    assert division.column in load_contract(division.contract, "extract").names


def test_earlier_use_ends_before_the_busy_weeks_that_lead_to_referral() -> None:
    assert EARLIER_BANDS == ("d180_90", "d365_180")


def test_rare_care_is_cut_lower_than_contacts() -> None:
    contacts = division_of("earlier_use", "gp_contact")
    assert [level.label for level in contacts.levels] == ["0 to 2", "3 to 5", "6 or more"]
    rare = division_of("earlier_use", "ae_attendance")
    assert [level.label for level in rare.levels] == ["none", "1", "2 or more"]


def test_only_carers_are_known_of_people_referred_alone() -> None:
    divisions = [division_of(name, "gp_contact") for name in NAMES]
    assert [d.name for d in divisions if not d.of_everybody] == ["carer"]


def test_a_study_names_them_and_no_others() -> None:
    assert a_study(subgroups=["sex"]).subgroups == ("sex",)
    with pytest.raises(ValueError, match="subgroups"):
        a_study(subgroups=["postcode"])
