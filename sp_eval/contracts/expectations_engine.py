"""Great Expectations in a process of its own: suites in on the input, answers out.

The only importer of the library. It reads the database without changing it, writes no file,
sends nothing, and answers with verdicts and totals: rows it finds unexpected are not asked for.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import warnings
from datetime import date
from typing import Any

from sp_eval.machine import when_parent_is_gone

__all__ = ["answer"]

_DATED = "ExpectColumnMaxToBeBetween"
_TOTALS = {"result_format": "BASIC", "partial_unexpected_count": 0}


def answer(request: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Evaluate each suite of a request, as `expectations.evaluate_suites` words it."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # it is read once, when the library is loaded
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    _fetch_before_closing()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=f"duckdb:///{request['database']}",
        create_temp_table=False,
        kwargs={"connect_args": {"read_only": True}},  # type: ignore[call-arg]
    )
    answers = []
    for number, suite in enumerate(request["suites"]):
        asset = source.add_query_asset(f"suite_{number}", query=suite["query"])
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        answers.append(_evaluate(batch, suite["checks"], f"suite_{number}"))
    return answers


def _fetch_before_closing() -> None:
    """Let results outlive their connection.

    Great Expectations 1.24.1 closes a connection before it fetches, and DuckDB then has no rows
    to give. `_execute_query_with_recovery` is a private name: the version is pinned, and a test
    fails if it goes.
    """
    from great_expectations.execution_engine.sqlalchemy_execution_engine import (
        SqlAlchemyExecutionEngine,
    )

    def buffered(self: Any, query: Any) -> Any:  # noqa: ANN401
        with self.get_connection() as connection:
            result = self._execute_query_with_recovery(connection, query)
            return result.freeze()() if result.returns_rows else result

    SqlAlchemyExecutionEngine.execute_query = buffered  # type: ignore[method-assign]


def _evaluate(batch: Any, checks: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:  # noqa: ANN401
    import great_expectations as gx
    import great_expectations.expectations as known

    expectations = [
        getattr(known, c["name"])(**_typed(c["name"], c["arguments"]), meta={"at": at})
        for at, c in enumerate(checks)
    ]
    suite = gx.ExpectationSuite(name=name, expectations=expectations)
    results = batch.validate(suite, result_format=_TOTALS).results
    found: list[dict[str, Any]] = [{"met": None, "observed": None} for _ in checks]
    for result in results:
        found[result.expectation_config.meta["at"]] = _plain(result)
    return found


def _typed(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if name != _DATED:
        return arguments
    return {
        key: date.fromisoformat(value) if key in ("min_value", "max_value") else value
        for key, value in arguments.items()
    }


def _plain(result: Any) -> dict[str, Any]:  # noqa: ANN401
    # an exception is told as success=False: it is neither met nor unmet
    faults = result.exception_info
    raised = faults.get("raised_exception", True) if "raised_exception" in faults else bool(faults)
    if raised:
        return {"met": None, "observed": None}
    told = result.result
    if "element_count" in told:
        observed: Any = {"rows": int(told["element_count"]), "found": int(told["unexpected_count"])}
    else:
        observed = told.get("observed_value")
        if isinstance(observed, date):
            observed = observed.isoformat()[:10]
        elif observed is not None:
            observed = float(observed)
    return {"met": bool(result.success), "observed": observed}


def main() -> None:
    """Read one request, a line of the input, and write one line of answers.

    The input stays open as long as the parent lives: a run that was killed leaves nobody behind
    who holds its warehouse.
    """
    request = json.loads(sys.stdin.readline())
    when_parent_is_gone(lambda: os._exit(1))
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        answers = answer(request)
    out.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
