"""What to write where senders often hold less than a contract asks for, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ADVICE"]

_ETHNIC: Final = (
    "A letter stands for one group of the 2001 census. For a broader word, as White or Asian, write"
    " '99' (not known), or leave the column out with its reason: a letter would say more than is"
    " known."
)

ADVICE: Final[Mapping[tuple[str, str], str]] = {
    ("gp_contact", "staff"): (
        "Visits to gp and nurse count as use of general practice, others do not. Where nobody"
        " recorded who it was, {const: gp} counts every visit that took place, also those to a"
        " link worker, which only people referred have: the scheme would seem to raise the use of"
        " GPs; {const: other} counts none, and no effect can be shown. Ask the sender what kind of"
        " visits the file holds, and for who it was."
    ),
    ("gp_contact", "mode"): (
        "Only admin is left out of the count, so {const: face_to_face} changes nothing where all"
        " rows are visits or calls."
    ),
    ("gp_contact", "status"): (
        "Only attended counts. {const: attended} is right if the file holds none that was missed"
        " or cancelled: ask the sender."
    ),
    ("hospital_activity", "attended"): (
        "An outpatient appointment counts only if it was kept. If the file holds no others, write"
        " {const: true}: ask the sender."
    ),
    ("person", "practice_code"): (
        "Files are not joined: if another file has it, ask the sender to write it beside each"
        " registration. If all are of one practice, or nobody knows which, give the register and"
        " the GP contacts the same made-up code: {const: Z00001}; then nobody is compared within"
        " their own practice."
    ),
    ("person", "registered_from"): (
        "If everybody on the list can be taken to have been there from some day on, write that day:"
        " {const: '2016-01-01'}."
    ),
    ("person", "ethnic_category"): _ETHNIC,
    ("patient", "ethnic_category"): _ETHNIC,
}
"""(contract, column) -> a sentence."""
