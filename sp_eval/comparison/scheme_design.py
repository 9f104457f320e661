"""The design of one scheme's comparison: score, hazard, sets and balance, before outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sp_eval.comparison.balance import balance_table, effective_size
from sp_eval.comparison.censoring import CensoringWeights, month_number
from sp_eval.comparison.contamination import CONTAMINATED, flag_contaminated
from sp_eval.comparison.covariates import Covariates, build_covariates
from sp_eval.comparison.draws import hashed_sample
from sp_eval.comparison.equipoise import matched_equipoise
from sp_eval.comparison.matching import caliper_width, match_nearest
from sp_eval.comparison.overlap import overlap
from sp_eval.comparison.propensity import NotConvergedError, fit_logistic
from sp_eval.comparison.subgroup_sets import Subgroups, match_within_levels
from sp_eval.study.design import Comparison, Pool, StudyDesign
from sp_eval.study.outcomes import OUTCOMES

__all__ = ["PoolDesign", "SchemeDesign", "design_pool", "design_scheme", "in_pool"]

_SAMPLE = 60_000


@dataclass(frozen=True, slots=True)
class PoolDesign:
    """Matched sets drawn from one pool.

    `matched`: `candidate_id, match_set, exposed, distance, weight, ps_logit`. `balance`:
    `covariate, smd_before, smd_after, variance_ratio_after`. `n_exposed` eligible exposed;
    `effective_comparison` Kish's size of the weighted comparison rows. Shares, 0 to 1:
    `outside_range` of the eligible exposed whose score lies beyond those of the comparison people,
    `equipoise_pool` of them in equipoise (see `overlap`), `equipoise_matched` of the matched (see
    `matched_equipoise`); None where there is nobody to measure.
    """

    pool: Pool
    matched: pl.DataFrame
    balance: pl.DataFrame
    n_exposed: int
    n_matched: int
    effective_comparison: float
    pool_has_non_referring: bool
    outside_range: float | None = None
    equipoise_pool: float | None = None
    equipoise_matched: float | None = None


@dataclass(frozen=True, slots=True)
class SchemeDesign:
    """Everything decided before an outcome is read.

    `candidates` eligible rows in the study with the columns models need; `hazards`:
    `person_number, month, hazard`; `sample`: `candidate_id` of people not referred from whom an
    expected rate is taken; `other` the sets drawn from practices that do not refer, where the
    study asks for them beside the primary and there are such practices; `subgroups` where the
    study names any.
    """

    candidates: pl.DataFrame
    covariates: Covariates
    primary: PoolDesign
    other: PoolDesign | None
    hazards: pl.DataFrame
    sample: pl.DataFrame
    subgroups: Subgroups = field(default_factory=Subgroups)

    def censoring(self) -> CensoringWeights:
        """The weights of people referred later, for months from the first index month on."""
        first = int(self.candidates.select(month_number(pl.col("index_month")).min()).item())
        last = max(int(self.hazards["month"].max() or first), first)  # type: ignore[arg-type]
        return CensoringWeights.from_hazards(self.hazards, months=(first, last))


def design_scheme(
    candidates: pl.DataFrame, history: pl.DataFrame, study: StudyDesign
) -> SchemeDesign:
    """Design one scheme's comparison (primary_estimator.md clauses 4 to 9).

    Parameters
    ----------
    candidates : rows of `cohort.candidate` that may be analysed, of one scheme, also of months
        after the last index date.
    history : rows of `cohort.history`; none dated on or after the row's index date.

    Raises
    ------
    NotConvergedError : nobody was referred, or everybody, or the regression does not settle.
    """
    candidates = flag_contaminated(
        candidates, study.comparison.own_schemes, follow_up_days=study.post.end
    )
    in_study = candidates.filter("is_in_study")
    others = [
        o.name
        for o in OUTCOMES.values()
        if o.counts_rows and o.name != study.primary.name and o.name in set(history["outcome"])
    ]
    covariates = build_covariates(in_study, history, primary=study.primary.name, others=others)
    scored = _scored(in_study, covariates, study, study.comparison.pool)
    return SchemeDesign(
        candidates=in_study,
        covariates=covariates,
        primary=_pool_design(scored, covariates, study, study.comparison.pool),
        other=_other_pool(in_study, covariates, study),
        hazards=_hazards(candidates, history, study, others),
        sample=_sample(in_study, study),
        subgroups=match_within_levels(scored, in_study, history, study, _match),
    )


def design_pool(
    candidates: pl.DataFrame, covariates: Covariates, study: StudyDesign, pool: Pool
) -> PoolDesign:
    """Fit the score on exposed and pool, match within calendar month, and measure balance."""
    return _pool_design(_scored(candidates, covariates, study, pool), covariates, study, pool)


def _scored(
    candidates: pl.DataFrame, covariates: Covariates, study: StudyDesign, pool: Pool
) -> pl.DataFrame:
    """The exposed and the pool with their covariates and `ps_logit`."""
    asked = study.comparison.model_copy(update={"pool": pool})
    rows = candidates.filter(pl.col("is_exposed") | in_pool(asked))
    # age and conditions are columns of both: of those that models need, none is null
    raw = [c for c in rows.columns if c in covariates.frame.columns and c != "candidate_id"]
    described = rows.drop(raw).join(covariates.frame, on="candidate_id", maintain_order="left")
    columns = covariates.named(study.comparison.covariates)
    fit = fit_logistic(
        _matrix(described, columns),
        described["is_exposed"].to_numpy().astype(float),
        described.select(month_number(pl.col("index_month"))).to_series().to_numpy(),
    )
    return described.with_columns(ps_logit=pl.Series(fit.logit), score=pl.Series(fit.probability))


def _pool_design(
    described: pl.DataFrame, covariates: Covariates, study: StudyDesign, pool: Pool
) -> PoolDesign:
    matched = _match(described, study)
    exposed = described.filter("is_exposed")
    balance = _balance(described, matched, covariates.all)
    comparison = matched.filter(~pl.col("exposed"))
    scores = overlap(described, exposed="is_exposed", score="score")
    return PoolDesign(
        pool=pool,
        matched=matched,
        balance=balance,
        n_exposed=exposed.height,
        n_matched=matched.height - comparison.height,
        effective_comparison=effective_size(comparison["weight"].to_numpy()),
        pool_has_non_referring=not bool(described["is_referring_practice"].all()),
        outside_range=scores.exposed_outside,
        equipoise_pool=scores.equipoise_exposed,
        equipoise_matched=_equipoise(covariates, matched),
    )


def in_pool(comparison: Comparison) -> pl.Expr:
    """Of people not referred, whom the study compares with.

    Asks for `is_referring_practice` and `is_contaminated` of candidates.
    """
    chosen = {
        "area": pl.lit(value=True),
        "non_referring_practices": ~pl.col("is_referring_practice"),
        "referring_practices": pl.col("is_referring_practice"),
    }[comparison.pool]
    if comparison.own_schemes_are == "excluded":
        chosen &= ~pl.col(CONTAMINATED)
    return chosen


def _other_pool(
    candidates: pl.DataFrame, covariates: Covariates, study: StudyDesign
) -> PoolDesign | None:
    wanted: Pool = "non_referring_practices"
    if "matched_non_referring" not in study.estimators.sensitivity:
        return None
    if study.comparison.pool == wanted:
        return None
    try:
        return design_pool(candidates, covariates, study, wanted)
    except NotConvergedError:
        return None


def _match(described: pl.DataFrame, study: StudyDesign, level: str | None = None) -> pl.DataFrame:
    """Sets within calendar month, what the study matches exactly on, and the column `level`.

    Within levels people are scarce: everybody gets a first before anybody gets a second.
    """
    width = caliper_width(
        described["ps_logit"].to_numpy(),
        described["is_exposed"].to_numpy(),
        sd=study.comparison.caliper_sd,
    )
    named = (e for e in study.comparison.exact if e != "calendar_month")
    exact = ["index_month", *named, *([level] if level else [])]
    matched = match_nearest(
        described,
        exposed="is_exposed",
        score="ps_logit",
        exact=exact,
        ratio=study.comparison.ratio,
        caliper=width,
        order="closest" if level else "largest",
        id="candidate_id",
        draw="draw",
    )
    return matched.join(
        described.select("candidate_id", "ps_logit"),
        on="candidate_id",
        how="left",
        maintain_order="left",
    )


def _balance(
    described: pl.DataFrame, matched: pl.DataFrame, columns: tuple[str, ...]
) -> pl.DataFrame:
    exposed = described.filter("is_exposed")
    before = balance_table(described, exposed="is_exposed", covariates=columns)
    kept = matched.join(described, on="candidate_id", suffix="_again", maintain_order="left")
    after = balance_table(
        kept, exposed="exposed", covariates=columns, weights="weight", reference=exposed
    )
    return before.select("covariate", smd_before="smd").join(
        after.select("covariate", smd_after="smd", variance_ratio_after="variance_ratio"),
        on="covariate",
        maintain_order="left",
    )


def _equipoise(covariates: Covariates, matched: pl.DataFrame) -> float | None:
    """How far the matched can still be told apart by their score and what the model adjusts for."""
    kept = matched.join(covariates.frame, on="candidate_id", how="left", maintain_order="left")
    return matched_equipoise(
        kept, exposed="exposed", columns=("ps_logit", *covariates.adjustment), weights="weight"
    )


def _hazards(
    candidates: pl.DataFrame, history: pl.DataFrame, study: StudyDesign, others: list[str]
) -> pl.DataFrame:
    """Hazard of referral by month, where a practice refers; nil elsewhere, so not a row."""
    rows = candidates.filter("is_referring_practice")
    covariates = build_covariates(rows, history, primary=study.primary.name, others=others)
    columns = covariates.named(study.comparison.covariates)
    months = rows.select(month_number(pl.col("index_month"))).to_series()
    fit = fit_logistic(
        _matrix(covariates.frame, columns),
        rows["is_exposed"].to_numpy().astype(float),
        months.to_numpy(),
    )
    return rows.select("person_number", month=months).with_columns(
        hazard=pl.Series(fit.probability)
    )


def _sample(candidates: pl.DataFrame, study: StudyDesign) -> pl.DataFrame:
    unreferred = candidates.filter(~pl.col("is_exposed"))
    months = unreferred.select(month_number(pl.col("index_month"))).to_series()
    keep = hashed_sample(
        _SAMPLE,
        np.full(unreferred.height, study.seed, dtype=np.uint64),
        unreferred["draw"].to_numpy().astype(np.uint64),
        months.to_numpy().astype(np.uint64),
    )
    return unreferred.filter(pl.Series(keep)).select("candidate_id")


def _matrix(frame: pl.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
    return frame.select(columns).to_numpy().astype(float)
