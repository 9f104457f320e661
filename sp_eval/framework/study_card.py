"""What was asked, and of whom: the rows of `published.study` and `published.scheme`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import polars as pl

from sp_eval.contracts.frames import conform, empty_frame
from sp_eval.contracts.odcs import contract_names, load_contract
from sp_eval.contracts.scheme_mapping import load_mapping, mapped_schemes
from sp_eval.framework.not_held import columns_not_recorded, columns_presumed, why_not_sent
from sp_eval.study.design import StudyDesign

__all__ = ["scheme_rows", "study_rows"]


def study_rows(study: StudyDesign) -> pl.DataFrame:
    """The one row of `published.study`."""
    comparison, thresholds = study.comparison, study.thresholds
    row = {
        "study_id": study.study_id,
        "title": study.title,
        "design_hash": study.design_hash(),
        "schemes": study.schemes if study.schemes == "all" else ", ".join(study.schemes),
        "index_from": study.index.from_,
        "index_to": study.index.to,
        "window_pre_days": study.windows.pre_days,
        "washout_days": study.windows.washout_days,
        "window_post_days": study.windows.post_days,
        "lookback_days": study.windows.lookback_days,
        "age_from": study.eligibility.age_from,
        "age_to": study.eligibility.age_to,
        "pool": comparison.pool,
        "matched_on": ", ".join(comparison.exact),
        "covariates": ", ".join(comparison.covariates),
        "ratio": comparison.ratio,
        "caliper_sd": comparison.caliper_sd,
        "smd_limit": thresholds.smd,
        "matched_share_limit": thresholds.matched_share,
        "equipoise_limit": thresholds.equipoise,
        "outside_range_limit": thresholds.outside_range,
        "lost_limit": thresholds.lost,
        "followed_gap_limit": thresholds.followed_gap,
        "mortality_limit": thresholds.mortality,
        "influence_limit": thresholds.influence,
        "suppress_to": study.disclosure.suppress_to,
        "round_to": study.disclosure.round_to,
        "seed": study.seed,
        "protocol": json.dumps(study.model_dump(mode="json", by_alias=True), sort_keys=True),
    }
    return conform(pl.DataFrame([row]), load_contract("study", "published"))


def scheme_rows(delivering: Iterable[str]) -> pl.DataFrame:
    """The rows of `published.scheme`, of the schemes that have a mapping."""
    contract = load_contract("scheme", "published")
    rows = []
    for code in sorted(set(delivering) & set(mapped_schemes())):
        mapping = load_mapping(code)
        held = sorted({dataset.contract for dataset in mapping.datasets.values()})
        # a register in one table has no other of people or of addresses
        whole = {"patient", "residence"} if "person" in held else set()
        lacking = [n for n in contract_names("extract") if n not in {*held, *whole}]
        rows.append(
            {
                "scheme_code": code,
                "title": mapping.title,
                "identifier": mapping.identifier,
                "held": ", ".join(held),
                "not_held": ", ".join(lacking) or None,
                "why_not_held": _told(why_not_sent(mapping, lacking)),
                "not_recorded": _told(columns_not_recorded(mapping)),
                "presumed": _told(columns_presumed(mapping)),
            }
        )
    if not rows:
        return empty_frame(contract)
    return conform(pl.DataFrame(rows, infer_schema_length=None), contract)


def _told(reasons: Mapping[str, str]) -> str | None:
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items()) or None
