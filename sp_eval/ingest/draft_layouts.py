"""Tables that are one dataset headed in several ways: the lines of its layouts in a draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from sp_eval.contracts.odcs import load_contract
from sp_eval.contracts.open_questions import OPEN
from sp_eval.ingest.column_look import look_at
from sp_eval.ingest.draft_table import dates_of
from sp_eval.ingest.draft_words import scalar
from sp_eval.ingest.table_guess import Guess, TableGuess

__all__ = ["as_one", "layout_lines"]


def layout_lines(group: Sequence[TableGuess], joined: TableGuess) -> Iterator[str]:
    """One layout a way of heading: our name of each column, and how it is headed there."""
    ours = [look.heading for look in joined.looks]
    yield "    layouts:"
    for number, one in enumerate(group, start=1):
        heads = {target: found.look for target, found in one.columns.items()}
        heads |= {"person": one.person.look} if one.person else {}
        heads |= {"reference": one.reference.look} if one.reference else {}
        yield f"      layout_{number}:  # {len(one.table.files)} files"
        yield f"        delimiter: {scalar(one.table.delimiter)}"
        yield f"        encoding: {scalar(one.table.encoding)}"
        dates, told = dates_of(one)
        yield f"        dates: '{dates}'{told}"
        yield "        columns:"
        for name in ours:
            head = scalar(heads[name].heading) if name in heads else f"'{OPEN}'"
            yield f"          {name}: {head}"
        others = [look.heading for look in one.looks if look not in heads.values()]
        if others:
            yield f"        # not read: {', '.join(others)}"


def as_one(group: Sequence[TableGuess]) -> TableGuess:
    """The tables as one, each column under the name of what it is taken for."""
    targets = [
        n
        for n in load_contract(group[0].contract or "").names
        if any(n in g.columns for g in group)
    ]
    keys = {
        "person": [one.person for one in group],
        "reference": [one.reference for one in group],
    }
    sources = {name: [one.columns.get(name) for one in group] for name in targets} | keys
    sources = {name: found for name, found in sources.items() if any(found)}
    frames, looks, guesses = [], [], {}
    for at, (name, found) in enumerate(sources.items()):
        parts = [
            one.table.cells[f"c{guess.look.at}"]
            for one, guess in zip(group, found, strict=True)
            if guess is not None
        ]
        cells = pl.concat(parts).rename(f"c{at}")
        best = next(guess for guess in found if guess is not None)
        look = look_at(name, at, cells, from_workbook=False)
        styles = dict.fromkeys(s for guess in found if guess is not None for s in guess.look.styles)
        look = replace(look, styles=tuple(styles))
        frames.append(cells)
        looks.append(look)
        guesses[name] = Guess(look, best.how, best.why)
    table = replace(
        group[0].table,
        headings=tuple(sources),
        cells=pl.concat([frame.to_frame() for frame in frames], how="horizontal"),
        files=tuple(file for one in group for file in one.table.files),
    )
    return replace(
        group[0], table=table, looks=tuple(looks), unnamed=(), person=guesses.get("person"),
        reference=guesses.get("reference"),
        columns={name: guesses[name] for name in targets},
    )  # fmt: skip
