"""Whether the other ways of comparing say what the answer says."""

from __future__ import annotations

from typing import Any

from sp_eval.report import words
from sp_eval.report.answers import Answer
from sp_eval.report.figure import Sentence, listed, say, total
from sp_eval.report.release import Release

__all__ = ["ways_told"]


def ways_told(release: Release, code: str, primary: Answer) -> list[Sentence]:
    """How many of the sensitivity estimates agree, and which do not; nothing where none is shown.

    Another way agrees if its interval lies on the same side as the answer's, or on neither where
    the answer is on neither; where the answer is that nothing worthwhile changed, if its point lies
    inside the answer's interval.
    """
    key: dict[str, Any] = {"scheme_code": code, "outcome": primary.outcome}
    own = release.row("estimate", **key, method="matched_rate_ratio", scale="rate_ratio")
    shown = [
        row
        for row in release.rows("estimate", **key, role="sensitivity", status="released")
        if row["method"] in words.METHODS
    ]
    if own is None or primary.difference is None or not shown:
        return []
    key |= {"role": "sensitivity", "status": "released"}
    counted = {
        row["method"]: release.number("estimate", "count(*)", **key, method=row["method"])
        for row in shown
    }
    n = total(*((1, figure) for figure in counted.values()))
    agreeing = {r["method"] for r in shown if _agrees(r, own, primary.verdict)}
    if len(agreeing) == len(shown):
        return [say(words.WAYS_AGREE, n=n)]
    others = [words.METHODS[m] for m in counted if m not in agreeing]
    m = total(*((1, counted[method]) for method in agreeing)) if agreeing else "none"
    return [say(words.WAYS_DIFFER, n=n, m=m, which=listed(others, last="and"))]


def _agrees(row: dict[str, Any], own: dict[str, Any], verdict: str) -> bool:
    if verdict == "fewer":
        return bool(row["ci_high"] < 1)
    if verdict == "more":
        return bool(row["ci_low"] > 1)
    if verdict == "cannot_tell":
        return bool(row["ci_low"] <= 1 <= row["ci_high"])
    return bool(own["ci_low"] <= row["point"] <= own["ci_high"])
