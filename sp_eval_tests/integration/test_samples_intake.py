"""The senders' sample deliveries: every planted fault at its place, and no sound row refused.

The samples lie beside the repository and are read at run time only; where they are not there,
these tests are skipped.
"""

from __future__ import annotations

import csv
import io
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from sp_eval.contracts.frames import failures
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.ingest.delivery import take_in
from sp_eval.ingest.identity import holds_nhs_number
from sp_eval.ingest.taken import TakenIn
from sp_eval.settings import project_root

SAMPLES = project_root().parent / "shared" / "samples"
MONTH = "2019-04"
SCHEMES = ("rotherham", "gloucestershire")
SIZES = ("example_small", "example")

# the samples name some faults otherwise than the public rules do
PUBLIC_NAMES = {
    "score_out_of_range": "out_of_range",
    "imd_out_of_range": "out_of_range",
    "total_disagrees_with_items": "total_disagrees",
    "followup_before_baseline": "date_order",
    "discharge_before_admission": "date_order",
}
# rows that are sound, though the person or the second referral is left out later
NO_FAULTS = ("consent_no", "unlinked_not_on_register", "rereferral_within_28d")

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the sample deliveries (../shared/samples) are not there"
)


@dataclass(frozen=True)
class Sample:
    """One scheme of one sample, taken in, with what was planted in it."""

    folder: Path
    taken: TakenIn
    planted: pl.DataFrame
    seconds: float


def intake(folder: Path, scheme: str) -> TakenIn:
    return take_in(
        folder,
        mapping=load_mapping(scheme),
        month=MONTH,
        key=b"a key for tests only",
        received_at=datetime(2019, 5, 1, tzinfo=UTC),
    )


def planted_faults(size: str, scheme: str) -> pl.DataFrame:
    faults = pl.read_csv(SAMPLES / size / "truth" / "faults.csv", infer_schema=False)
    return faults.filter(scheme=scheme).select(
        pl.col("file").str.strip_prefix(f"{MONTH}/"),
        pl.col("sheet").fill_null(""),
        pl.col("row_number").cast(pl.Int32),
        pl.col("rule").replace(PUBLIC_NAMES),
    )


@pytest.fixture(scope="module", params=[(s, c) for s in SIZES for c in SCHEMES], ids="-".join)
def sample(request: pytest.FixtureRequest) -> Sample:
    size, scheme = request.param
    folder = SAMPLES / size / scheme / MONTH
    start = time.perf_counter()
    taken = intake(folder, scheme)
    seconds = time.perf_counter() - start
    return Sample(folder, taken, planted_faults(size, scheme), seconds)


def test_every_planted_fault_is_found_at_its_place(sample: Sample) -> None:
    planted = sample.planted.filter(~pl.col("rule").is_in([*NO_FAULTS, "exact_duplicate"]))
    place = ["file", "sheet", "row_number", "rule"]
    missed = planted.join(sample.taken.rejection, on=place, how="anti")
    assert planted.height > 0
    assert missed.rows() == []


def test_no_sound_row_is_refused(sample: Sample) -> None:
    faulty = sample.planted.filter(~pl.col("rule").is_in([*NO_FAULTS, "exact_duplicate"]))
    place = ["file", "sheet", "row_number"]
    wrongly = sample.taken.rejection.join(faulty, on=place, how="anti").select(place).unique()
    sound = sample.taken.delivery["rows_in"].sum() - faulty.select(place).n_unique()
    assert wrongly.height <= sound / 1000, wrongly.head(10).rows()


def test_rows_that_only_lead_to_exclusion_later_are_accepted(sample: Sample) -> None:
    place = ["file", "sheet", "row_number"]
    others = sample.planted.filter(~pl.col("rule").is_in(NO_FAULTS)).select(place)
    spared = sample.planted.filter(pl.col("rule").is_in(NO_FAULTS)).join(
        others, on=place, how="anti"
    )
    referrals = sample.taken.accepted["referral"]
    accepted = set(referrals.select("source_file", "source_row").iter_rows())
    assert spared.height > 0
    assert [
        row for row in spared.select("file", "row_number").iter_rows() if row not in accepted
    ] == []


def test_exact_duplicates_are_counted_file_by_file(sample: Sample) -> None:
    planted = sample.planted.filter(rule="exact_duplicate").group_by("file", "sheet").len()
    counted = sample.taken.delivery.filter(pl.col("rows_duplicate") > 0)
    found = counted.select("file", "sheet", "rows_duplicate")
    assert set(found.iter_rows()) == set(planted.iter_rows())


