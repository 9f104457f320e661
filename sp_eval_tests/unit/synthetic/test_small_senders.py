"""Senders without dated use: each delivery is read whole, and every planted fault is found."""

from __future__ import annotations

import polars as pl
import pytest

from sp_eval.contracts.odcs import contract_names
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates
from sp_eval.synthetic.styles import STYLES
from sp_eval_tests.support.taking_in import taken

SMALL = ("newham", "halton", "surrey", "gateshead", "herts_west_essex")
# no register says who has died
NO_ERRORS = (
    "consent_no", "unlinked_not_on_register", "rereferral_within_28d", "referral_after_death",
)  # fmt: skip
FOUND_AS = {  # rule of the fault planted -> rule under which it is refused, where they differ
    "metric_holds_raw": {"metric_holds_raw"},
    "followup_before_baseline": {"date_order"},
    "score_out_of_range": {"out_of_range"},
    "total_disagrees_with_items": {"total_disagrees"},
}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """Small worlds, with faults."""
    out = tmp_path_factory.mktemp("small")
    for scheme in SMALL:
        size = {"people": 1_000, "referred": 30 if scheme == "gateshead" else 130}
        write_deliveries(out / scheme, schemes=[scheme], faults=FaultRates(), seed=4, **size)
    return {scheme: (out / scheme, taken(out / scheme, scheme)) for scheme in SMALL}


def planted(folder):
    found = pl.read_csv(folder / "truth" / "faults.csv", schema_overrides={"sheet": pl.String})
    return found.with_columns(
        pl.col("file").str.strip_prefix("2019-04/"), pl.col("sheet").fill_null("")
    )


@pytest.mark.parametrize("scheme", SMALL)
def test_every_planted_fault_is_found_and_no_sound_row_refused(delivered, scheme):
    folder, found = delivered[scheme]
    assert found.stopped is None
    assert found.delivery["status"].unique().to_list() == ["current"]
    place = ["file", "sheet", "row_number"]
    faults = planted(folder)
    errors = faults.filter(~pl.col("rule").is_in([*NO_ERRORS, "exact_duplicate"]))
    refused = found.rejection.with_columns(pl.col("row_number").cast(pl.Int64))
    assert errors.height >= (3 if scheme == "gateshead" else 12)
    assert errors.join(refused, on=place, how="anti").rows() == []
    assert refused.join(errors, on=place, how="anti").rows() == []
    for rule, told in FOUND_AS.items():
        of_rule = errors.filter(pl.col("rule") == rule).join(refused, on=place)
        assert set(of_rule["rule_right"]) <= told
    repeated = faults.filter(pl.col("rule") == "exact_duplicate").height
    assert found.delivery["rows_duplicate"].sum() == repeated


@pytest.mark.parametrize("scheme", SMALL)
def test_what_is_sent_and_what_is_not_is_the_whole_of_the_contracts(delivered, scheme):
    _, found = delivered[scheme]
    mapping = load_mapping(scheme)
    sent = {dataset.contract for dataset in mapping.datasets.values()}
    assert set(found.accepted) == sent
    assert {"person", "gp_contact", "hospital_activity"} <= set(mapping.absent)
    assert set(contract_names("extract")) >= sent | set(mapping.absent)
    assert scheme in STYLES


def test_units_are_told_apart_and_never_converted(delivered):
    _, found = delivered["newham"]
    answers = found.accepted["outcome_response"].filter(pl.col("instrument") == "hba1c")
    means = dict(answers.group_by("item").agg(pl.col("score").mean()).iter_rows())
    assert 7 < means["percent"] < 11
    assert 50 < means["mmol_mol"] < 90
    assert {"out_of_range", "unknown_code"} <= set(found.rejection["rule"])


def test_raw_scores_in_the_metric_column_are_named(delivered):
    _, found = delivered["halton"]
    assert "metric_holds_raw" in set(found.rejection["rule"])


def test_a_person_of_two_boroughs_is_one_person(delivered):
    _, found = delivered["surrey"]
    referral = found.accepted["referral"]
    twice = referral.filter(pl.col("person_key").is_duplicated())
    boroughs = twice.group_by("person_key").agg(
        pl.col("source_file").n_unique(), pl.col("referral_id").n_unique().alias("referrals")
    )
    assert boroughs.filter(pl.col("source_file") > 1).height >= 3
    assert (boroughs["referrals"] > 1).all()
    used = found.accepted["use_count"]
    assert set(used["period_days"]) == {182}
    assert used["source_file"].n_unique() == 2


def test_a_blank_count_stays_blank(delivered):
    _, found = delivered["gateshead"]
    used = found.accepted["use_count"]
    assert used["events"].null_count() > 0
    assert (used["events"] == 0).any()
    assert set(used["period_days"]) == {365}
    assert used["counted_on"].null_count() == 0


def test_later_calls_are_folded_and_a_spreadsheets_rounding_is_named(delivered):
    _, found = delivered["herts_west_essex"]
    referral = found.accepted["referral"]
    assert referral["referral_id"].is_unique().all()
    rows = found.delivery.filter(pl.col("file") == "HertsHelp_triage.csv")["rows_accepted"].sum()
    assert rows > referral.height * 1.2
    counts = found.accepted["code_count"]
    assert set(counts["meaning"]) == {"referred", "declined", "offered"}
    assert {"snomed_rounded", "snomed_bad_check_digit"} & set(found.rejection["rule"])


def test_newham_pays_at_its_milestones_and_people_stay_who_they_are(delivered):
    folder, _ = delivered["newham"]
    files = sorted((folder / "newham" / "2019-04").glob("measures_*.csv"))
    sent = pl.concat([pl.read_csv(file, infer_schema=False) for file in files])
    assert {"Start", "3 months", "6 months", "12 months"} <= set(sent["Milestone"])
    later = sent.filter(pl.col("Milestone") != "Start")["Milestone met"]
    assert 0.2 < (later == "Y").mean() < 0.9
    weight = sent.filter(pl.col("Measure") == "Weight", pl.col("Unit") == "kg").with_columns(
        pl.col("Value").cast(pl.Float64)
    )
    start = weight.filter(pl.col("Milestone") == "Start")
    pair = weight.filter(pl.col("Milestone") == "3 months").join(start, on="Participant")
    pair = pair.filter(pl.col("Value") < 1_000, pl.col("Value_right") < 1_000)
    assert pair.select(pl.corr("Value", "Value_right")).item() > 0.8
