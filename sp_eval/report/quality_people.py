"""The quality page's sections on people: who links to the register, and what refusals do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sp_eval.contracts.codes import code_table
from sp_eval.framework.linkage import Division, Level
from sp_eval.report.quality_facts import QualityFacts, Section, Shown, share
from sp_eval.report.quality_sections import named
from sp_eval.study.design import Disclosure

__all__ = ["linkage", "refused_rows"]

_WHO: Final = {
    "referral": "people referred",
    "gp_contact": "people with GP contacts",
    "hospital_activity": "people with hospital care",
}
_BY: Final = {
    "sex": "sex",
    "ethnicity": "ethnic group",
    "deprivation": "deprivation of the area people live in",
    "third_of_deprivation": "deprivation where the practice's people live",
    "third_of_ethnicity": "share of the practice's people of other than White groups",
}
_NOT: Final = {
    "is_linked": "not on the register",
    "is_registered": "on the register, but not registered on the day of the referral",
}
_BIAS: Final = (
    "Beware of bias: some groups link less often than others, by more than chance (below). Who does"
    " not link is in no estimate. So results say less about those groups, and are tilted if they"
    " gained more or less than others did. Ask whoever keeps the rows how numbers are written down"
    " for these groups."
)


def linkage(facts: QualityFacts) -> Section:
    """Who links to the register, by group, with a warning where groups differ."""
    title = "Does everybody link to the register alike?"
    if not facts.has_register:
        none = "No register of this scheme has come: nobody can be linked, and nothing compared."
        return Section("linkage", title, (none,))
    said = [_overall(one.dataset, one.people, one.most_not) for one in facts.linked]
    cannot = [d for d in facts.divisions if d.reason]
    told = [d for d in facts.divisions if d.levels]
    if facts.divisions and not told and not cannot:
        said.append("Everybody links, so no group is left out more than another.")
    said += _cannot_tell(cannot)
    differ = [d for d in told if d.least is not None]
    if differ:
        said.append(_BIAS)
    if told and not differ:
        said.append("Where groups can be told apart, they differ by no more than chance.")
    said.append(
        "A person who is on no register has no known sex, ethnic group or address: these come from"
        " the register of this month or an earlier one. The practice is that which the row names;"
        f" hospital rows name none. Groups of {Disclosure().suppress_to} people or fewer are not"
        " shown."
    )
    return Section(
        "linkage",
        title,
        tuple(said),
        tuple(_warning(d) for d in differ),
        (),
        tuple(_table(d) for d in told),
    )


def _overall(dataset: str, people: int | None, most_not: float) -> str:
    who = _WHO[dataset]
    if people is None:
        return f"{who[:1].upper()}{who[1:]}: too few to be shown."
    linked = "all of them" if not most_not else f"at least {1 - most_not:.0%}"
    return f"About {people:,} {who}: {linked} on the register."


def _cannot_tell(cannot: list[Division]) -> list[str]:
    """What cannot be told, datasets for which the same holds together."""
    ways: dict[tuple[str, str, str], list[str]] = {}
    for d in cannot:
        ways.setdefault((d.reason, d.measure, d.dataset), []).append(_BY[d.by])
    who: dict[tuple[str, str, str], list[str]] = {}
    for (reason, measure, dataset), several in ways.items():
        who.setdefault((reason, measure, _listed(several)), []).append(_WHO[dataset])
    return [
        f"Which {_listed(people)} are {_NOT[measure]} cannot be told by {by}: {reason}."
        for (reason, measure, by), people in who.items()
    ]


def _listed(ways: list[str]) -> str:
    return ways[0] if len(ways) == 1 else ", ".join(ways[:-1]) + f" or {ways[-1]}"


def _table(division: Division) -> Shown:
    caption = f"{_WHO[division.dataset]}, by {_BY[division.by]}: {_NOT[division.measure]}"
    rows = [(level.name, _people(level), _share(level)) for level in division.levels]
    if division.unknown:
        told = f"{share(division.unknown)} of those who are not"
        rows.append(("group not known", "", told))
    marks = tuple(
        "passed_with_failures" if level is division.least else "" for level in division.levels
    )
    return Shown(caption[:1].upper() + caption[1:], ("group", "people", "not"), tuple(rows), marks)


def _people(level: Level) -> str:
    return "hidden" if level.people is None else f"about {level.people:,}"


def _share(level: Level) -> str:
    return "hidden" if level.most_not is None else share(level.most_not)


def _warning(division: Division) -> str:
    least, most = division.least, division.most
    assert least is not None  # noqa: S101  (asked for by the caller)
    assert most is not None  # noqa: S101
    return (
        f"Of {_WHO[division.dataset]} by {_BY[division.by]}, {_share(least)} of the group"
        f" '{least.name}' are {_NOT[division.measure]}, and {_share(most)} of '{most.name}': more"
        " than chance."
    )


def refused_rows(facts: QualityFacts, *, command: str) -> Section:
    """What the refused rows do to the main estimate."""
    title = "Do the refused rows matter to the result?"
    if not any(r["rows_refused"] for r in facts.own.to_dicts()):
        return Section("refused", title, ("No row was refused: there is nothing to put back.",))
    if not facts.effects:
        return Section(
            "refused",
            title,
            (
                "It was not worked out yet. It makes the main estimate again with refused rows put"
                f" back, and takes as long as one evaluation of the scheme: {command}",
            ),
        )
    said: list[str] = []
    tables: list[Shown] = []
    for found in facts.effects:
        if not found["is_current"]:
            said.append(f"What is in use has changed since this was worked out; again: {command}")
        said += _told(found)
        tables.append(_before_and_with(found))
    folded = (_kept_out(facts.effects[0]),)
    return Section("refused", title, tuple(said), (), tuple(tables), folded)


def _told(found: Mapping[str, Any]) -> list[str]:
    refused, back = found["refused"], found["back"]
    first = (
        f"{refused:,} rows of the register, referrals, GP contacts and hospital care in use were"
        f" refused; {back:,} of them could be put back: their fault lies in a column that the main"
        " estimate does not read. The others lack something it reads, or name nobody."
    )
    if not refused:
        return ["No refused row of this month bears on the main estimate as it is now."]
    if not back:
        return [first, "So nothing was made again."]
    return [
        first,
        "People are matched anew with them, so a few other people's matches change too. A"
        " difference well inside the interval is no more than that.",
    ]


def _before_and_with(found: Mapping[str, Any]) -> Shown:
    rows = [("as published", *_figures(found["without"]))]
    if found["with"] is not None:
        rows.append(("with the rows put back", *_figures(found["with"])))
    caption = f"{found['title']} Main estimate (rate ratio)"
    return Shown(caption, ("", "rate ratio", "95% interval", "people analysed"), tuple(rows))


def _figures(row: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if row is None:
        return ("no estimate", "", "")
    if row["point"] is None:
        return ("withheld", row["withheld_reason"] or "", "")
    people = "hidden" if row["n_analysed"] is None else f"about {row['n_analysed']:,}"
    return (f"{row['point']:.3f}", f"{row['ci_low']:.3f} to {row['ci_high']:.3f}", people)


def _kept_out(found: Mapping[str, Any]) -> Shown:
    meanings = {row["rule"]: row["meaning"] for row in code_table("rule")}
    rows = tuple(
        (
            named(r["dataset"]),
            r["column_name"] or "the row as a whole",
            meanings.get(r["rule"], r["rule"]),
            "put back" if r["rows_put_back"] else "left out",
        )
        for r in found["told"]
        if r["rows_put_back"] or r["rows_left_out"]
    )
    heads = ("table", "column", "rule broken", "")
    return Shown("Which rows were put back, and which were not", heads, rows)
