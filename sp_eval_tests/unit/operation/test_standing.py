"""What stands and needs somebody: files that nothing newer replaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from sp_eval.contracts.frames import empty_frame
from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.scheme_mapping import load_mapping
from sp_eval.operation import standing
from sp_eval.operation.standing import refused_files

SCHEME = "rotherham"


def tables(*files: tuple[str, str, str]) -> dict[str, pl.DataFrame]:
    """`delivery` and `rejection` of (month, file, status), each refused one with its reason."""
    delivery = pl.DataFrame(
        [(SCHEME, f"{m}/{f}", m, f, "", s) for m, f, s in files],
        ["scheme_code", "delivery_id", "month", "file", "sheet", "status"],
        orient="row",
    )
    told = delivery.filter(pl.col("status") != "current").select(
        "scheme_code", "month", "file", "sheet", rule=pl.lit("missing"), reason=pl.lit("Send it.")
    )
    none = empty_frame(load_contract("rejection", "published"))
    return {
        "delivery": delivery,
        "rejection": pl.concat([none.clear(), told], how="diagonal_relaxed"),
    }


@pytest.mark.parametrize(("supply", "months"), [("snapshot", []), ("increment", ["2019-01"])])
def test_a_gap_of_a_past_month_stands_where_deliveries_add_to_each_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, supply: str, months: Sequence[str]
) -> None:
    mapping = load_mapping(SCHEME)
    added = {
        name: table.model_copy(update={"supply": supply})
        for name, table in mapping.datasets.items()
    }
    changed = mapping.model_copy(update={"datasets": added})
    monkeypatch.setattr(standing, "load_mapping", lambda _: changed)
    came = tables(
        ("2019-01", "SUS_AE.csv", "missing"), ("2019-01", "SUS_OP.csv", "current"),
        ("2019-01", "notes.csv", "refused"), ("2019-02", "SUS_AE.csv", "current"),
    )  # fmt: skip
    assert [alert.month for alert in refused_files(came, tmp_path)] == months


def test_of_the_newest_month_every_gap_stands(tmp_path: Path) -> None:
    came = tables(("2019-01", "SUS_AE.csv", "missing"), ("2019-02", "SUS_AE.csv", "missing"))
    (alert,) = refused_files(came, tmp_path)
    assert alert.sentence == "rotherham/2019-02/SUS_AE.csv: missing (missing). Send it."
