"""The columns on which groups are compared, by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sp_eval.comparison.covariates import build_covariates, history_columns
from sp_eval.study.windows import LOOKBACK_COLUMNS

HISTORY = pl.DataFrame(
    [
        (1, "gp_contact", "d30_0", 4),
        (1, "gp_contact", "d60_30", 2),
        (1, "gp_contact", "d365_180", 9),
        (2, "gp_contact", "d90_60", 50),
        (3, "gp_contact", "d30_0", 30),
        (1, "ae_attendance", "d30_0", 2),
        (1, "ae_attendance", "d60_30", 2),
        (1, "ae_attendance", "d180_90", 3),
        (2, "ae_attendance", "d365_180", 1),
    ],
    schema={
        "candidate_id": pl.Int32,
        "outcome": pl.String,
        "band": pl.String,
        "quantity": pl.Int32,
    },
    orient="row",
)


def candidates(**changes: list) -> pl.DataFrame:
    columns = {
        "candidate_id": [1, 2, 3, 4],
        "is_exposed": [True, True, False, False],
        "age": [50, 60, 70, 80],
        "sex": ["male", "female", "unknown", "other"],
        "imd_quintile": [1, 2, 3, 5],
        "imd_decile": [1, 3, 6, 10],
        "ltc_count": [0, 1, 2, 5],
    }
    schema = {"candidate_id": pl.Int32, "imd_decile": pl.Int32, "imd_quintile": pl.Int32}
    return pl.DataFrame(columns | changes, schema_overrides=schema)


def built(**changes: list):
    return build_covariates(
        candidates(**changes), HISTORY, primary="gp_contact", others=["ae_attendance"]
    )


def column(name: str, **changes: list) -> list[float]:
    return built(**changes).frame[name].to_list()


def test_counts_by_band_are_nil_where_there_is_no_row() -> None:
    ids = pl.Series([4, 1], dtype=pl.Int32)
    wide = history_columns(HISTORY, "gp_contact", ids)
    assert wide.columns == list(LOOKBACK_COLUMNS)
    assert wide.rows() == [(0, 0, 0, 0, 0), (4, 2, 0, 0, 9)]
    assert history_columns(HISTORY, "elective_admission", ids).rows() == [(0,) * 5] * 2


def test_each_lag_capped_at_the_99th_percentile_of_the_exposed_and_as_a_log() -> None:
    cap = np.percentile([4, 0], 99)  # the exposed, candidates 1 and 2
    assert column("gp_contact_d30_0") == pytest.approx([4 if cap >= 4 else cap, 0, cap, 0])
    assert column("gp_contact_log_d30_0") == pytest.approx(np.log1p([4, 0, 30, 0]))


def test_the_last_ninety_days_capped_at_the_95th_percentile_and_the_year_as_a_log() -> None:
    cap = np.percentile([6, 50], 95)
    assert column("gp_contact_90") == pytest.approx([6, cap, 30, 0])
    assert column("gp_contact_log_90") == pytest.approx(np.log1p([6, 50, 30, 0]))
    assert column("gp_contact_log_365") == pytest.approx(np.log1p([15, 50, 30, 0]))


def test_other_outcomes_by_their_last_quarter_up_to_three_and_the_rest_as_a_log() -> None:
    assert column("ae_attendance_90") == [3, 0, 0, 0]
    assert column("ae_attendance_log_earlier") == pytest.approx(np.log1p([3, 1, 0, 0]))


def test_age_sex_deprivation_and_conditions() -> None:
    assert column("age") == [50, 60, 70, 80]
    assert column("age_squared") == [25, 36, 49, 64]
    assert column("sex_male") == [1, 0, 0, 0]
    assert column("sex_other") == [0, 0, 1, 1]
    assert column("deprivation") == [1, 3, 6, 10]
    assert column("most_deprived") == [1, 1, 0, 0]  # deciles 1 to 3
    assert column("ltc_count") == [0, 1, 2, 5]


def test_without_deciles_quintiles_serve_and_the_first_is_the_most_deprived() -> None:
    quintiles = {"imd_decile": [None] * 4}
    assert column("deprivation", **quintiles) == [1, 2, 3, 5]
    assert column("most_deprived", **quintiles) == [1, 0, 0, 0]


def test_what_is_not_known_is_a_column_of_its_own_at_the_mean() -> None:
    assert column("ltc_count", ltc_count=[0, None, 1, 5]) == [0, 2, 1, 5]
    assert column("ltc_count_unknown", ltc_count=[0, None, 1, 5]) == [0, 1, 0, 0]
    assert column("age_unknown", age=[50, 60, None, 70]) == [0, 0, 1, 0]
    assert column("most_deprived", imd_decile=[None, 3, 6, 10]) == [0, 1, 0, 0]


def test_groups_name_every_column_that_varies_and_no_other() -> None:
    found = built(ltc_count=[2, 2, 2, 2])
    assert set(found.all) == set(found.frame.columns) - {"candidate_id"}
    assert found.groups["ltc_count"] == ()
    assert found.groups["history_total"] == ("gp_contact_log_365",)
    lags = {f"gp_contact_{b}" for b in LOOKBACK_COLUMNS} - {"gp_contact_d180_90"}  # nobody has any
    assert lags <= set(found.groups["history"])
    assert found.named(["age", "history_total", "history_total"]) == (
        "age", "age_squared", "gp_contact_log_365",
    )  # fmt: skip


def test_the_outcome_model_takes_the_slim_columns() -> None:
    assert built().adjustment == (
        "age", "sex_male", "sex_other", "deprivation", "ltc_count",
        "gp_contact_log_90", "gp_contact_log_365",
    )  # fmt: skip
