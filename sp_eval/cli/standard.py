"""`sp-eval standard`: what of the national information standard contracts and schemes hold."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from sp_eval.cli.refusals import RequestRefusedError
from sp_eval.cli.show import console
from sp_eval.contracts.information_standard import covered_groups, standard_items
from sp_eval.contracts.scheme_mapping import SchemeMapping, load_mapping, mapped_schemes
from sp_eval.framework.standard_held import held_by

__all__ = ["standard_and_show"]

_STATUS = {"held": "yes", "absent": "no", "no_place": "no place"}


def standard_and_show(schemes: Sequence[str] | None) -> int:
    """Print coverage by group; of schemes named, every item with the reason where it is lacking."""
    known = mapped_schemes()
    for code in schemes or ():
        if code not in known:
            raise RequestRefusedError(
                f"There is no mapping of a scheme '{code}'. There are: {', '.join(sorted(known))}."
            )
    console.print("Items of the Social Prescribing Information Standard that are held,")
    console.print("in brackets those of its smallest set.")
    told = Table(box=box.SIMPLE)
    for at, head in enumerate(("", *(group.group for group in covered_groups()))):
        told.add_column(head, justify="right" if at else "left")
    told.add_row("asked for", *(f"{g.items} ({g.minimum})" for g in covered_groups()))
    told.add_row("the contracts", *(f"{g.held} ({g.minimum_held})" for g in covered_groups()))
    for code in schemes or sorted(known):
        groups = covered_groups(_columns_held(load_mapping(code)))
        told.add_row(code, *(f"{g.held} ({g.minimum_held})" for g in groups))
    console.print(told)
    for code in schemes or ():
        _show_items(load_mapping(code))
    return 0


def _columns_held(mapping: SchemeMapping) -> set[str]:
    found = (held_by(mapping, item) for item in standard_items())
    return {held.column for held in found if held.status == "held" and held.column}


def _show_items(mapping: SchemeMapping) -> None:
    told = Table(title=mapping.title, title_justify="left", box=box.SIMPLE)
    for head in ("item", "held", "column, or why not"):
        told.add_column(head)
    for item in standard_items():
        held = held_by(mapping, item)
        where = held.column if held.status == "held" else held.reason
        told.add_row(item.item, _STATUS[held.status], where or "")
    console.print(told)
