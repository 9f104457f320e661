"""The files that tell what is true of a delivery: truth.json and faults.csv."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sp_eval.synthetic.faults import TablePlan
from sp_eval.synthetic.planting import FAULT_COLUMNS
from sp_eval.synthetic.raw_table import RawTable
from sp_eval.synthetic.settings import WorldSettings

__all__ = ["unusable_people", "write_truth"]


def unusable_people(
    settings: WorldSettings, tables: Sequence[RawTable], plans: Mapping[str, TablePlan]
) -> npt.NDArray[np.bool_]:
    """Tell the people whose referral or registration is refused, or bears no number."""
    refused = np.zeros(settings.people, dtype=np.bool_)
    for table in tables:
        if "_person" not in table.frame.columns:
            continue
        lost = [table.frame.join(plans[table.key].edits, on="_row", how="semi")]
        if "_no_number" in table.frame.columns:
            lost.append(table.frame.filter("_no_number"))
        person = pl.concat(lost)["_person"].to_numpy()
        refused[person[person < settings.people]] = True
    return refused


def write_truth(
    out: Path,
    *,
    parameters: Mapping[str, Any],
    truth: Mapping[str, Any],
    faults: pl.DataFrame | None,
    rows: Mapping[str, int],
) -> Path:
    """Write `<out>/truth/truth.json` and, where there are any to tell of, faults.csv."""
    folder = out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = {
        "parameters": parameters,
        "schemes": truth,
        "expected_data_rows": rows,
    }
    if faults is not None:
        order = ["scheme", "file", "sheet", "row_number", "rule"]
        faults.select(list(FAULT_COLUMNS)).sort(order).write_csv(folder / "faults.csv")
        counts: dict[str, dict[str, int]] = {}
        per_kind = faults.group_by("scheme", "rule").len().sort("scheme", "rule")
        for scheme, rule, count in per_kind.iter_rows():
            counts.setdefault(scheme, {})[rule] = count
        content["fault_counts"] = counts
    text = json.dumps(content, indent=1, sort_keys=False)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    return folder
