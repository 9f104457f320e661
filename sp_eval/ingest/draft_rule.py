"""One column of a contract as a drafted rule: where it comes from, how sure that is, and why."""

from __future__ import annotations

from typing import Final

import polars as pl

from sp_eval.contracts.contract import Column
from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.draft_own_rule import own_rule
from sp_eval.ingest.draft_words import flow, needs_recode, pieces, recode_lines, scalar, words_in
from sp_eval.ingest.guess_fit import BY_WORDS
from sp_eval.ingest.table_guess import SAME, Guess, TableGuess, kind_of
from sp_eval.ingest.vocabulary import heading_scores, known_in, known_word

__all__ = ["date_style", "derived_from", "quarter_of", "rule_lines"]

_ASK: Final = f"'{OPEN}'"
_LAST_DAYS: Final = frozenset({"registered_to", "period_end"})
_QUINTILES: Final = ", ".join(f"{decile}: {(decile + 1) // 2}" for decile in range(1, 11))


def rule_lines(column: Column, guess: TableGuess, dates: str) -> list[str]:
    """The lines of one contract column in `columns`, not indented; `dates`: the table's style."""
    name = column.name
    if name in {"person_key", "referral_id"}:
        key = guess.person if name == "person_key" else guess.reference
        return [f"{name}: {flow(from_=scalar(key.look.heading) if key else _ASK)}"]
    if (own := own_rule(name, guess)) is not None:
        return own
    if (found := guess.columns.get(name)) is not None:
        return _from(column, guess, found, dates)
    if (derived := _derived(column, guess)) is not None:
        return derived
    if column.required:
        return [f"{name}: {flow(const=_ASK)}  # it must be given, and no column looks like it"]
    return [f"{name}: {flow(absent=_ASK)}"]


def date_style(look: Look, dates: str, *, last_day: bool = False) -> str:
    """What stands behind `parse:` for a column of dates."""
    kind = "last_day" if last_day else "date"
    if look.is_true_date:
        return kind if last_day else "excel"
    if not look.styles and look.months:
        edge = ", edge: end" if last_day else ""
        return f"{{month: '{look.months[0]}'{edge}}}"
    if not dates or dates in look.styles or not look.styles:
        return kind  # as the table, or the layout, says
    return f"{{{kind}: '{look.styles[0]}'}}"


def _from(column: Column, guess: TableGuess, found: Guess, dates: str) -> list[str]:
    name, look = column.name, found.look
    heading, why = scalar(look.heading), f"  # {found.how}: {found.why}"
    if column.logical_type == "date":
        is_month = bool(look.months) and not look.styles
        if name in _LAST_DAYS and not is_month:
            return [f"{name}: {flow(from_=heading, parse=_ASK)}{why}; {_either(look, dates)}"]
        style = date_style(look, dates, last_day=name in _LAST_DAYS)
        return [f"{name}: {flow(from_=heading, parse=style)}{why}"]
    if column.logical_type in {"integer", "number"}:
        is_whole = look.whole == 1.0 and not name.endswith("_gbp")
        kind = "integer" if column.logical_type == "integer" or is_whole else "money"
        told = "; 1 is taken for the most deprived" if name.startswith("imd_") else ""
        return [f"{name}: {flow(from_=heading, parse=kind)}{why}{told}"]
    if column.allowed is None and column.logical_type != "boolean":
        return [f"{name}: {flow(from_=heading)}{why}"]
    is_sorted = guess.kept is not None and guess.kept[0].at == look.at
    if not needs_recode(column, look) and not is_sorted and column.logical_type != "boolean":
        return [f"{name}: {flow(from_=heading)}{why}"]
    return _coded(column, guess, found, why)


def _either(look: Look, dates: str) -> str:
    """The question that no cell answers: which of two days an end is."""
    inside, outside = date_style(look, dates, last_day=True), date_style(look, dates)
    return f"last day inside: {inside}; first day outside: {outside}"


def _coded(column: Column, guess: TableGuess, found: Guess, why: str) -> list[str]:
    name, look = column.name, found.look
    cells = guess.table.cells[f"c{look.at}"]
    several = pieces(cells)
    contract = guess.contract or ""
    lines = [f"{name}:{why}", f"  from: {scalar(look.heading)}"]
    if several is not None:
        # the first of them is another column's, unless the cells hold the further ones alone
        shared = [one for one in guess.columns.values() if one.look.at == look.at]
        take = "first" if not column.separator else "rest" if len(shared) > 1 else "all"
        lines.append(f"  split: {flow(by=scalar(several[0]), take=take)}")
    words = words_in(look, cells)
    if words is not None and not column.required:
        # nobody need say what a word means that counts as blank, unless the list has it, or rows
        # are refused for a blank
        words = tuple(
            pair for pair in words
            if pair[0].casefold() not in guess.not_known or known_word(contract, column, pair[0])
        )  # fmt: skip
    is_of_kinds = found.why == BY_WORDS or (guess.kept is not None and guess.kept[0].at == look.at)
    folded = _folded(guess, look)
    recode = recode_lines(
        contract, column, words, folded=folded, is_of_kinds=is_of_kinds,
        told_by=_told_by(column, guess, look) if name == "activity" else None,
    )  # fmt: skip
    return lines + [f"  {line}" for line in recode]


