"""Columns of a contract that are drafted by rules of their own, beside what headings tell."""

from __future__ import annotations

from typing import Final

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.broad_groups import holds_broad_groups
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.draft_words import flow, scalar
from sp_eval.ingest.practice_names import is_named
from sp_eval.ingest.table_guess import TableGuess
from sp_eval.ingest.vocabulary import known_word

__all__ = ["own_rule"]

_ASK: Final = f"'{OPEN}'"
_NOWHERE: Final = "Z99999"  # in place of a practice, in rows that do not count


def own_rule(name: str, guess: TableGuess) -> list[str] | None:
    """The lines of a column for which something else than headings speaks; None for all others."""
    if name == "practice_code":
        return _practice(guess)
    if name == "stage" and guess.time is not None:
        return [f"stage: {flow(const=guess.time.stage)}  # likely: by the headings"]
    return None if name in guess.columns else _not_here(name, guess)


def _not_here(name: str, guess: TableGuess) -> list[str] | None:
    """What is known of a column that no column of the sender's is taken for."""
    if name in guess.beside:
        return [f"{name}: {flow(absent=scalar(f'it stands in {guess.beside[name]}'))}  # likely"]
    if name == "ethnic_category" and any(holds_broad_groups(look) for look in guess.looks):
        told = "  # likely: no letter says so little"
        return [f"{name}: {flow(absent='only broad groups are sent')}{told}"]
    if name == "attended" and guess.contract == "hospital_activity" and _has_outpatients(guess):
        return [f"{name}: {flow(const=_ASK)}  # outpatients need it; true if all of them came"]
    return None


def _has_outpatients(guess: TableGuess) -> bool:
    found = guess.columns.get("activity")
    column = load_contract("hospital_activity").column("activity")
    words = [word for word, _ in found.look.words or ()] if found else []
    known = [known_word("hospital_activity", column, word) for word in words]
    return any(one is not None and one.value == "outpatient" for one in known)


def _practice(guess: TableGuess) -> list[str] | None:
    if "{practice}" in guess.table.file:
        return ["practice_code: {from_path: practice}  # sure: the files are named by it"]
    found = guess.columns.get("practice_code")
    if found is not None and is_named(found.look, guess.practices):
        return _by_name(guess, found.look, f"  # {found.how}: {found.why}")
    if found is None and guess.practice_in is not None:
        told = f"  # files are not joined, and it stands in {guess.practice_in}: ask for it here"
        return [f"practice_code: {flow(const=_ASK)}{told}"]
    return None


def _by_name(guess: TableGuess, look: Look, why: str) -> list[str]:
    """A code for each name; a name only of rows that do not count is no practice."""
    words = sorted(word for word, _ in look.words or ())
    counted = _counted(guess, look)
    codes = {
        word: guess.practices.get(word, OPEN if word in counted else _NOWHERE) for word in words
    }
    made_up = "" if OPEN in codes.values() else "; these are made up"
    lines = [f"practice_code:{why}", f"  from: {scalar(look.heading)}"]
    lines.append(f"  recode:  # to a letter and five digits, the same in every table{made_up}")
    for word, code in codes.items():
        told = "  # only in rows folded above" if code == _NOWHERE else ""
        lines.append(f"    {scalar(word)}: {scalar(code)}{told}")
    return lines


def _counted(guess: TableGuess, look: Look) -> set[str]:
    """The words of a column in the rows that count."""
    cells = guess.table.cells
    if guess.kept is not None:
        cells = cells.filter(pl.col(f"c{guess.kept[0].at}").is_in(list(guess.kept[1])))
    return set(cells[f"c{look.at}"].drop_nulls().unique().to_list())
