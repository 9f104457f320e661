"""Formulas by which a cell of a template turns red while it is being filled: no macros.

Only what every spreadsheet program takes in a conditional format: no array constants, no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sp_eval.contracts.contract import Column, RowRule

__all__ = ["no_such_pair", "wrong_order", "wrong_when"]

_WEIGHTS = range(10, 1, -1)
_PLACE = r"(?:\[([A-Z0-9-]+)\]|([A-Z0-9]))(?:\{([0-9]+)(?:,([0-9]+))?\})?"


def wrong_when(column: Column, *, cell: str, row: str, listed: str | None) -> Iterator[str]:
    """Yield formulas, each true where the cell is wrong.

    Parameters
    ----------
    cell : the cell, as `B2`. row : all cells of its row, as `$A2:$H2`.
    listed : where the values stand that it may hold, as `Lists!$E$1:$E$7`.
    """
    is_filled = f"LEN(TRIM({cell}))>0"
    if column.required:
        yield f"AND(COUNTA({row})>0,LEN(TRIM({cell}))=0)"
    if column.name == "person_key":
        yield f"AND({is_filled},{_no_nhs_number(cell)})"
    elif listed is not None and column.separator:
        yield f"AND({is_filled},{_not_all_listed(cell, listed, column.separator)})"
    elif listed is not None:
        # not COUNTIF, which takes the text TRUE for a truth and * for anything
        yield f'AND({is_filled},SUMPRODUCT(--({listed}=TRIM({cell}&"")))=0)'
    elif column.logical_type == "date":
        late = "" if column.may_be_future else f",{cell}>TODAY()"
        yield f"AND({is_filled},IF(ISNUMBER({cell}),OR({cell}<1{late}),TRUE))"
    elif column.logical_type in ("integer", "number"):
        yield f"AND({is_filled},IF(ISNUMBER({cell}),{_outside(column, cell)},TRUE))"
    elif column.pattern and column.template_note is None:
        yield from (f"AND({is_filled},{unlike})" for unlike in _unlike(column.pattern, cell))


def wrong_order(rule: RowRule, cells: Mapping[str, str]) -> str | None:
    """A formula that is true where a date precedes the one it must follow; None of other rules.

    `cells`: the name of each column of dates -> its cell, as `J2`.
    """
    told = re.fullmatch(r"(\w+) (>=|>) (\w+)", rule.expression)
    if told is None or not {told[1], told[3]} <= set(cells):
        return None
    late, early = cells[told[1]], cells[told[3]]
    return f"AND(ISNUMBER({late}),ISNUMBER({early}),NOT({late}{told[2]}{early}))"


def no_such_pair(first: str, second: str, pairs: str) -> str:
    """A formula that is true where two filled cells are none of the pairs listed as `a|b`."""
    said = f'TRIM({first}&"")&"|"&TRIM({second}&"")'
    filled = f"LEN(TRIM({first}))>0,LEN(TRIM({second}))>0"
    return f"AND({filled},SUMPRODUCT(--({pairs}={said}))=0)"


def _not_all_listed(cell: str, listed: str, separator: str) -> str:
    """True where a cell holds anything but listed values: something is left without them."""
    bare = f'SUBSTITUTE(LOWER({cell})," ","")'
    ends = f'"{separator}"'
    each = f"{ends}&SUBSTITUTE({bare},{ends},{ends}&{ends})&{ends}"
    gone = f'SUBSTITUTE({each},{ends}&{listed}&{ends},"")'
    return f"SUMPRODUCT(LEN({each})-LEN({gone}))<>LEN({each})"


def _unlike(pattern: str, cell: str) -> Iterator[str]:
    """Yield a formula that is true where a cell is not as a pattern asks, if it is a plain one.

    Plain is a row of letters, digits and classes of them, the last perhaps of varying number.
    """
    if not re.fullmatch(rf"\^(?:{_PLACE})+\$", pattern):
        return
    least, places = 0, []
    for class_, literal, low, high in re.findall(_PLACE, pattern.strip("^$")):
        allowed = _members(class_) if class_ else literal
        least += int(low or 1)
        places += [allowed] * int(high or low or 1)
    text = f"TRIM({cell})"
    # places beyond the end are filled up, for programs differ on whether nothing can be found
    full = f'{text}&REPT("{places[-1][0]}",{len(places)})' if least < len(places) else text
    found = [
        f'ISNUMBER(FIND(MID({full},{at},1),"{allowed}"))'
        for at, allowed in enumerate(places, start=1)
    ]
    length = f"LEN({text})>={least},LEN({text})<={len(places)}"
    yield f"NOT(AND({length},{','.join(found)}))"


def _members(class_: str) -> str:
    """The characters of a class of a pattern, as `A-Z0-9`."""
    return re.sub(
        "(.)-(.)",
        lambda ends: "".join(map(chr, range(ord(ends[1]), ord(ends[2]) + 1))),
        class_,
    )


def _outside(column: Column, cell: str) -> str:
    parts = ["FALSE"]
    if column.logical_type == "integer":
        parts.append(f"INT({cell})<>{cell}")
    if column.minimum is not None:
        parts.append(f"{cell}<{column.minimum:g}")
    if column.maximum is not None:
        parts.append(f"{cell}>{column.maximum:g}")
    return f"OR({','.join(parts)})"


def _no_nhs_number(cell: str) -> str:
    """True where it has not ten digits, its check digit does not fit, or one digit is repeated."""
    plain = f'SUBSTITUTE(SUBSTITUTE({cell}," ",""),"-","")'
    total = "+".join(f"MID({plain},{at},1)*{w}" for at, w in enumerate(_WEIGHTS, start=1))
    fits = f"MOD(11-MOD({total},11),11)=VALUE(RIGHT({plain},1))"
    repeated = f"{plain}=REPT(LEFT({plain},1),10)"
    return f"IFERROR(OR(LEN({plain})<>10,NOT({fits}),{repeated}),TRUE)"
