"""What the primary fit rests on: fits made anew without a person, and statsmodels' dispersion."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from sp_eval.models.estimate import TooFewEventsError
from sp_eval.models.fit_facts import FitFacts, fit_facts
from sp_eval.models.matched_rate_ratio import matched_fit, matched_rate_ratio
from sp_eval.models.scheme_estimates import MatchedCounts
from sp_eval.study.outcomes import OUTCOMES
from sp_eval_tests.support.matched_frames import matched_rows

GP = OUTCOMES["gp_contact"]
NOTHING = pl.DataFrame(
    schema={"candidate_id": pl.Int64, "outcome": pl.String, "band": pl.String, "quantity": pl.Int32}
)


def counts_of(rows: pl.DataFrame) -> MatchedCounts:
    people = rows.with_columns(candidate_id=pl.int_range(pl.len(), dtype=pl.Int64))
    totals = people.select("candidate_id", "events", "days", outcome=pl.lit(GP.name))
    return MatchedCounts(people.drop("events", "days"), totals, ("x",), by_practice=False)


@cache
def looked_into(seed: int, top: int = 10) -> FitFacts:
    return fit_facts(counts_of(matched_rows(seed, sets=60)), NOTHING, GP, top=top)


@pytest.mark.parametrize("seed", range(3))
def test_the_range_without_one_person_is_that_of_fits_made_anew(seed: int) -> None:
    rows = matched_rows(seed, sets=60)
    found = looked_into(seed)
    b = np.log(matched_rate_ratio(rows, adjustment=("x",)).ratio.point)
    assert found.log_ratio == pytest.approx(b, abs=1e-12)
    anew = [
        float(
            matched_fit(rows.filter(pl.col("person_number") != one), adjustment=("x",))[1].beta[1]
        )
        for one in rows["person_number"].unique()
    ]
    reach = max(abs(np.array(anew) - b))
    assert found.people.lowest == pytest.approx(min(anew), abs=0.15 * reach)
    assert found.people.highest == pytest.approx(max(anew), abs=0.15 * reach)


def test_dispersion_is_pearsons_with_weights_that_add_up_to_the_rows() -> None:
    rows = matched_rows(2, sets=60)
    weight = rows["weight"].to_numpy() * rows.height / float(rows["weight"].sum())
    design = np.column_stack(
        [np.ones(rows.height), rows["exposed"].to_numpy().astype(float), rows["x"].to_numpy()]
    )
    theirs = sm.GLM(
        rows["events"].to_numpy(), design, family=sm.families.Poisson(),
        offset=np.log(rows["days"].to_numpy()), var_weights=weight,
    ).fit(tol=1e-12)  # fmt: skip
    assert looked_into(2).dispersion == pytest.approx(
        theirs.pearson_chi2 / (rows.height - 3), rel=1e-7
    )
    assert looked_into(2).dispersion > 1.5  # frail people among others


def test_few_people_are_as_many_as_asked_for() -> None:
    assert looked_into(1, top=3).people.top == 3
    assert looked_into(1, top=3).people.top_share < looked_into(1).people.top_share


def test_too_few_events_are_refused_as_by_the_estimate() -> None:
    rows = matched_rows(1, sets=60).with_columns(events=pl.lit(0.0))
    with pytest.raises(TooFewEventsError, match="fewer than 10 events"):
        fit_facts(counts_of(rows), NOTHING, GP, top=10)
