"""One small world, taken in by both doors: made once, since each run takes seconds."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from sp_eval.operation.asked import studies_asked
from sp_eval.operation.outcome import RunOutcome
from sp_eval.operation.run import Run
from sp_eval.orchestration.definitions import build_definitions
from sp_eval.orchestration.jobs import EVERYTHING
from sp_eval.pipeline import STEPS, run_all
from sp_eval.settings import Settings
from sp_eval.synthetic.deliveries import write_deliveries
from sp_eval.synthetic.faults import FaultRates

KEY = "0f" * 32


@dataclass(frozen=True)
class Doors:
    """The same deliveries through the command line's door and through Dagster's."""

    landing: Path
    by_line: Settings
    by_dagster: Settings
    outcome: RunOutcome
    result: dg.ExecuteInProcessResult


def materialise(settings: Settings, *names: str, instance: dg.DagsterInstance | None = None):
    """Materialise all tables, or those of the steps that write the named ones.

    The browser, too, always takes a step's tables together.
    """
    steps = [step for step in STEPS if set(names) & set(step.writes)]
    wanted = [dg.AssetKey(name) for step in steps for name in step.writes]
    job = build_definitions(settings).resolve_job_def(EVERYTHING)
    with nullcontext(instance) if instance else dg.DagsterInstance.ephemeral() as held:
        return job.execute_in_process(
            instance=held,
            raise_on_error=False,
            asset_selection=wanted or None,
        )


def run_line(settings: Settings) -> RunOutcome:
    return run_all(Run(settings, studies_asked(settings)))


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Doors:
    folder = tmp_path_factory.mktemp("doors")
    landing = folder / "landing"
    write_deliveries(landing, people=1_500, referred=150, seed=5, faults=FaultRates())
    (landing / "rotherham" / "2019-04" / "SUS_OP.csv").write_bytes(b"")  # one file refused
    by_line = Settings.from_environment(home=folder / "line", landing=landing)
    by_dagster = Settings.from_environment(home=folder / "dagster", landing=landing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SP_EVAL_PSEUDONYM_KEY", KEY)
        outcome = run_line(by_line)
        result = materialise(by_dagster)
    return Doors(landing, by_line, by_dagster, outcome, result)
