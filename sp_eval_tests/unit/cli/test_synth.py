"""`sp-eval synth`: wishes no world can meet are refused, the others met."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from sp_eval.cli.synth import fault_rates
from sp_eval.synthetic.faults import FaultRates
from sp_eval_tests.support.runs import run_line

SMALL = ("--people", "300", "--referred", "30", "--seed", "7")


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        (("--effect", "gp_contact=much"), "give a number, as gp_contact=0.85"),
        (("--effect", "gp_contact"), "give a number"),
        (("--effect", "luck=0.5"), "unknown 'luck'; there are: gp_contact"),
        (("--effect", "gp_contact=-1"), "from 0 to 10"),
        (("--effect", "gp_contact=1e9"), "from 0 to 10"),
        (("--effect", "gp_contact=nan"), "from 0 to 10"),
        (("--effect", "gp_contact=inf"), "from 0 to 10"),
        (("--fault", "date_future=2"), "from 0 to 1"),
        (("--fault", "date_future=nan"), "from 0 to 1"),
        (("--fault", "earthquake=0.1"), "unknown 'earthquake'"),
        (("--scheme", "kent"), "no synthetic style 'kent'; there are: rotherham, gloucestershire"),
        (("--form", "paper"), "raw or contract, not 'paper'"),
        (("--people", "300", "--referred", "299"), "299 referred is too many"),
    ],
)
def test_wishes_that_cannot_be_met(wish: tuple[str, ...], word: str, tmp_path: Path) -> None:
    told = run_line("synth", "--out", str(tmp_path / "out"), *SMALL, *wish)
    assert told.status == 2
    assert len([line for line in told.err.splitlines() if line.strip()]) == 1
    assert word in told.err
    assert not (tmp_path / "out").exists()


def test_more_people_than_any_memory_holds() -> None:
    assert run_line("synth", "--out", "x", "--people", "1000000000").status == 2


def test_an_out_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    told = run_line("synth", "--out", str(tmp_path / "out"), *SMALL)
    assert told.status == 2
    assert "cannot be used: not a directory" in told.err


def test_raw_deliveries_and_where_they_lie(tmp_path: Path) -> None:
    told = run_line("synth", "--out", str(tmp_path), "--scheme", "rotherham", *SMALL,
                    "--effect", "gp_contact=0.5", "--faults", "0")  # fmt: skip
    assert told.status == 0
    assert str(tmp_path) in told.out
    assert len(list((tmp_path / "rotherham" / "2019-04").iterdir())) == 6
    truth = json.loads((tmp_path / "truth" / "truth.json").read_text(encoding="utf-8"))
    assert truth["schemes"]["rotherham"]["effects"]["gp_contact"] == 0.5
    assert len((tmp_path / "truth" / "faults.csv").read_text(encoding="utf-8").splitlines()) == 1


def test_contract_form(tmp_path: Path) -> None:
    told = run_line("synth", "--out", str(tmp_path), "--scheme", "gloucestershire", *SMALL,
                    "--form", "contract")  # fmt: skip
    assert told.status == 0
    people = pl.read_parquet(tmp_path / "gloucestershire" / "person.parquet")
    assert people["person_key"].n_unique() >= 290


def test_rates_of_faults() -> None:
    usual = FaultRates()
    doubled = fault_rates(2.0, {"date_future": 0.1})
    assert doubled.date_future == 0.1
    assert doubled.nhs_missing == 2 * usual.nhs_missing
    assert doubled.by_hand == usual.by_hand
    none = fault_rates(0.0, {})
    assert {kind: rate for kind, rate in asdict(none).items() if rate} == {"by_hand": usual.by_hand}
