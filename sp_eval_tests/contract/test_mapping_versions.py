"""A mapping that is valid from a month on, and the one by which earlier deliveries are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sp_eval.contracts.odcs import ContractError
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, read_versions
from sp_eval.ingest.ledger import Entry, Place, ledger, usual_rows
from sp_eval.settings import project_root

SENT = project_root() / "data_contracts" / "schemes" / "rotherham" / "mapping.yaml"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write one version of Rotherham's mapping, whose book of appointments has another name."""

    def run(name: str, file: str, valid_from: str = "", scheme: str = "rotherham") -> Path:
        text = SENT.read_text(encoding="utf-8").replace("file: GP_EVENTS.csv", f"file: {file}")
        head = f"scheme_code: {scheme}"
        line = f"{head}\nvalid_from: {valid_from}" if valid_from else head
        path = tmp_path / "rotherham" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("scheme_code: rotherham", line), encoding="utf-8")
        return path

    return run


def test_each_month_is_read_by_the_mapping_of_its_time(write: Write) -> None:
    write("mapping.before-2018-01.yaml", "first.csv")
    write("mapping.before-2019-04.yaml", "second.csv", "2018-01")
    made = read_versions(write("mapping.yaml", "third.csv", "2019-04"))
    files = {
        month: made.at(month).datasets["gp_events"].file
        for month in ("2017-12", "2018-01", "2019-03", "2019-04", "2020-01")
    }
    assert files == {
        "2017-12": "first.csv", "2018-01": "second.csv", "2019-03": "second.csv",
        "2019-04": "third.csv", "2020-01": "third.csv",
    }  # fmt: skip
    # what is usual of a table is told over both names of its file
    sent = (("2019-03", "second.csv", 4), ("2019-05", "third.csv", 8))
    came = [
        Entry(Place("rotherham", month, file, "", "a" * 64), "current", rows, rows)
        for month, file, rows in sent
    ]
    deliveries = ledger(came, received_at=datetime(2019, 6, 1, tzinfo=UTC))
    assert usual_rows(deliveries, made) == {"gp_events": 6}


@pytest.mark.parametrize(
    ("before", "valid_from", "told"),
    [
        ("", "2019-04", "mapping.before-2019-04.yaml, by which earlier deliveries are read, is"),
        ("2019-04", "2019-04", "before-2019-04.yaml is not valid from a month before 2019-04"),
        ("2019-05", "2019-04", "before-2019-04.yaml is not valid from a month before 2019-04"),
        ("", "2019-4", "valid_from: must be a month, written as 2019-04"),
    ],
)
def test_versions_that_do_not_follow_each_other_are_refused(
    write: Write, before: str, valid_from: str, told: str
) -> None:
    if before:
        write("mapping.before-2019-04.yaml", "a.csv", before)
    with pytest.raises(ContractError, match=told):
        read_versions(write("mapping.yaml", "b.csv", valid_from))


def test_a_version_of_another_scheme_is_refused(write: Write) -> None:
    write("mapping.before-2019-04.yaml", "a.csv", scheme="leeds")
    with pytest.raises(ContractError, match=r"before-2019-04\.yaml names another scheme"):
        read_versions(write("mapping.yaml", "b.csv", "2019-04"))


def test_without_a_month_one_mapping_reads_all() -> None:
    made: SchemeMapping = load_mapping("rotherham")
    assert made.at("1999-01").datasets["gp_events"].file == "GP_EVENTS.csv"
