"""The jobs a person finds under Jobs: one button for everything, and narrower ones."""

from __future__ import annotations

import dagster as dg

from sp_eval.orchestration.deliveries import DELIVERY
from sp_eval.pipeline import STEPS

__all__ = ["EVERYTHING", "ONE_MONTH", "TAKE_IN", "all_jobs"]

EVERYTHING = "evaluate_everything_received"
ONE_MONTH = "evaluate_one_month"
TAKE_IN = "take_in_one_month"
_RECEIPTS = "resend_receipts"


def all_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """One button for everything, one month with or without the evaluation, and the receipts."""
    delivery = dg.AssetSelection.assets(DELIVERY)
    jobs = [
        dg.define_asset_job(
            EVERYTHING,
            selection=dg.AssetSelection.all() - delivery,
            description="Take in what was received, evaluate every study, and publish."
            " Press Materialize all; what was done before is not done again.",
        ),
        dg.define_asset_job(
            ONE_MONTH,
            selection=dg.AssetSelection.all(),
            description="Take in one scheme's month alone, then evaluate and publish.",
        ),
        dg.define_asset_job(
            TAKE_IN,
            selection=delivery,
            description="Take in one scheme's month alone; the evaluation follows by itself.",
        ),
    ]
    written = [name for step in STEPS if step.name == "write_receipts" for name in step.writes]
    if written:
        jobs.append(
            dg.define_asset_job(
                _RECEIPTS,
                selection=dg.AssetSelection.assets(*written),
                description="Write the receipts and replies of what was taken in once more.",
            )
        )
    return jobs
