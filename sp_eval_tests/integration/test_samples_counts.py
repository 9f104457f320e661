"""What is counted of each referred person, beside what is known to have happened."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.ingest.delivery import take_in
from sp_eval.ingest.identity import Pseudonymiser
from sp_eval.settings import project_root

SAMPLES = project_root().parent / "shared" / "samples"
KEY = b"a key for tests only"
GP, HOSPITAL = "gp_contact", "hospital_activity"
COUNTED = {
    "gp": (GP, pl.col("staff").is_in(["gp", "nurse"])),
    "gponly": (GP, pl.col("staff") == "gp"),
    "ae": (HOSPITAL, pl.col("activity") == "ae"),
    "nel": (HOSPITAL, pl.col("activity") == "emergency"),
    "el": (HOSPITAL, pl.col("activity").is_in(["elective", "day_case"])),
    "op": (HOSPITAL, (pl.col("activity") == "outpatient") & pl.col("attended")),
}
ATTENDED = (pl.col("status") == "attended") & (pl.col("mode") != "admin")

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the sample deliveries (../shared/samples) are not there"
)


@pytest.fixture(scope="module", params=["rotherham", "gloucestershire"])
def counts(request: pytest.FixtureRequest) -> pl.DataFrame:
    """Return person × outcome: events in the year before, as taken in and in truth."""
    scheme = request.param
    taken = take_in(
        SAMPLES / "example" / scheme / "2019-04",
        mapping=load_mapping(scheme),
        month="2019-04",
        key=KEY,
        received_at=datetime(2019, 5, 1, tzinfo=UTC),
    )
    truth = pl.read_parquet(SAMPLES / "example" / "truth" / "persons.parquet")
    truth = truth.filter(pl.col("scheme") == scheme, "referred", "full_lookback")
    people = Pseudonymiser(KEY, scheme_code=scheme, identifier="nhs_number")
    keys, _ = people.people(truth["nhs_number"].cast(pl.String))
    truth = truth.with_columns(keys.alias("person_key"), pl.col("referral_date").cast(pl.Date))
    parts = []
    for name, (contract, condition) in COUNTED.items():
        day = "contact_date" if contract == GP else "start_date"
        events = taken.accepted[contract].filter(condition)
        events = events.filter(ATTENDED) if contract == GP else events
        days = (pl.col(day) - pl.col("referral_date")).dt.total_days()
        found = (
            events.join(truth.select("person_key", "referral_date"), on="person_key")
            .filter(days.is_between(-365, -1))
            .group_by("person_key")
            .len("found")
        )
        parts.append(
            truth.select("person_key", pl.col(f"{name}_pre365").alias("happened"))
            .join(found, on="person_key", how="left")
            .with_columns(pl.col("found").fill_null(0), pl.lit(name).alias("outcome"))
        )
    return pl.concat(parts, how="vertical_relaxed")


@pytest.mark.parametrize("outcome", COUNTED)
def test_events_are_counted_as_they_happened(counts: pl.DataFrame, outcome: str) -> None:
    here = counts.filter(outcome=outcome)
    assert here["happened"].sum() > 200
    # nobody gets an event that did not happen
    assert here.filter(pl.col("found") > pl.col("happened")).height == 0
    # what is lost is lost to planted faults: about one row in 150
    share = here["found"].sum() / here["happened"].sum()
    assert 0.98 < share <= 1
