"""The first screen: what is said before anything else, once for the page and for the print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sp_eval.report import words
from sp_eval.report.answers import Answer, answer_of
from sp_eval.report.figure import Figure, Sentence, listed, say, total
from sp_eval.report.in_short import in_short
from sp_eval.report.release import Release
from sp_eval.report.sure import how_sure, moved
from sp_eval.study.outcomes import INSTRUMENTS, OUTCOMES

__all__ = ["FirstScreen", "Scheme", "first_screen"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme's answers: the primary first; totals apart, with their parts."""

    code: str
    short: str
    title: Figure | str
    primary: Answer
    answers: tuple[Answer, ...]
    totals: tuple[tuple[Answer, tuple[Answer, ...]], ...]
    grade: str
    warnings: tuple[Sentence, ...]
    sure: tuple[Sentence, ...]
    about: tuple[Sentence, ...]

    @property
    def withheld(self) -> list[tuple[str, Figure]]:
        """Each reason once, with the outcomes it keeps from being answered."""
        reasons: dict[str, Figure] = {}
        kept: dict[str, list[str]] = {}
        for answer in self.answers:
            if answer.reason is not None:
                reasons.setdefault(answer.reason.text, answer.reason)
                kept.setdefault(answer.reason.text, []).append(answer.label)
        return [(", ".join(kept[text]), reason) for text, reason in reasons.items()]


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """The first screen as facts and sentences."""

    study_id: str
    title: Figure | str
    month: Figure
    asked: Sentence
    version: Sentence
    grade: Sentence
    schemes: tuple[Scheme, ...]
    in_short: tuple[Sentence, ...]
    side_by_side: tuple[Sentence, ...]
    not_shown: tuple[Sentence, ...]
    data: Sentence


def first_screen(release: Release) -> FirstScreen:
    """Gather the first screen of one study."""
    estimates = release.frame("estimate")
    codes = sorted(set(estimates["scheme_code"]) - {"all"})
    schemes = tuple(_scheme(release, code) for code in codes)
    return FirstScreen(
        study_id=release.study_id,
        title=_title(release),
        month=_month(release),
        asked=_asked(release),
        version=_version(release),
        grade=_grade(schemes),
        schemes=schemes,
        in_short=in_short(schemes),
        side_by_side=_side_by_side(release, schemes),
        not_shown=_not_shown(release, schemes),
        data=_data(release),
    )


def _title(release: Release) -> Figure | str:
    if release.has("study"):
        return release.text("study", "title")
    return release.study_id.replace("_", " ").capitalize()


def _month(release: Release) -> Figure:
    return release.text("delivery", "max(month)", status="current")


def _asked(release: Release) -> Sentence:
    if not release.has("study"):
        return say("This release does not hold what was asked.")
    return say(
        "Referred {first} to {last}, followed {days} days.",
        first=release.text("study", "index_from"),
        last=release.text("study", "index_to"),
        days=release.number("study", "window_post_days"),
    )


def _version(release: Release) -> Sentence:
    """Which version of the study this is; "asked before results were seen" only of the first."""
    hashes = release.frame("estimate")
    now: dict[str, Any] = {"design_hash": hashes["design_hash"][0]} if hashes.height else {}
    number = release.number("study_version", "version_number", **now)
    if number.value is None:
        return say("How many versions of this study were tried is not in the release.")
    last = release.number("study_version", "max(version_number)")
    when = release.text("study_version", "first_run_at", **now)
    told = say("version {n} of {m}, first run {when}.", n=number, m=last, when=when)
    if number.value == 1:
        return Sentence(("Asked before results were seen: ", told))
    changed = release.text("study_version", "what_changed", **now)
    return say(
        "Asked again after results of an earlier version were seen ({what}): {told}",
        what=changed, told=told,
    )  # fmt: skip


def _grade(schemes: tuple[Scheme, ...]) -> Sentence:
    """Each grade given, the best first, and where."""
    given = {grade: [s.short for s in schemes if s.grade == grade] for grade in words.GRADES}
    held = {grade: names for grade, names in given.items() if names}
    if len(held) == 1:
        return say(f"Grade: {next(iter(held))}")
    return Sentence(("Grade: ", "; ".join(f"{g} in {listed(of)}" for g, of in held.items())))


