"""One step as Dagster does it: the same function the command line calls, under the same lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any

import dagster as dg

from sp_eval.contracts.scheme_mapping import mapped_schemes
from sp_eval.operation.asked import studies_asked
from sp_eval.operation.lock import RunningElsewhereError, writer
from sp_eval.operation.refusals import REFUSALS
from sp_eval.operation.run import Run
from sp_eval.operation.tables import TABLES
from sp_eval.orchestration.checks import Judged, judge_checks
from sp_eval.orchestration.deliveries import DELIVERY, partition_of, register, standing_in
from sp_eval.orchestration.months import (
    newly_taken_in,
    nothing_came,
    shown_of_month,
    stopped_because,
)
from sp_eval.orchestration.shown import metadata_of
from sp_eval.orchestration.telling import STOPPED, tell_checks, tell_files, tell_standing
from sp_eval.pipeline import STEPS, Step
from sp_eval.settings import Settings, project_root

__all__ = ["do_step", "steps_before", "take_in_one_month"]

_WAIT_SECONDS = 600


class NothingReceivedError(Exception):
    """A step that builds on received files was asked for before any was taken in."""


_TOLD: tuple[type[Exception], ...] = (*REFUSALS, NothingReceivedError, PermissionError)


def do_step(
    step: Step, settings: Settings, context: dg.AssetExecutionContext
) -> Iterator[dg.MaterializeResult[Any]]:
    """Do a step and say what it left.

    What a step reads is brought up to date first, so that materialising one table alone never
    builds on results of older files. Taking files in is the exception: that is done only when
    asked for.

    Raises
    ------
    dagster.Failure : one sentence for whoever runs it; no cell value in it.
    """
    with _plainly(step.name):
        run = _begin(settings, context)
        if step.reads and not settings.warehouse.exists():
            raise NothingReceivedError(
                "Nothing was taken in yet: materialise files_received first, or press"
                " 'Materialize all' on the page of all assets."
            )
        with _turn(run, context):
            for needed in (*steps_before(step), step):
                needed.function(run)
            shown = {name: metadata_of(run, TABLES[name]) for name in step.writes}
            judged = judge_checks(run, step.name, mapped_schemes())
            if not step.reads:
                _report_months(run, context)
        _tell(run, step, judged, context)
    notices = list(dict.fromkeys(run.notices))
    for notice in notices:
        context.log.warning(notice)
    if notices:
        shown[_where_noted(step, judged)]["noted"] = _listed(notices)
    for name, metadata in shown.items():
        checks = [_check_result(one) for one in judged if one.check.table == name]
        yield dg.MaterializeResult(asset_key=name, metadata=metadata, check_results=checks)


def take_in_one_month(
    settings: Settings, context: dg.AssetExecutionContext
) -> dg.MaterializeResult[Any]:
    """Take in the scheme's month that the run was asked for, alone, and say what came of it.

    Raises
    ------
    dagster.Failure : nothing of that month is used, so that its partition stays red until mended.
    """
    with _plainly("take_in"):
        part = standing_in(context.run)
        if part is None:
            raise NothingReceivedError(
                "No month was chosen: choose a scheme and a month, or use the job"
                " evaluate_everything_received, which takes in everything."
            )
        run = _begin(settings, context)
        with _turn(run, context):
            for step in STEPS:
                if not step.reads:
                    step.function(run)
            if absent := nothing_came(settings, *part):
                raise NothingReceivedError(absent)
            shown = shown_of_month(settings, *part)
            stopped = stopped_because(settings, *part)
        for problem in tell_files(settings, *part):
            context.log.warning(problem)
    for notice in dict.fromkeys(run.notices):
        context.log.warning(notice)
    if stopped:
        raise dg.Failure(stopped, metadata={STOPPED: True, **shown}, allow_retries=False)
    return dg.MaterializeResult(metadata=shown)


def _report_months(run: Run, context: dg.AssetExecutionContext) -> None:
    """Show the months this step took in under `delivery`, as if each had been asked for alone."""
    known = context.instance.get_materialized_partitions(dg.AssetKey(DELIVERY))
    for scheme, month in newly_taken_in(run.settings, since=run.started_at, known=known):
        register(context.instance, [scheme], [month])
        if not stopped_because(run.settings, scheme, month):
            context.log_event(
                dg.AssetMaterialization(
                    DELIVERY,
                    partition=partition_of(scheme, month),
                    metadata=shown_of_month(run.settings, scheme, month),
                )
            )


def _tell(
    run: Run, step: Step, judged: Sequence[Judged], context: dg.AssetExecutionContext
) -> None:
    """Tell people what stands at the end of a run; what failed at once, where none follows."""
    goes_on = STEPS[-1].name in {node.name for node in context.job_def.nodes}
    problems: tuple[str, ...] = ()
    if step is STEPS[-1]:
        problems = tell_standing(run.settings, now=datetime.now(UTC))
    elif not goes_on:
        problems = tell_checks(run.settings, judged)
    for problem in problems:
        context.log.warning(problem)


def steps_before(step: Step) -> tuple[Step, ...]:
    """The steps whose tables a step builds on, near and far, but those that only take in."""
    needed, found = set(step.reads), []
    for earlier in reversed(STEPS[: STEPS.index(step)]):
        if needed & set(earlier.writes):
            needed |= set(earlier.reads)
            found.append(earlier)
    return tuple(earlier for earlier in reversed(found) if earlier.reads)


def _begin(settings: Settings, context: dg.AssetExecutionContext) -> Run:
    """A run that carries the same name in every step of one Dagster run."""
    run = Run(settings, studies_asked(settings), told=context.log.info)
    part = standing_in(context.run)
    if part is not None:
        run.schemes, run.month = (part[0],), part[1]
    record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is not None and record.start_time is not None:
        run.started_at = datetime.fromtimestamp(record.start_time, UTC).replace(tzinfo=None)
    context.log.info(f"Files are read from {settings.landing}; results go to {settings.home}.")
    return run


@contextmanager
def _turn(run: Run, context: dg.AssetExecutionContext) -> Iterator[None]:
    """Hold the writer's lock, having waited for another run to end."""
    with ExitStack() as held:
        try:
            held.enter_context(writer(run.settings.work))
        except RunningElsewhereError:
            context.log.info("Another run is writing to this home; waiting until it has ended.")
            held.enter_context(writer(run.settings.work, wait_seconds=_WAIT_SECONDS))
        yield


@contextmanager
def _plainly(step: str) -> Iterator[None]:
    """Turn every error into one sentence.

    An error nobody expected is told by its kind and place alone: its message might quote a cell,
    and what Dagster is told it keeps.
    """
    try:
        yield
    except _TOLD as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    except Exception as error:  # noqa: BLE001  (nothing may reach Dagster's log as it is)
        sentence = (
            f"The step {step} broke off with a {type(error).__name__} at {_place(error)};"
            " what earlier steps did stands. Run `sp-eval run` in a terminal to see the message."
        )
        raise dg.Failure(sentence, allow_retries=False) from None


def _place(error: Exception) -> str:
    """File and line, within the project where possible."""
    root = project_root() / "sp_eval"
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root)]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}, line {last.lineno}"


def _check_result(judged: Judged) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=judged.check.name,
        passed=judged.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=judged.told,
        metadata={"found": _listed(judged.sentences)},
    )


def _listed(sentences: Sequence[str]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in sentences))


def _where_noted(step: Step, judged: Sequence[Judged]) -> str:
    """Beside the step's checks, or with its first table."""
    return judged[0].check.table if judged else step.writes[0]
