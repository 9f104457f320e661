"""The answers of a questionnaire as lines of a drafted table."""

from __future__ import annotations

from collections.abc import Iterator

from sp_eval.ingest.draft_rule import date_style
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.questionnaire import Questionnaire
from sp_eval.ingest.table_guess import TableGuess

__all__ = ["check_lines", "instrument_lines", "kept_at", "question_lines"]


def instrument_lines(guess: TableGuess) -> Iterator[str]:
    asked = guess.questionnaire
    assert asked is not None  # noqa: S101  (asked for by the caller)
    is_sure, count = asked.how == "sure", len(asked.items)
    told = "sure: by its name and items" if is_sure else f"guess: by {count} headings"
    if asked.how == "likely":
        (heading, item), *_ = asked.items.items()
        parse = "integer" if _all_whole(guess, [heading]) else "money"
        yield f"      instrument: {{const: {asked.instrument}}}  # likely: by a heading"
        yield f"      item: {{const: {item}}}  # likely: by its numbers; is it raw, or converted?"
        yield f"      score: {{from: {scalar(heading)}, parse: {parse}}}  # likely: by its heading"
        return
    yield f"      instrument: {{const: {asked.instrument}}}  # {told}"


def question_lines(guess: TableGuess) -> Iterator[str]:
    """`unpivot`: each question's column, and the item it is."""
    asked = guess.questionnaire
    if asked is None or asked.how == "likely":
        return
    items = list(asked.items)
    yield "    unpivot:"
    yield "      name: item"
    yield "      value: score"
    yield f"      parse: {'integer' if _all_whole(guess, items) else 'money'}"
    yield "      columns:"
    for heading, item in asked.items.items():
        yield f"        {scalar(heading)}: {item}  # {asked.how}"


def check_lines(guess: TableGuess, dates: str) -> Iterator[str]:
    """`check`: the sums of the answers, and that no later answer lies before the first."""
    asked, lines = guess.questionnaire, []
    if asked is not None and asked.how != "likely":
        listed = "[" + ", ".join(scalar(item) for item in asked.items) + "]"
        if asked.total:
            total = scalar(asked.total)
            lines.append(f"{total}: {{total_of: {listed}}}  # likely: by its heading")
        if asked.metric:
            lines.append(f"{scalar(asked.metric)}: {_metric(guess, asked, listed)}")
    if (late := guess.columns.get("response_date")) and guess.first_date is not None:
        parse = date_style(late.look, dates)
        rule = f"{{parse: {parse}, not_before: {scalar(guess.first_date.heading)}}}"
        lines.append(f"{scalar(late.look.heading)}: {rule}")
    if lines:
        yield "    check:"
        yield from (f"      {line}" for line in lines)


def kept_at(guess: TableGuess) -> list[str]:
    """`keep_when` of a table of one time: rows not filled in at that time say nothing to it."""
    if guess.time is None:
        return []
    asked = guess.questionnaire
    heads = [*asked.items] if asked else [guess.columns["score"].look.heading]
    dated = guess.columns.get("response_date")
    if dated is not None and dated.look.at in guess.time.heads:
        heads.append(dated.look.heading)
    filled = ", ".join(scalar(heading) for heading in heads)
    name = "no score at the start" if guess.time.stage == "baseline" else "no score at the end yet"
    return [f"    keep_when: {{filled: [{filled}], folded_as: {name}}}"]


def _all_whole(guess: TableGuess, headings: list[str]) -> bool:
    return all(
        look.whole >= 0.9 for look in guess.looks if look.heading in headings and look.filled
    )


def _metric(guess: TableGuess, asked: Questionnaire, listed: str) -> str:
    if asked.instrument != "swemwbs":
        return "{parse: money}  # guess: its conversion is not known here"
    table = f"{asked.instrument}_metric"
    told = _metric_told(guess, asked.metric or "")
    return f"{{metric_of: {listed}, metric_table: {table}}}{told}"


def _metric_told(guess: TableGuess, heading: str) -> str:
    look = next(one for one in guess.looks if one.heading == heading)
    if look.whole >= 0.9:
        return "  # guess: it holds whole numbers: are they raw totals, not metric scores?"
    return "  # likely: by its heading, and it holds fractions"