def _told_by(column: Column, guess: TableGuess, look: Look) -> dict[str, str]:
    """Words that nobody knows -> a column whose words, in their rows, are not all one thing.

    A stay may be planned or not: another column often tells.
    """
    contract = guess.contract or ""
    found: dict[str, str] = {}
    for word, _ in look.words or ():
        if known_in(contract, column, word) is not None:
            continue
        rows = guess.table.cells.filter(pl.col(f"c{look.at}") == word)
        for other in guess.looks:
            if other.at == look.at or not other.words or kind_of(other.heading) is not None:
                continue
            texts = rows[f"c{other.at}"].drop_nulls().unique().to_list()
            meant = {
                known.value if (known := known_in(contract, column, text)) else None
                for text in texts
            }
            if len(meant) > 1:
                found.setdefault(word, other.heading)
    return found


def _folded(guess: TableGuess, look: Look) -> frozenset[str]:
    """The words of a column that tell which rows count, where it is the one that tells it."""
    if guess.kept is None or guess.kept[0].at != look.at:
        return frozenset()
    return frozenset(word for word, _ in look.words or ()) - frozenset(guess.kept[1])


def derived_from(guess: TableGuess, name: str) -> Look | None:
    """The source of a column that is worked out of one that nothing else may be made of."""
    if name == "birth_year":
        births = [look for look in guess.looks if _is_birth(look) and _year_of(look)]
        return births[0] if births else None
    if name == "imd_quintile" and "imd_decile" in guess.columns:
        return guess.columns["imd_decile"].look
    if name in {"period_start", "period_end"}:
        other = guess.columns.get({"period_start": "period_end"}.get(name, "period_start"))
        return other.look if other is not None and other.look.months else None
    if name == "secondary_needs" and "primary_need" in guess.columns:
        look = guess.columns["primary_need"].look
        return look if pieces(guess.table.cells[f"c{look.at}"]) else None
    return None


def _is_birth(look: Look) -> bool:
    """Whether a heading tells of a birth, by its day or, as `Born (mm/yyyy)`, by less."""
    scores = heading_scores(look.heading)
    return max(scores.get(of, 0.0) for of in (("birth", ""), ("person", "birth_year"))) >= SAME


def quarter_of(guess: TableGuess) -> tuple[Look, ...]:
    """The columns that tell a quarter of a financial year, as 2017/18 Q1; empty if none do."""
    year, quarter = r"^[0-9]{4}/[0-9]{2}$", r"^[Qq][1-4]$"
    fits = {
        part: next((look for look in guess.looks if _all_fit(guess, look, part)), None)
        for part in (f"{year[:-1]}\\s+{quarter[1:]}", year, quarter)
    }
    both, of_year, of_quarter = fits.values()
    if both is not None:
        return (both,)
    return (of_year, of_quarter) if of_year is not None and of_quarter is not None else ()


def _all_fit(guess: TableGuess, look: Look, pattern: str) -> bool:
    cells = guess.table.cells[f"c{look.at}"].drop_nulls()
    return cells.len() > 0 and float(cells.str.contains(pattern).mean() or 0.0) > 0.9  # type: ignore[arg-type]


def _derived(column: Column, guess: TableGuess) -> list[str] | None:
    name = column.name
    if name in {"period_start", "period_end"} and (quarter := quarter_of(guess)):
        heads = "[" + ", ".join(scalar(look.heading) for look in quarter) + "]"
        parse = "quarter" if name == "period_start" else "{kind: quarter, edge: end}"
        return [f"{name}: {flow(from_=heads, parse=parse)}  # sure: by its cells"]
    look = derived_from(guess, name)
    if look is None:
        return None
    heading = scalar(look.heading)
    if name == "birth_year":
        by, take = _year_of(look) or ("", "")
        split = flow(by=scalar(by), take=take)
        rule = flow(from_=heading, split=split, parse="integer")
        return [f"birth_year: {rule}  # likely: only the year is kept"]
    if name == "imd_quintile":
        rule = flow(from_=heading, parse="integer", recode=f"{{{_QUINTILES}}}")
        return [f"imd_quintile: {rule}  # sure: fifths of the tenths"]
    if name == "secondary_needs":
        return _coded(
            column,
            guess,
            Guess(look, "likely", ""),
            "  # likely: the further ones of the same cell",
        )
    edge = ", edge: end" if name == "period_end" else ""
    parse = f"{{month: '{look.months[0]}'{edge}}}"
    return [f"{name}: {flow(from_=heading, parse=parse)}  # likely: the same month"]


def _year_of(look: Look) -> tuple[str, str] | None:
    """By what to split a date of birth, and which piece is its year of four digits."""
    if look.is_true_date:
        return "-", "first"
    for style in (*look.styles, *look.months):
        day = style.partition("T")[0].partition(" %H")[0]
        if "%Y" not in day or day == "%Y%m%d":
            continue
        by = next((mark for mark in ("/", "-", ".", " ") if mark in day), "")
        if day.startswith("%Y"):
            return by, "first"
        if day.endswith("%Y") and day == style:
            return by, "last"
    return None