def _scheme(release: Release, code: str) -> Scheme:
    own = release.frame("estimate", scheme_code=code, method="matched_rate_ratio")
    own = own.filter(own["scale"] == "rate_ratio")
    roles = dict(zip(own["outcome"], own["outcome_role"], strict=True))
    order = [*OUTCOMES, *sorted(set(roles) - set(OUTCOMES))]
    named = sorted(roles, key=lambda o: (roles[o] != "primary", order.index(o)))
    found = {name: answer_of(release, code, name, roles[name]) for name in named}
    primary = found[named[0]]
    totals = {
        name: tuple(found[part] for part in OUTCOMES[name].parts if part in found)
        for name in named
        if name in OUTCOMES and OUTCOMES[name].parts and name != primary.outcome
    }
    return Scheme(
        code=code,
        short=words.short(code),
        title=release.text("scheme", "title", scheme_code=code)
        if release.row("scheme", scheme_code=code)
        else words.short(code),
        primary=primary,
        answers=tuple(a for name, a in found.items() if name not in totals),
        totals=tuple((found[name], parts) for name, parts in totals.items()),
        grade=primary.grade,
        warnings=_warnings(release, code, tuple(found.values())),
        sure=how_sure(release, code, primary, tuple(found.values())),
        about=_about(release, code, primary),
    )


def _warnings(release: Release, code: str, answers: tuple[Answer, ...]) -> tuple[Sentence, ...]:
    """What must stand beside the answer itself: an unusual way of asking, or a sign of error."""
    primary = answers[0]
    key: dict[str, Any] = {"scheme_code": code, "outcome": primary.outcome}
    told = []
    if primary.difference is not None:
        note = release.text(
            "estimate", "notes", **key, method="matched_rate_ratio", scale_of="rate_ratio"
        )
        told += [Sentence((note,))] if note.text else []
    told += [say(words.CONTROL_MOVED, noun=a.label) for a in answers if moved(release, a)]
    return tuple(told)


def _about(release: Release, code: str, primary: Answer) -> tuple[Sentence, ...]:
    steps = {row["step"]: row for row in release.rows("attrition", scheme_code=code)}
    told = []
    if "people" in steps:
        n = release.number("attrition", "people", scheme_code=code, step="people")
        told.append(say("{n} people referred", n=n))
    followed = next((s for s in ("covered", "followed back") if s in steps), None)
    if followed:
        n = release.number("attrition", "people", scheme_code=code, step=followed)
        told.append(say("{n} could be followed", n=n))
    key: dict[str, Any] = {
        "scheme_code": code,
        "outcome": primary.outcome,
        "method": "matched_rate_ratio",
    }
    if primary.difference:
        analysed = release.number("estimate", "n_analysed", **key, scale_of="rate_ratio")
        others = release.number("estimate", "n_comparison", **key, scale_of="rate_ratio")
        told.append(say("{n} compared with {m} similar people", n=analysed, m=others))
    return tuple(told)


def _side_by_side(release: Release, schemes: tuple[Scheme, ...]) -> tuple[Sentence, ...]:
    if not release.has("comparability"):
        return (say("This release does not say whether schemes may be set side by side."),)
    told = []
    for criterion, outcome in (
        ("side_by_side", "all"),
        ("only_one_scheme", "all"),
        ("within_chance", schemes[0].primary.outcome),
    ):
        if release.row("comparability", criterion=criterion, outcome=outcome):
            key: dict[str, Any] = {"criterion": criterion, "outcome": outcome}
            told.append(Sentence((release.text("comparability", "sentence", **key),)))
    return tuple(told)


def _not_shown(release: Release, schemes: tuple[Scheme, ...]) -> tuple[Sentence, ...]:
    told = [say("Money: not costed here.")]
    if any(row["outcome"] in INSTRUMENTS for row in release.rows("estimate")):
        told.append(say("How people felt: described further on, nobody to compare with."))
    for scheme in schemes:
        rows = {row["step"]: row for row in release.rows("attrition", scheme_code=scheme.code)}
        if "consented" in rows and "people" in rows:
            key: dict[str, Any] = {"scheme_code": scheme.code}
            everyone = release.number("attrition", "people", **key, step="people")
            agreed = release.number("attrition", "people", **key, step="consented")
            gone = total((1, everyone), (-1, agreed))
            if gone.value:
                told.append(say(f"{scheme.short}: about {{n}} who did not consent.", n=gone))
    if release.has("study"):
        days = release.number("study", "window_post_days")
        told.append(say("Anything beyond {days} days.", days=days))
    told.append(say("What happened in groups we hold no data on."))
    return tuple(told)


def _data(release: Release) -> Sentence:
    current: dict[str, Any] = {"status": "current"}
    files = release.number("delivery", "count(*)", **current)
    share = release.number(
        "delivery", "100.0 * sum(rows_accepted) / sum(rows_in)", decimals=1, **current
    )
    parts = [say("{n} files and sheets", n=files), say("{n}% of rows used", n=share)]
    for status in ("missing", "refused"):
        if release.row("delivery", status=status):
            n = release.number("delivery", "count(*)", status=status)
            parts.append(say(f"{{n}} {words.STATUS[status]}", n=n))
    if len(parts) == 2:
        parts.append(say("no file missing"))
    return Sentence(("Data: ", listed(parts, last="and"), "."))
