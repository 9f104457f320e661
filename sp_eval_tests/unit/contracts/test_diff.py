"""What changed between two versions of a contract: which way, in what words, what step."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sp_eval.contracts.contract import Contract, RowRule
from sp_eval.contracts.diff import contract_changes, step_between, step_needed
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.settings import project_root
from sp_eval_tests.support.runs import run_line

REFERRAL = load_contract("referral")
FILE = project_root() / "data_contracts" / "extract" / "referral.odcs.yaml"
ROUTES = REFERRAL.column("route").allowed or ()


def with_column(name: str, **changes: Any) -> Contract:
    columns = tuple(replace(c, **changes) if c.name == name else c for c in REFERRAL.columns)
    return replace(REFERRAL, columns=columns)


def without(name: str) -> Contract:
    return replace(REFERRAL, columns=tuple(c for c in REFERRAL.columns if c.name != name))


TIGHTER: dict[str, tuple[Contract, str]] = {
    "a value goes": (with_column("route", allowed=ROUTES[1:]), f"'{ROUTES[0]}' is no longer taken"),
    "it must be given": (with_column("route", required=True), "It must be given"),
    "it must not repeat": (with_column("person_key", unique=True), "It must not repeat"),
    "a pattern": (with_column("route", pattern="^x$"), "It must look like ^x$"),
    "a higher least": (with_column("route", minimum=1), "Its least is 1; it had none"),
    "a lower most": (with_column("route", maximum=9), "Its most is 9; it had none"),
    "another type": (with_column("route", logical_type="integer"), "Its type is integer"),
    "another unit": (with_column("route", unit="days"), "Its unit is days; it was none"),
    "a column goes": (without("route"), "no longer taken"),
    "another grain": (replace(REFERRAL, grain="One row a person."), "One row a person."),
}  # fmt: skip


@pytest.mark.parametrize("case", TIGHTER)
def test_what_tightens_loosens_when_read_backwards(case: str) -> None:
    new, told = TIGHTER[case]
    (there,) = contract_changes(REFERRAL, new)
    assert there.effect == "tightening"
    assert told in there.sentence
    assert step_needed([there]) == "major"
    (back,) = contract_changes(new, REFERRAL)
    both_ways = {"another type", "another unit", "another grain"}
    assert back.effect == ("tightening" if case in both_ways else "loosening")


def test_a_list_where_any_value_was_taken_tightens() -> None:
    free = with_column("route", allowed=None)
    (change,) = contract_changes(free, REFERRAL)
    assert (change.effect, change.column) == ("tightening", "route")
    assert all(route in change.sentence for route in ROUTES)


def test_a_range_moves_either_way() -> None:
    narrow = with_column("route", minimum=2, maximum=8)
    wide = with_column("route", minimum=1, maximum=9)
    assert [c.effect for c in contract_changes(wide, narrow)] == ["tightening"] * 2
    assert [c.effect for c in contract_changes(narrow, wide)] == ["loosening"] * 2
    assert contract_changes(wide, narrow)[0].sentence == "Its least is 2; it was 1."


def test_a_new_column_loosens_unless_it_must_be_given() -> None:
    bare = without("route")
    assert [c.effect for c in contract_changes(bare, REFERRAL)] == ["loosening"]
    wanted = with_column("route", required=True)
    assert [c.effect for c in contract_changes(bare, wanted)] == ["tightening"]


def test_rules_over_columns() -> None:
    rule = RowRule(rule="r", columns=("route",), expression="route <> ''", message="Say who.")
    held = replace(REFERRAL, rules=(*REFERRAL.rules, rule))
    (new,) = contract_changes(REFERRAL, held)
    assert (new.effect, new.column) == ("tightening", None)
    assert new.sentence == "The rule 'r' is new: Say who."
    assert contract_changes(held, REFERRAL)[0].effect == "loosening"
    other = replace(held, rules=(*REFERRAL.rules, replace(rule, expression="route <> 'x'")))
    assert contract_changes(held, other)[0].effect == "tightening"
    reworded = replace(held, rules=(*REFERRAL.rules, replace(rule, message="Who?")))
    assert contract_changes(held, reworded)[0].effect == "words"


def test_words_ask_for_a_patch_and_the_gravest_change_decides() -> None:
    words = contract_changes(REFERRAL, with_column("route", description="Who sent them."))
    assert [c.effect for c in words] == ["words"]
    assert step_needed(words) == "patch"
    both = contract_changes(
        REFERRAL, with_column("route", description="Who sent them.", allowed=ROUTES[1:])
    )
    assert [c.effect for c in both] == ["tightening", "words"]
    assert step_needed(both) == "major"
    assert step_needed([]) == "none"


@pytest.mark.parametrize("name", contract_names())
def test_nothing_changed_against_itself(name: str) -> None:
    assert contract_changes(load_contract(name), load_contract(name)) == ()


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [("1.2.3", "2.0.0", "major"), ("1.2.3", "1.3.0", "minor"), ("1.2.3", "1.2.4", "patch"),
     ("1.2.3", "1.2.3", "none"), ("1.9.0", "1.10.0", "minor")],
)  # fmt: skip
def test_steps_of_a_version(old: str, new: str, step: str) -> None:
    assert step_between(old, new) == step


@pytest.mark.parametrize(("old", "new"), [("2.0.0", "1.9.9"), ("1.0", "1.0.1"), ("1.0.0", "new")])
def test_versions_that_cannot_be_compared(old: str, new: str) -> None:
    with pytest.raises(ValueError, match="version"):
        step_between(old, new)


def changed(folder: Path, *pairs: tuple[str, str]) -> Path:
    text = FILE.read_text(encoding="utf-8")
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after, 1)
    path = folder / "newer.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_by_the_command_a_tightening_wants_a_major_step(tmp_path: Path) -> None:
    fewer = ("social_care, ", "")
    told = run_line("contract", "diff", str(FILE), str(changed(tmp_path, fewer)))
    assert told.status == 1
    assert "route: The value 'social_care' is no longer taken." in told.sentences()
    assert "must take a major step" in told.sentences()
    now = REFERRAL.version
    stepped = changed(tmp_path, fewer, (f"version: {now}", "version: 2.0.0"))
    assert run_line("contract", "diff", str(FILE), str(stepped)).status == 0
    back = run_line("contract", "diff", str(stepped), str(FILE))
    assert back.status == 2
    assert f"version {now} is earlier than 2.0.0" in back.sentences()


def test_by_the_command_against_the_one_in_use() -> None:
    told = run_line("contract", "diff", str(FILE))
    assert (told.status, "Nothing changed." in told.sentences()) == (0, True)


def test_a_value_taken_off_a_shared_list_tightens(tmp_path: Path) -> None:
    for part in ("extract", "codes"):
        shutil.copytree(project_root() / "data_contracts" / part, tmp_path / part)
    needs = tmp_path / "codes" / "need.csv"
    kept = [li for li in needs.read_text(encoding="utf-8").splitlines() if li[:8] != "smoking,"]
    needs.write_text("\n".join(kept) + "\n", encoding="utf-8")
    fewer = tmp_path / "extract" / "referral.odcs.yaml"
    told = run_line("contract", "diff", str(FILE), str(fewer))
    assert told.status == 1
    assert "primary_need: The value 'smoking' is no longer taken." in told.sentences()
    back = run_line("contract", "diff", str(fewer))
    assert "primary_need: The value 'smoking' is taken." in back.sentences()


def test_a_name_stands_for_the_contract_as_last_released(tmp_path: Path) -> None:
    told = run_line("contract", "diff", "referral", str(changed(tmp_path, ("social_care, ", ""))))
    assert told.status == 1
    assert "referral: from version" in told.sentences()
    assert "route: The value 'social_care' is no longer taken." in told.sentences()
    assert "no contract of this name" in run_line("contract", "diff", "referal").sentences()
    assert "leave it out to compare" in run_line("contract", "diff", "person", "gp").sentences()
    other = project_root() / "data_contracts" / "extract" / "gp_contact.odcs.yaml"
    told = run_line("contract", "diff", "person", str(other))
    assert told.status == 2
    assert "person and gp_contact are two contracts" in told.sentences()


def test_what_is_no_contract_is_refused_by_its_path(tmp_path: Path) -> None:
    other = tmp_path / "notes.yaml"
    other.write_text("id: something else\n", encoding="utf-8")
    for path, told in (
        (other, "is no contract of sp_eval"),
        (tmp_path / "none.odcs.yaml", "There is no file"),
        (changed(tmp_path, ("logicalType: date", "logicalType: dates")), "newer.odcs.yaml"),
    ):
        ended = run_line("contract", "diff", str(path))
        assert ended.status == 2
        assert told in ended.sentences()
        assert path.name in ended.sentences()
