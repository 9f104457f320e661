"""What Dagster loads: assets, checks and the one job, from the pipeline's steps."""

# No `from __future__ import annotations` here: Dagster reads the annotations of op functions.
import dagster as dg

from sp_eval.orchestration.assets import all_assets
from sp_eval.settings import Settings

__all__ = ["build_definitions", "defs"]

JOB = "evaluate_everything_received"


def build_definitions(settings: Settings | None = None) -> dg.Definitions:
    """Return the definitions for one home; they load also where there is no warehouse yet.

    Parameters
    ----------
    settings : by default those of the environment.
    """
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="Take in what was received, evaluate every study, and publish.",
    )
    return dg.Definitions(
        assets=all_assets(settings or Settings.from_environment()),
        jobs=[job],
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the home the environment names."""
    return build_definitions()
