"""Matched sets chosen wrongly: on too little, of the never referred alone, each person once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import polars as pl

from sp_eval.comparison.censoring import month_number
from sp_eval.comparison.matching import caliper_width, match_nearest, match_risk_set
from sp_eval.comparison.method_warning import MethodWarning
from sp_eval.comparison.propensity import fit_logistic
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.study.design import Covariate, StudyDesign

__all__ = ["sets_in_month", "sets_of_never_referred", "sets_on_one_date", "sets_used_once"]


def sets_in_month(
    design: SchemeDesign, study: StudyDesign, covariates: Sequence[Covariate] = ()
) -> pl.DataFrame:
    """As the primary estimate's, the score being of these covariates only, where any are named."""
    columns = design.covariates.named(covariates or study.comparison.covariates)
    return _nearest(study, _scored(design, design.candidates, columns))


def sets_of_never_referred(design: SchemeDesign, study: StudyDesign) -> pl.DataFrame:
    """People referred later are left out from the beginning, score and all."""
    never = pl.col("is_exposed") | pl.col("first_referral_date").is_null()
    rows = design.candidates.filter(never)
    return _nearest(study, _scored(design, rows, _score_columns(design, study)))


def sets_used_once(design: SchemeDesign, study: StudyDesign) -> pl.DataFrame:
    """As the primary estimate's, but that nobody serves in two months."""
    scored = _scored(design, design.candidates, _score_columns(design, study))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MethodWarning)
        found = match_risk_set(
            scored,
            exposed="is_exposed",
            score="ps_logit",
            ratio=study.comparison.ratio,
            caliper=_caliper(study, scored),
            use_once=True,
            id="person_number",
            draw="draw",
        )
    ids = scored.select("index_month", "person_number", "candidate_id", "ps_logit")
    return found.join(
        ids, on=["index_month", "person_number"], how="left", maintain_order="left"
    ).drop("index_month", "person_number")


def sets_on_one_date(design: SchemeDesign, study: StudyDesign) -> pl.DataFrame:
    """Of comparison rows of one date: there is no month to match in, so anybody serves again."""
    scored = _scored(design, design.candidates, _score_columns(design, study), by_month=False)
    return _nearest(study, scored, exact=(), replace=True)


def _score_columns(design: SchemeDesign, study: StudyDesign) -> tuple[str, ...]:
    return design.covariates.named(study.comparison.covariates)


def _scored(
    design: SchemeDesign, rows: pl.DataFrame, columns: Sequence[str], *, by_month: bool = True
) -> pl.DataFrame:
    """Candidate rows with `ps_logit`, the score fitted on them."""
    frame = rows.select("candidate_id").join(
        design.covariates.frame, on="candidate_id", how="left", maintain_order="left"
    )
    months = rows.select(month_number(pl.col("index_month"))).to_series().to_numpy()
    fit = fit_logistic(
        frame.select(columns).to_numpy().astype(float),
        rows["is_exposed"].to_numpy().astype(float),
        months if by_month else np.zeros_like(months),
    )
    return rows.with_columns(ps_logit=pl.Series(fit.logit))


def _caliper(study: StudyDesign, scored: pl.DataFrame) -> float:
    return caliper_width(
        scored["ps_logit"].to_numpy(),
        scored["is_exposed"].to_numpy(),
        sd=study.comparison.caliper_sd,
    )


def _nearest(
    study: StudyDesign,
    scored: pl.DataFrame,
    *,
    exact: Sequence[str] = ("index_month",),
    replace: bool = False,
) -> pl.DataFrame:
    found = match_nearest(
        scored,
        exposed="is_exposed",
        score="ps_logit",
        exact=exact,
        ratio=study.comparison.ratio,
        caliper=_caliper(study, scored),
        replace=replace,
        id="candidate_id",
        draw="draw",
    )
    return found.join(
        scored.select("candidate_id", "ps_logit"),
        on="candidate_id",
        how="left",
        maintain_order="left",
    )