def test_rows_in_are_the_physical_data_rows(sample: Sample) -> None:
    for row in sample.taken.delivery.filter(sheet="").to_dicts():
        # an independent count: one header, no blank rows, no cell over several lines
        lines = (sample.folder / row["file"]).read_bytes().splitlines()
        assert row["rows_in"] == sum(1 for line in lines[1:] if line.strip(b" ,;\t"))
    conserved = pl.sum_horizontal("rows_accepted", "rows_quarantined", "rows_duplicate")
    assert sample.taken.delivery.filter(pl.col("rows_in") != conserved).height == 0
    refused = sample.taken.rejection.select("file", "sheet", "row_number").n_unique()
    assert sample.taken.delivery["rows_quarantined"].sum() == refused


def test_nothing_is_missing_stopped_or_read_otherwise_than_declared(sample: Sample) -> None:
    assert set(sample.taken.delivery["status"].to_list()) == {"current"}
    assert sample.taken.stopped is None
    assert sample.taken.notices == ()


def test_what_is_accepted_fulfils_its_contract(sample: Sample) -> None:
    for name, frame in sample.taken.accepted.items():
        assert failures(frame, load_contract(name)).height == 0, name


def test_everybody_accepted_is_linked_or_counted(sample: Sample) -> None:
    people = set(sample.taken.accepted["person"]["person_key"].to_list())
    contacts = sample.taken.accepted["gp_contact"]["person_key"].unique().to_list()
    unlinked = [key for key in contacts if key not in people]
    # whoever lost the register row to a planted fault stays in the other files
    assert len(unlinked) < 0.01 * len(people)


def test_no_number_or_name_comes_out(sample: Sample) -> None:
    names = client_names(sample.folder)
    assert len(names) > 100
    taken = sample.taken
    frames = [taken.delivery, taken.rejection, taken.declared_coverage, taken.tables]
    hidden = {"person_key", "referral_id", "delivery_id", "sha256"}
    for frame in [*frames, *taken.accepted.values()]:
        for column in frame.select(pl.col(pl.String)).iter_columns():
            texts = column.drop_nulls().unique().to_list()
            assert not names.intersection(texts)
            if column.name not in hidden:
                assert [text for text in texts if holds_nhs_number(text)] == []


def client_names(folder: Path) -> set[str]:
    hub = folder / "SP_hub_referrals.csv"
    if hub.exists():
        rows = csv.DictReader(io.StringIO(hub.read_bytes().decode("cp1252"), newline=""))
        return {row["Client name"] for row in rows}
    (book,) = folder.glob("VAR_SPS_*.xlsx")
    return set(pl.read_excel(book, sheet_name="Referrals", has_header=False)["column_1"].to_list())


def test_it_is_quick(sample: Sample) -> None:
    # generous: the machine that runs this may be slow and busy
    assert sample.seconds < 60


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[str], Path]:
    """Copy the small sample of a scheme, to spoil it."""

    def make(scheme: str) -> Path:
        return Path(shutil.copytree(SAMPLES / "example_small" / scheme / MONTH, tmp_path / scheme))

    return make


def spoilt(taken: TakenIn) -> Mapping[str, list[str]]:
    """Return file -> rules of whole-file refusals."""
    whole = taken.rejection.filter(pl.col("row_number").is_null())
    grouped = whole.group_by("file").agg(pl.col("rule").unique().sort())
    return dict(grouped.iter_rows())


def test_a_lost_practice_file_is_missed_and_uncovered(copy: Callable[[str], Path]) -> None:
    folder = copy("gloucestershire")
    lost = sorted((folder / "practice_activity").iterdir())[3]
    lost.unlink()
    taken = intake(folder, "gloucestershire")
    assert spoilt(taken) == {f"practice_activity/{lost.name}": ["missing"]}
    assert lost.stem not in taken.declared_coverage["practice_code"].to_list()
    assert taken.declared_coverage.filter(source="gp_contact").height == 29


def test_files_that_cannot_be_used_leave_the_others_alone(copy: Callable[[str], Path]) -> None:
    folder = copy("rotherham")
    cut = folder / "GP_EVENTS.csv"
    cut.write_bytes(cut.read_bytes()[:-20])
    (folder / "SUS_AE.csv").write_bytes(b"")
    lines = (folder / "SUS_OP.csv").read_text().splitlines()
    (folder / "SUS_OP.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines))
    (folder / "SUS_APC.csv").unlink()
    other = SAMPLES / "example_small" / "gloucestershire" / MONTH / "registered_list.csv"
    shutil.copy(other, folder / "GP_REGISTER.csv")
    taken = intake(folder, "rotherham")
    assert spoilt(taken) == {
        "GP_EVENTS.csv": ["cut_short"],
        "SUS_AE.csv": ["empty_file"],
        "SUS_OP.csv": ["column_missing"],
        "SUS_APC.csv": ["missing"],
        "GP_REGISTER.csv": ["wrong_scheme"],
    }
    assert set(taken.accepted) == {
        "referral",
        "outcome_response",
        "activity",
        "programme_cost",
    }
    assert taken.stopped is None
    for reason in taken.rejection["reason"].to_list():
        assert not any(len(word.strip(".")) > 9 for word in reason.split() if word.isdigit())
