"""What each scheme's people did, and why: the figures and sentences of one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sp_eval.framework.rows import COUNTED_ITSELF
from sp_eval.report import words
from sp_eval.report.bars import Bars, Difference, per_hundred
from sp_eval.report.figure import Figure, Sentence, say
from sp_eval.report.release import Release

__all__ = ["Answer", "answer_of", "interval_words", "percent_change", "way"]

_RATIO = "rate_ratio"


@dataclass(frozen=True, slots=True)
class Answer:
    """One outcome in one scheme.

    `difference` is None where no estimate is released; then `plain` may hold the plain change
    before and after, of which `anyway` at least is to be expected. `bars` may be None all the
    same, where the rates would tell a part that rests on few.
    """

    scheme: str
    outcome: str
    label: str
    role: str
    verdict: str
    sentence: Sentence
    difference: Difference | None
    bars: Bars | None
    remark: Sentence | None
    change: Figure | None
    change_low: Figure | None
    change_high: Figure | None
    plain: Figure | None
    anyway: Figure | None
    reason: Figure | None
    grade: str

    @property
    def verdict_word(self) -> str:
        return words.VERDICTS[self.verdict]


def answer_of(release: Release, scheme: str, outcome: str, role: str) -> Answer:
    """Read the answer for one outcome of one scheme."""
    key: dict[str, Any] = {"scheme_code": scheme, "outcome": outcome}
    ratio = release.row("estimate", **key, method="matched_rate_ratio", scale=_RATIO) or {}
    is_released = ratio.get("status") == "released"
    difference, bars = per_hundred(release, key) if is_released else (None, None)
    verdict = str(ratio.get("verdict") or "not_answerable") if difference else "not_answerable"
    changes = [
        percent_change(release, "matched_rate_ratio", end, **key)
        for end in ("point", "ci_low", "ci_high")
    ]
    plain = percent_change(release, "before_after", "point", **key)
    anyway = percent_change(release, "expected_from_selection", "point", **key)
    level = release.number(
        "estimate", "ci_level", scale=100, **key, method="matched_rate_ratio", scale_of=_RATIO
    )
    return Answer(
        scheme=scheme,
        outcome=outcome,
        label=words.label(outcome),
        role=role,
        verdict=verdict,
        sentence=_sentence(release, key, verdict, ratio, difference, changes, level),
        difference=difference,
        bars=bars,
        remark=say(words.RATES_HIDDEN)
        if difference and bars is None
        else _remark(_plain_words(release, key, plain), plain, anyway, bars, verdict),
        change=changes[0] if difference else None,
        change_low=changes[1] if difference else None,
        change_high=changes[2] if difference else None,
        plain=plain if plain.value is not None else None,
        anyway=anyway if anyway.value is not None else None,
        reason=None if difference else _reason(release, key),
        grade=str(ratio.get("evidence_grade") or "none"),
    )


def percent_change(
    release: Release, method: str, end: str, *, scheme_code: str, outcome: str, decimals: int = 0
) -> Figure:
    """A ratio as per cent more (positive) or fewer (negative)."""
    return release.number(
        "estimate",
        end,
        scale=100,
        offset=-100,
        decimals=decimals,
        scheme_code=scheme_code,
        outcome=outcome,
        method=method,
        scale_of=_RATIO,
    )


def found_of(answer: Answer) -> Sentence:
    """The difference in a table's cell: the figure where the verdict rests on it, else the range.

    A lone figure beside `cannot tell` would be read as an answer.
    """
    difference = answer.difference
    if difference is None:
        return say("–")
    if answer.verdict == "cannot_tell":
        return interval_words(difference.low, difference.high)
    return say(f"{{n}} {way(difference.point)}", n=difference.point.bare())


def way(figure: Figure) -> str:
    """Fewer or more, by the sign."""
    if figure.value == 0:
        return "more or fewer"
    return "fewer" if (figure.value or 0) < 0 else "more"


def interval_words(low: Figure, high: Figure, unit: str = "") -> Sentence:
    """An interval of changes: both ends on one side, or one on each."""
    if low.value is None or high.value is None:
        return say("not shown")
    if low.value >= 0 or high.value <= 0:
        near, far = sorted((low, high), key=lambda one: abs(one.value or 0))
        side = way(low if low.value < 0 else high)
        return say(f"{{a}} to {{b}}{unit} {side}", a=near.bare(), b=far.bare())
    return say(f"{{a}}{unit} fewer to {{b}}{unit} more", a=low.bare(), b=high.bare())


def _sentence(
    release: Release,
    key: dict[str, Any],
    verdict: str,
    ratio: dict[str, Any],
    difference: Difference | None,
    changes: list[Figure],
    level: Figure,
) -> Sentence:
    noun = words.noun(key["outcome"])
    start = noun[0].upper() + noun[1:]
    if verdict == "not_answerable" or difference is None:
        given = str(ratio.get("withheld_reason") or "no estimate is in the release")
        plain = words.obstacle(given)
        reason = plain or _reason(release, key) or given
        return say(words.NOT_ANSWERABLE, noun=start, reason=reason, action=words.way_on(given))
    if verdict in ("fewer", "more"):
        return say(
            words.CHANGED, hundred="100", n=difference.point.bare(), way=way(difference.point),
            noun=noun, level=level, interval=interval_words(difference.low, difference.high),
            share=changes[0].bare(),
        )  # fmt: skip
    if verdict == "no_worthwhile_change":
        margin = release.number("detectable_change", "worthwhile", scale=100, **key)
        found: Figure | str = margin if margin.value is not None else "few"
        interval = interval_words(changes[1], changes[2], "%")
        return say(words.NO_CHANGE, noun=start, margin=found, level=level, interval=interval)
    interval = interval_words(difference.low, difference.high)
    needed = release.number("detectable_change", "people_needed", **key)
    told = say(
        words.CANNOT_TELL,
        noun=start,
        interval=say("between {one}", one=_between(interval, difference)),
        hundred="100",
    )
    if needed.value is None:
        return told
    return Sentence((*told.parts, say(words.NEEDED, people=needed)))


def _between(interval: Sentence, found: Difference) -> Sentence:
    if (found.low.value or 0) < 0 < (found.high.value or 0):
        return say("{a} fewer and {b} more", a=found.low.bare(), b=found.high.bare())
    return interval


def _reason(release: Release, key: dict[str, Any]) -> Figure | None:
    of: dict[str, Any] = {**key, "method": "matched_rate_ratio", "scale_of": _RATIO}
    figure = release.text("estimate", "withheld_reason", **of)
    return figure if figure.text else None


def _plain_words(release: Release, key: dict[str, Any], plain: Figure) -> Sentence | None:
    """What a plain before/after would say, and whose it is."""
    if plain.value is None:
        return None
    found: dict[str, Any] = {"n": plain.bare(), "way": way(plain)}
    row = release.row("estimate", **key, method="before_after", scale=_RATIO) or {}
    if row.get("comparator") == COUNTED_ITSELF.format(days=row.get("window_pre_days")):
        days = release.number("estimate", "window_pre_days", **key, method="before_after",
                              scale_of=_RATIO)  # fmt: skip
        return say(words.OWN_COUNTS, days=days, **found)
    return say("A plain before/after of all who could be followed would say {n}% {way}.", **found)


def _remark(
    told: Sentence | None, plain: Figure, anyway: Figure, bars: Bars | None, verdict: str
) -> Sentence | None:
    """What a plain before/after would say, and how much of it happens anyway."""
    if told is None or plain.value is None:
        return None
    if bars is None:
        if anyway.value is None or anyway.value >= 0 or plain.value >= 0:
            more = say(" An unknown part of this happens anyway.")
        else:
            more = say(
                " An unknown part of this, at least {n}%, happens anyway: people are referred at"
                " their busiest.",
                n=anyway.bare(),
            )
        return Sentence((told, more))
    if verdict not in ("fewer", "more"):  # the share that happens anyway is as uncertain
        busiest = ": people are referred at their busiest" if plain.value < 0 else ""
        more = say(f" It cannot tell the scheme from what happens anyway{busiest}.")
        return Sentence((told, more))
    return Sentence((told, say(_anyway_in_words(bars))))


def _anyway_in_words(bars: Bars) -> str:
    before, without, after = (f.value or 0.0 for f in (bars.before, bars.without, bars.after))
    fell, fell_anyway = before - after, before - without
    busiest = ": people are referred at their busiest."
    if fell > 0 and fell_anyway > 0:
        if fell_anyway >= fell:
            return f" All of that happens anyway{busiest}"
        share = "More than half" if fell_anyway > fell / 2 else "Part"
        return f" {share} of that happens anyway{busiest}"
    if fell_anyway < 0:
        return " Without the scheme it would have risen: that is what the difference is taken from."
    return " Compare it with what would have happened anyway, above."
