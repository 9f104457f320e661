"""Formulas by which a cell of a template turns red while it is being filled: no macros.

Only what every spreadsheet program takes in a conditional format: no array constants, no names.
"""

from __future__ import annotations

from collections.abc import Iterator

from sp_eval.contracts.contract import Column

__all__ = ["wrong_when"]

_WEIGHTS = range(10, 1, -1)


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
    elif listed is not None:
        # not COUNTIF, which takes the text TRUE for a truth and * for anything
        yield f'AND({is_filled},SUMPRODUCT(--({listed}=TRIM({cell}&"")))=0)'
    elif column.logical_type == "date":
        late = "" if column.may_be_future else f",{cell}>TODAY()"
        yield f"AND({is_filled},IF(ISNUMBER({cell}),OR({cell}<1{late}),TRUE))"
    elif column.logical_type in ("integer", "number"):
        yield f"AND({is_filled},IF(ISNUMBER({cell}),{_outside(column, cell)},TRUE))"


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
