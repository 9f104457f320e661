"""A design put away and taken out again is the same design."""

from __future__ import annotations

import polars as pl

from sp_eval.cohort.build import build_core, read_eligible, read_history
from sp_eval.cohort.extract_tables import store_extracts
from sp_eval.comparison.scheme_design import design_scheme
from sp_eval.evaluation import compare, estimate
from sp_eval.framework.design_store import (
    SchemeCompared,
    forget_compared,
    kept_schemes,
    load_compared,
    save_compared,
)
from sp_eval.warehouse.connection import open_memory
from sp_eval_tests.support.studies import a_study
from sp_eval_tests.support.worlds import candidates_of, small_world

STUDY = a_study(
    estimators={"sensitivity": ["matched_non_referring"]}, subgroups=["sex", "age", "carer"]
)


def test_what_is_kept_comes_back_to_the_last_bit() -> None:
    conn = candidates_of(small_world().tables, STUDY)
    design = design_scheme(read_eligible(conn, "rotherham"), read_history(conn, "rotherham"), STUDY)
    steps = [{"step": "people", "people": 7, "reason": "why"}]
    save_compared(conn, SchemeCompared("rotherham", design, steps, None))
    save_compared(conn, SchemeCompared("elsewhere", None, steps, "it cannot be done"))
    assert set(kept_schemes(conn)) == {"rotherham", "elsewhere"}
    without = load_compared(conn, "elsewhere")
    assert (without.design, without.reason) == (None, "it cannot be done")
    found = load_compared(conn, "rotherham")
    assert found.attrition == steps
    again = found.design
    assert again is not None
    assert again.covariates.groups == design.covariates.groups
    assert again.covariates.adjustment == design.covariates.adjustment
    for one, two in ((design.primary, again.primary), (design.other, again.other)):
        assert one is not None
        assert two is not None
        assert one.matched.sort(pl.all()).equals(two.matched.sort(pl.all()), null_equal=True)
        assert one.balance.sort("covariate").equals(two.balance.sort("covariate"))
        assert (one.pool, one.n_exposed, one.n_matched) == (two.pool, two.n_exposed, two.n_matched)
        assert one.effective_comparison == two.effective_comparison
    for name in ("candidates", "hazards", "sample"):
        one, two = getattr(design, name), getattr(again, name)
        assert (
            one.select(sorted(one.columns))
            .sort(pl.all())
            .equals(two.select(sorted(two.columns)).sort(pl.all()))
        )
    for name in ("levels", "matched"):
        one, two = getattr(design.subgroups, name), getattr(again.subgroups, name)
        assert one.height > 0
        assert one.sort(pl.all()).equals(two.sort(pl.all()))
    forget_compared(conn)
    assert kept_schemes(conn) == ()
    conn.close()


def test_estimating_again_from_what_is_kept_gives_the_same_figures() -> None:
    conn = open_memory()
    store_extracts(conn, small_world().tables)
    build_core(conn)
    compare(conn, STUDY)
    first = estimate(conn, STUDY, run_id="one").drop("run_id")
    second = estimate(conn, STUDY, run_id="two").drop("run_id")
    conn.close()
    assert first.equals(second)
