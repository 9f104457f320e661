"""Each scheme of a study as it is set beside the others."""

from __future__ import annotations

from datetime import date

import polars as pl

from sp_eval.comparison.covariates import history_columns
from sp_eval.comparison.scheme_design import SchemeDesign
from sp_eval.contracts.scheme_mapping import load_mapping, mapped_schemes
from sp_eval.framework.comparability import Side
from sp_eval.framework.design_store import SchemeCompared
from sp_eval.framework.not_held import not_sent
from sp_eval.study.design import StudyDesign

__all__ = ["side_of"]


def side_of(
    study: StudyDesign,
    compared: SchemeCompared,
    history: pl.DataFrame,
    held: frozenset[str],
    *,
    counted: frozenset[str],
    is_fair: bool | None,
) -> Side:
    """Sum up one scheme: its files' ways, its months, and its people before referral.

    Parameters
    ----------
    history, held : see `detectable_rows`.
    counted : outcomes of which the scheme sent its own counts before and after.
    is_fair : whether the design checks passed; None where there is no design.
    """
    code = compared.scheme_code
    mapping = load_mapping(code) if code in mapped_schemes() else None
    referrals = [] if mapping is None else mapping.datasets.values()
    consent = [d.columns["has_consent"] for d in referrals if d.contract == "referral"]
    lacking = {o.name: not_sent(code, o) for _, o in study.counted}
    design = compared.design
    people = pl.DataFrame() if design is None else _analysed(design)
    return Side(
        scheme_code=code,
        title=code if mapping is None else mapping.title,
        identifier=None if mapping is None else mapping.identifier,
        records_consent=any(not rule.absent for rule in consent) if mapping else None,
        held=held,
        counted=counted,
        unsent=frozenset(name for name, tables in lacking.items() if set(tables) - {"person"}),
        has_register=not any("person" in tables for tables in lacking.values()),
        is_fair=is_fair,
        people=people.height,
        months=_months(people),
        before=_before(study, people, history, held) if people.height else {},
    )


def _analysed(design: SchemeDesign) -> pl.DataFrame:
    matched = design.primary.matched.filter("exposed")
    return design.candidates.join(matched, on="candidate_id", how="semi", maintain_order="left")


def _months(people: pl.DataFrame) -> tuple[date, date] | None:
    if people.is_empty():
        return None
    months = people["index_month"].sort()
    return months[0], months[-1]


def _before(
    study: StudyDesign, people: pl.DataFrame, history: pl.DataFrame, held: frozenset[str]
) -> dict[str, tuple[float, float]]:
    """Mean and variance of age, sex, deprivation and use of care, of whom they are known."""
    columns = {
        "age": people["age"],
        "sex": (people["sex"] == "male"),
        "deprivation": people["imd_quintile"],
    }
    for _, outcome in study.counted:
        if outcome.clock in held and outcome.counts_rows:
            lags = history_columns(history, outcome.name, people["candidate_id"])
            total = lags.select(pl.sum_horizontal(pl.all())).to_series()
            columns[f"{outcome.label} in the year before"] = total
    known = {
        name: values.drop_nulls().cast(pl.Float64).to_numpy() for name, values in columns.items()
    }
    return {
        name: (float(values.mean()), float(values.var(ddof=1)))
        for name, values in known.items()
        if len(values) > 1
    }
