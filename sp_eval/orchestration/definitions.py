"""What Dagster loads: assets, checks, jobs and what runs by itself, from the pipeline's steps."""

# No `from __future__ import annotations` here: Dagster reads the annotations of op functions.
import dagster as dg

from sp_eval.orchestration.assets import all_assets
from sp_eval.orchestration.automation import all_schedules, all_sensors
from sp_eval.orchestration.jobs import all_jobs
from sp_eval.settings import Settings

__all__ = ["build_definitions", "defs"]


def build_definitions(settings: Settings | None = None) -> dg.Definitions:
    """Return the definitions for one home; they load also where there is no warehouse yet.

    Parameters
    ----------
    settings : by default those of the environment.
    """
    known = settings or Settings.from_environment()
    return dg.Definitions(
        assets=all_assets(known),
        jobs=all_jobs(),
        sensors=all_sensors(known),
        schedules=all_schedules(known),
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the home the environment names."""
    return build_definitions()
