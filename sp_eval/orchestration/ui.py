"""`sp-eval ui`: the Dagster web page and its daemon, as children of this process, on this machine.

`python -m sp_eval.orchestration.ui [--home DIR] [--port N]` does the same.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from sp_eval.machine import (
    HAS_LOCAL_SOCKETS,
    ask_itself_to_end,
    ended_by_signal,
    reuse_port,
    when_parent_is_gone,
)
from sp_eval.orchestration.children import Children
from sp_eval.settings import Settings, project_root

__all__ = ["UiRefusedError", "serve"]

HOST = "127.0.0.1"
_DEFINITIONS = "sp_eval.orchestration.definitions"
_WORKSPACE = "load_from: [{{grpc_server: {{host: localhost, {place}, location_name: sp_eval}}}}]\n"
_FIRST_PAGE = "/locations/sp_eval/jobs/evaluate_everything_received"
_BY_ITSELF = {"dagster/backfill", "dagster/sensor_name", "dagster/schedule_name"}
_ENDING_SECONDS = 12.0  # so long the last UI may take to end, after its launcher was killed
_READY_WITHIN_SECONDS = 180
_NOTHING_BEGUN = 2


class UiRefusedError(Exception):
    """The UI cannot be opened; the text is one sentence."""


def serve(settings: Settings, port: int, *, told: Callable[[str], None] | None = None) -> int:
    """Serve the UI of a home until Ctrl-C or SIGTERM, and return an exit status.

    Files are taken from `<home>/landing`. Status 0: ended as asked; 1: a server died; 2: nothing
    was begun, since the port is busy or the home's UI is open already.
    """
    say = told or _say
    try:
        with _only_ui_of(settings):
            return _serve(settings, port, say)
    except UiRefusedError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return _NOTHING_BEGUN


def _serve(settings: Settings, port: int, say: Callable[[str], None]) -> int:
    _require_free(port)
    shutil.copyfile(project_root() / "dagster.yaml", settings.dagster / "dagster.yaml")
    say("Starting Dagster, which takes up to half a minute ...")
    log = settings.dagster / "server.log"
    with ended_by_signal(), Children(log, environment=_environment(settings)) as children:
        try:
            close_interrupted_runs(settings.dagster)
            with TemporaryDirectory(prefix="sp_eval_") as private:
                started = _start(children, settings, port, Path(private))
                if not started or not _answers(port, children):
                    say(f"Dagster did not start; the end of {log} says why.")
                    return 1
                say(f"Files are read from {settings.landing}/<scheme>/<YYYY-MM>/")
                say(f"Open http://{HOST}:{port}{_FIRST_PAGE} in a browser on this machine.")
                say("'Materialize all' there does all that `sp-eval run` does. End with Ctrl-C.")
                children.wait()
        except KeyboardInterrupt:
            say("Ending ...")
            return 0
    say(f"Dagster ended by itself; the end of {log} says why.")
    return 1


def _start(children: Children, settings: Settings, port: int, private: Path) -> bool:
    """Start one server for the definitions, then the web page and the daemon that both use it.

    The server listens where only this user can reach it, as far as the system has such a place.
    A daemon that does not find the definitions gives up the backfills it was to carry on, so the
    server must answer first; returns whether it does.
    """
    if HAS_LOCAL_SOCKETS:
        where: dict[str, str | int] = {"socket": str(private / "code")}
    else:
        where = {"port": _free_port()}
    ((name, place),) = where.items()
    workspace = settings.dagster / "workspace.yaml"
    workspace.write_text(_WORKSPACE.format(place=f"{name}: {place}"), encoding="utf-8")
    # one process; `code-server` would be two, and the definitions do not change under it
    code = ("dagster", "api", "grpc", "--module-name", _DEFINITIONS)
    children.start(*code, "--location-name", "sp_eval", f"--{name}", str(place))
    if not _has_definitions(where, children):
        return False
    page = ("dagster_webserver", "--host", HOST, "--port", str(port))
    children.start(*page, "--workspace", str(workspace))
    children.start("dagster._daemon", "run", "--workspace", str(workspace))
    return True


def _has_definitions(where: dict[str, str | int], children: Children) -> bool:
    """Wait until the server of the definitions has loaded them."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient

    client = DagsterGrpcClient(**where)  # type: ignore[arg-type]
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline and children.all_alive():
        try:
            client.list_repositories()
        except DagsterUserCodeUnreachableError:
            time.sleep(0.5)
        else:
            return True
    return False


def close_interrupted_runs(folder: Path) -> None:
    """Close the runs that were under way when the UI was last ended: nobody carries them on.

    What a person asked for is closed as cancelled. What a backfill or a watcher asked for counts
    as failed, so that Dagster does it again by itself. Runs that had not begun go on waiting.
    """
    import dagster as dg

    under_way = [
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        for run in instance.get_runs(filters=dg.RunsFilter(statuses=under_way)):
            if _BY_ITSELF & run.tags.keys() and run.status != dg.DagsterRunStatus.CANCELING:
                instance.report_run_failed(
                    run, message="The UI was ended before this run was; it is done again."
                )
            else:
                instance.report_run_canceled(
                    run,
                    message="The UI was ended before this run was; start it again, and what was"
                    " done will not be done twice.",
                )


def _environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "SP_EVAL_HOME": str(settings.home),
        "DAGSTER_HOME": str(settings.dagster),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        # how soon a failed run of a backfill is noticed, and what looking for it costs when idle
        "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "30",
        "PYTHONWARNINGS": "ignore",  # that a command has a successor helps nobody here
    }


@contextmanager
def _only_ui_of(settings: Settings) -> Iterator[None]:
    settings.dagster.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.dagster / "ui.lock", timeout=_ENDING_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise UiRefusedError(
            f"The UI of {settings.home} is open already; use that one, or end it first."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _require_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        reuse_port(probe)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise UiRefusedError(
                f"Port {port} is in use by another program; choose another, as"
                f" `sp-eval ui --port {port + 1 if port < 65535 else 3000}`."
            ) from None


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int, children: Children) -> bool:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while time.monotonic() < deadline and children.all_alive():
        connection = HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/server_info")
            if connection.getresponse().status == 200:
                return True
        except (OSError, HTTPException):
            time.sleep(0.5)
        finally:
            connection.close()
    return False


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def _end_in_order() -> None:
    """As if somebody had asked by a signal; again, should it come before that is heeded."""
    while True:
        ask_itself_to_end()
        time.sleep(1)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="sp-eval ui", description="Open the Dagster UI.")
    parser.add_argument("--home", type=Path, help="where everything is kept (SP_EVAL_HOME, ./var)")
    parser.add_argument("--port", type=int, default=3000, help="port on this machine")
    parser.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.with_parent:
        when_parent_is_gone(_end_in_order)
    return serve(Settings.from_environment(home=asked.home), asked.port)


if __name__ == "__main__":
    sys.exit(_main())
