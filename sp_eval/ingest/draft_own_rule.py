"""Columns of a contract that are drafted by rules of their own, beside what headings tell."""

from __future__ import annotations

from typing import Final

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.broad_groups import holds_broad_groups
from sp_eval.ingest.column_look import Look
from sp_eval.ingest.draft_covers import named_sources
from sp_eval.ingest.draft_words import flow, scalar
from sp_eval.ingest.practice_names import is_code, is_named, stems_of
from sp_eval.ingest.table_guess import TableGuess
from sp_eval.ingest.vocabulary import heading_scores, known_word

__all__ = ["own_rule"]

_ASK: Final = f"'{OPEN}'"
_TOLD: Final = "to a letter and five digits, the same in every table"
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
    if guess.contract == "hospital_activity" and (hospital := _of_hospital(name, guess)):
        return hospital
    contract = load_contract(guess.contract or "")
    if contract.column(name).logical_type == "date":
        return _unreadable(name, guess, is_required=contract.column(name).required)
    return None


def _of_hospital(name: str, guess: TableGuess) -> list[str] | None:
    kinds = named_sources(guess)
    kind = kinds[0] if len(kinds) == 1 and kinds[0] != "inpatient" else None
    if name == "activity" and kind is not None:
        return [f"{name}: {flow(const=kind)}  # guess: by the name of the file or sheet"]
    is_told = "activity" in guess.columns
    if name == "attended" and (_has_outpatients(guess) if is_told else kind == "outpatient"):
        return [f"{name}: {flow(const=_ASK)}  # outpatients need it; true if all of them came"]
    return None


def _unreadable(name: str, guess: TableGuess, *, is_required: bool) -> list[str] | None:
    """A column that is headed as these dates, and whose cells no style of dates fits."""
    for look in guess.looks:
        headed = (guess.contract or "", name) in heading_scores(look.heading)
        if headed and look.filled and not look.is_date and look.at not in guess.elsewhere:
            rule = flow(const=_ASK) if is_required else flow(absent=_ASK)
            told = f"{scalar(look.heading)} holds it in a way that cannot be read"
            return [f"{name}: {rule}  # {told}: ask for dates as 31/12/2019"]
    return None


def _has_outpatients(guess: TableGuess) -> bool:
    found = guess.columns.get("activity")
    column = load_contract("hospital_activity").column("activity")
    words = [word for word, _ in found.look.words or ()] if found else []
    known = [known_word("hospital_activity", column, word) for word in words]
    return any(one is not None and one.value == "outpatient" for one in known)


def _practice(guess: TableGuess) -> list[str] | None:
    if stems := stems_of(guess.table):
        return _by_file(guess, stems)
    found = guess.columns.get("practice_code")
    if found is not None and is_named(found.look, guess.practices):
        return _by_name(guess, found.look, f"  # {found.how}: {found.why}")
    if found is None and guess.practice_in is not None:
        told = f"  # files are not joined, and it stands in {guess.practice_in}: ask for it here"
        return [f"practice_code: {flow(const=_ASK)}{told}"]
    return None


def _by_file(guess: TableGuess, stems: list[str]) -> list[str]:
    """The code that each file is named by, or stands for the name it is named by."""
    if all(is_code(stem) for stem in stems):
        return ["practice_code: {from_path: practice}  # sure: the files are named by it"]
    codes = {stem: stem if is_code(stem) else guess.practices.get(stem, OPEN) for stem in stems}
    return [
        "practice_code:  # likely: the files are named by practices",
        "  from_path: practice",
        f"  recode:  # {_TOLD}; a file of another name is refused",
        *(f"    {scalar(stem)}: {scalar(code)}" for stem, code in sorted(codes.items())),
    ]


def _by_name(guess: TableGuess, look: Look, why: str) -> list[str]:
    """A code for each name; a name only of rows that do not count is no practice."""
    words = sorted(word for word, _ in look.words or ())
    counted = _counted(guess, look)
    codes = {
        word: guess.practices.get(word, OPEN if word in counted else _NOWHERE) for word in words
    }
    is_made_up = any(code[:2] == "Z0" for code in codes.values())
    made_up = "; these are made up" if is_made_up else ""
    lines = [f"practice_code:{why}", f"  from: {scalar(look.heading)}"]
    lines.append(f"  recode:  # {_TOLD}{made_up}")
    for word, code in codes.items():
        told = "  # only in rows folded above" if code == _NOWHERE else ""
        lines.append(f"    {scalar(word)}: {scalar(code)}{told}")
    if look.distinct > len(words):
        told = "some names are not written here, for they may tell who somebody is"
        lines.append(f"    {_ASK}: {_ASK}  # {told}: write a line for each")
    return lines


def _counted(guess: TableGuess, look: Look) -> set[str]:
    """The words of a column in the rows that count."""
    cells = guess.table.cells
    if guess.kept is not None:
        cells = cells.filter(pl.col(f"c{guess.kept[0].at}").is_in(list(guess.kept[1])))
    return set(cells[f"c{look.at}"].drop_nulls().unique().to_list())
