"""The mappings: valid, closed, published as JSON Schema, and refused when they leave a gap."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from sp_eval.contracts.odcs import ContractError
from sp_eval.contracts.scheme_mapping import (
    SchemeMapping,
    load_mapping,
    mapped_schemes,
    mapping_json_schema,
    read_mapping,
)
from sp_eval.settings import project_root

SCHEMES = project_root() / "data_contracts" / "schemes"
CUSTOMARY = {
    "person", "referral", "contact", "activity", "gp_contact", "hospital_activity",
    "outcome_response", "programme_cost", "population",
}  # fmt: skip


@pytest.mark.parametrize("scheme", mapped_schemes())
def test_each_scheme_is_explained(scheme: str) -> None:
    mapping = load_mapping(scheme)
    assert mapping.scheme_code == scheme
    source = (SCHEMES / scheme / "SOURCE.md").read_text(encoding="utf-8")
    for dataset in mapping.datasets.values():
        stem = re.split(r"[*{]", dataset.file)[0]
        assert stem in source, f"SOURCE.md does not speak of {dataset.file}"


@pytest.mark.parametrize("scheme", mapped_schemes())
def test_each_scheme_supplies_what_an_evaluation_needs(scheme: str) -> None:
    mapping = load_mapping(scheme)
    datasets = mapping.datasets.values()
    sent = {dataset.contract for dataset in datasets}
    # every table is sent, or it is said why not
    assert sent | set(mapping.absent) >= CUSTOMARY
    covered = {source for d in datasets if d.covers for source in d.covers.sources}
    hospital = {"ae", "inpatient", "outpatient"} if "hospital_activity" in sent else set()
    assert covered == hospital | ({"gp_contact"} & sent)


@pytest.mark.parametrize("scheme", mapped_schemes())
def test_names_and_dates_of_birth_never_leave_the_reader(scheme: str) -> None:
    for dataset in load_mapping(scheme).datasets.values():
        read = " ".join(dataset.read_columns - set(dataset.columns)).lower()
        assert not re.search(r"client name|\bdob\b|coordinator|address|postcode", read)


def test_the_published_schema_is_the_models() -> None:
    published = (SCHEMES / "mapping.schema.json").read_text(encoding="utf-8")
    assert published == mapping_json_schema(), (
        "write mapping_json_schema() to data_contracts/schemes/mapping.schema.json"
    )


def test_only_mapped_schemes_load() -> None:
    with pytest.raises(ContractError, match=r"no mapping for 'atlantis'; there are: .*glouc"):
        load_mapping("atlantis")


ABSENT = {"absent": "not supplied"}
SOUND: dict[str, Any] = {
    "scheme_code": "testshire",
    "title": "Testshire",
    "identifier": "nhs_number",
    "datasets": {
        "gp": {
            "contract": "gp_contact",
            "file": "books/{practice}.csv",
            "identifier": "NHS",
            "columns": {
                "person_key": {"from": "NHS"},
                "practice_code": {"from_path": "practice"},
                "contact_date": {"from": "Date", "parse": "date"},
                "staff": {"from": "Who", "recode": {"GP": "gp"}},
                "mode": {"const": "telephone"},
                "status": {"decide": [{"when": {"Came": "Y"}, "then": "attended"}]},
            },
            "drop": {"Name": "identifies the person"},
        }
    },
}


def test_a_sound_mapping() -> None:
    assert SchemeMapping.model_validate(SOUND).datasets["gp"].source_columns == {
        "NHS",
        "Date",
        "Who",
        "Came",
        "Name",
    }


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda gp: gp.update(contract="appointments"), "unknown contract"),
        (lambda gp: gp["columns"].pop("mode"), r"each column needs one rule.*mode"),
        (lambda gp: gp["columns"].update(room={"from": "Room"}), r"needs one rule.*room"),
        (lambda gp: gp["columns"].update(staff=ABSENT), "staff is required"),
        (lambda gp: gp["columns"].update(staff={"const": "vet"}), "'vet' is not among"),
        (
            lambda gp: gp["columns"].update(staff={"from": "Who", "recode": {"V": "vet"}}),
            r"'vet' is not among the contract's values \(gp, nurse",
        ),
        (
            lambda gp: gp["columns"].update(
                status={"decide": [{"when": {"Came": "Y"}, "then": "seen"}]}
            ),
            "'seen' is not among",
        ),
        (lambda gp: gp["columns"].update(contact_date={"from": "Date"}), "how to parse"),
        (lambda gp: gp["columns"].update(person_key={"from": "Name"}), "must come from"),
        (lambda gp: gp.update(identifier="Who"), "must come from"),
        (lambda gp: gp["columns"].update(mode={"from": "NHS"}), "make no other column"),
        (
            lambda gp: gp["columns"].update(practice_code={"from_path": "site"}),
            r"no part \{site\}",
        ),
        (
            lambda gp: gp["columns"].update(practice_code={"const": "not sent"}),
            "practice_code: 'not sent' is no text like L84002",
        ),
        (lambda gp: gp["drop"].update(Who="not needed"), "dropped and yet used: Who"),
        (lambda gp: gp.update(footer={"Total": "x"}), "footer names columns"),
        (lambda gp: gp.update(belongs={"Site": "x"}), "belongs names columns"),
        (
            lambda gp: gp.update(layouts={"A": {"columns": {"NHS": "No"}}}),
            "each column must have its header",
        ),
        (lambda gp: gp["columns"].update(mode={"from": "A", "const": "b"}), "exactly one of"),
        (lambda gp: gp["columns"].update(mode={"const": "b", "split": {}}), "Field required"),
        (lambda gp: gp["columns"].update(mode={"compute": "a + b"}), "not permitted"),
        (lambda gp: gp.update(sql="select 1"), "not permitted"),
        (lambda gp: gp.update(check={"Room": {}}), "must ask for something"),
        (lambda gp: gp.update(check={"Room": {"metric_of": ["a"]}}), "go together"),
        (
            lambda gp: gp["columns"].update(mode={"when": {"A": "1"}, "const": "admin"}),
            "when and take go together",
        ),
        (
            lambda gp: gp["columns"].update(mode={"const": "admin", "recode": {"a": "admin"}}),
            "refine from",
        ),
        (
            lambda gp: gp["columns"].update(contact_date={"from": "D", "parse": "guess"}),
            "Input should be",
        ),
    ],
)
def test_a_mapping_with_a_gap_is_refused(change: Change, message: str) -> None:
    raw = copy.deepcopy(SOUND)
    change(raw["datasets"]["gp"])
    with pytest.raises(ValidationError, match=message):
        SchemeMapping.model_validate(raw)


def test_an_error_names_the_place_in_one_sentence(tmp_path: Path) -> None:
    raw = copy.deepcopy(SOUND)
    raw["datasets"]["gp"]["columns"].pop("mode")
    folder = tmp_path / "testshire"
    folder.mkdir()
    (folder / "mapping.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(ContractError) as error:
        read_mapping(folder / "mapping.yaml")
    told = str(error.value)
    assert told.startswith("testshire/mapping.yaml: datasets > gp: ")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("change", "begins", "told"),
    [
        (lambda gp: gp["columns"].update(mode={"const": "pigeon"}), "mode", "'pigeon' .*"),
        (lambda gp: gp["drop"].update(Who="not needed"), "Who", "gp: dropped and yet used: Who.*"),
        (  # {absent: not sent, by choice}
            lambda gp: gp["columns"].update(mode={"absent": "not sent", "by choice": None}),
            "by choice",
            "by choice: is no word of a mapping: a text with a comma.* quotation marks",
        ),
        (lambda gp: gp.update(colunms={}), "colunms", "colunms: is no word that may stand here"),
    ],
)
def test_an_error_in_a_column_tells_its_line(
    tmp_path: Path, change: Change, begins: str, told: str
) -> None:
    raw = copy.deepcopy(SOUND)
    change(raw["datasets"]["gp"])
    folder = tmp_path / "testshire"
    folder.mkdir()
    text = yaml.safe_dump(raw)
    (folder / "mapping.yaml").write_text(text, encoding="utf-8")
    line = next(n for n, one in enumerate(text.splitlines(), 1) if one.strip().startswith(begins))
    with pytest.raises(ContractError, match=rf"{told} \(line {line}\)$"):
        read_mapping(folder / "mapping.yaml")


@pytest.mark.parametrize(
    ("covers", "told"),
    [
        (["gp_contact"], r"covers: must be written as names with values.* \(line \d+\)$"),
        (
            {"sources": ["inpatint"], "from": "2019-01-01"},
            r"sources > 0: Input should be .*'emergency_inpatient'.*'inpatient' \(line \d+\)$",
        ),
    ],
)
def test_coverage_written_wrongly_is_told_without_words_of_python(
    tmp_path: Path, covers: object, told: str
) -> None:
    raw = copy.deepcopy(SOUND)
    raw["datasets"]["gp"]["covers"] = covers
    folder = tmp_path / "testshire"
    folder.mkdir()
    (folder / "mapping.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(ContractError, match=told) as error:
        read_mapping(folder / "mapping.yaml")
    assert "instance" not in str(error.value)
    assert "literal[" not in str(error.value)
