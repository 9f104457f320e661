"""How sure an answer is: its checks, what could explain it away, and what other ways say."""

from __future__ import annotations

from typing import Any

from sp_eval.report import words
from sp_eval.report.answers import Answer
from sp_eval.report.figure import Sentence, listed, say, total
from sp_eval.report.release import Release
from sp_eval.report.ways import ways_told

__all__ = ["how_sure", "moved"]


def how_sure(
    release: Release, code: str, primary: Answer, answers: tuple[Answer, ...]
) -> tuple[Sentence, ...]:
    """What speaks for an answer and against it, as the first page lists it."""
    told: list[Sentence] = []
    checks = release.frame("design_check", scheme_code=code)
    if checks.height and checks["passed"].drop_nulls().len():
        # a count of what passed, not of people
        passed = release.number("design_check", "count(*)", scheme_code=code, passed=True)
        failed = release.number("design_check", "count(*)", scheme_code=code, passed=False)
        told.append(
            say(
                "Design checks: {n} of {m} passed.",
                n=passed if passed.value is not None else "none",
                m=total((1, passed), (1, failed))
                if passed.value is not None and failed.value is not None
                else (failed if passed.value is None else passed),
            )
        )
    else:
        fair = "passed" if primary.difference else "did not all pass, or could not be made"
        told.append(say(f"Design checks {fair}."))
    told += _not_compared_on(release, code)
    told += _hidden_cause(release, code, primary)
    for answer in answers:
        if answer.role == "negative_control":
            told.append(_untouched(release, code, answer))
    told += ways_told(release, code, primary)
    return (*told, _graded(release, code, primary))


def _graded(release: Release, code: str, primary: Answer) -> Sentence:
    """The grade and why, from its own row; older releases have the grade alone."""
    key: dict[str, Any] = {"scheme_code": code, "outcome": primary.outcome, "diagnostic": "grade"}
    if not release.row("diagnostic", **key):
        return say(f"Grade {primary.grade}: {words.GRADE_MEANS.get(primary.grade, '')}.")
    return say("Grade. {why}", why=release.text("diagnostic", "sentence", **key))


def _not_compared_on(release: Release, code: str) -> list[Sentence]:
    """What the study asked people to be alike in, and the scheme's files do not tell."""
    known = release.frame("balance", scheme_code=code)
    if known.is_empty():
        return []
    asked = str((release.row("study") or {}).get("covariates") or "").split(",")
    columns = known["covariate"].to_list()
    lacking = [
        words.ALIKE_IN[name]
        for name in (one.strip() for one in asked)
        if name in words.OF_PERSON and not any(column.startswith(name) for column in columns)
    ]
    return [say(words.NOT_COMPARED_ON, what=listed(lacking))] if lacking else []


def _hidden_cause(release: Release, code: str, primary: Answer) -> list[Sentence]:
    if primary.verdict not in ("fewer", "more"):
        return []
    key: dict[str, Any] = {"scheme_code": code, "outcome": primary.outcome, "method": "e_value"}
    point = release.number("estimate", "point", decimals=1, **key)
    if point.value is None:
        return []
    return [say(words.HIDDEN_CAUSE, n=point)]


def _untouched(release: Release, code: str, answer: Answer) -> Sentence:
    """Whether care that the scheme should not change moved, and what move could have shown."""
    if answer.difference is None:
        return say(words.UNTOUCHED, noun=answer.label, moved="not known")
    if moved(release, answer):
        return say(words.UNTOUCHED, noun=answer.label, moved=words.MOVED)
    least = release.number(
        "detectable_change", "smallest_fall", scale=100,
        scheme_code=code, outcome=answer.outcome,
    )  # fmt: skip
    said: Sentence | str = words.STILL
    if release.has("detectable_change"):
        said = words.WEAK_CONTROL
        if least.value is not None:
            said = say(words.STILL_IF_LARGE, n=least)
    return say(words.UNTOUCHED, noun=answer.label, moved=said)


def moved(release: Release, answer: Answer) -> bool:
    """Whether care that the scheme should not change did change; in older releases by verdict."""
    key: dict[str, Any] = {"scheme_code": answer.scheme, "outcome": answer.outcome}
    row = release.row("diagnostic", **key, diagnostic="negative_control")
    if row is not None:
        return row["passed"] is False
    return answer.role == "negative_control" and answer.verdict in ("fewer", "more")
