"""The subgroups a study may name: how people are divided, into which levels, fixed beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sp_eval.study.design import Subgroup
from sp_eval.study.windows import HISTORY_BANDS, LOOKBACK_COLUMNS

__all__ = ["EARLIER_BANDS", "Division", "Level", "division_of"]

# People are referred at their busiest. Levels cut in the last 90 days would gather in one level
# those at their peak, who fall by themselves; use before that tells how people usually are.
EARLIER_BANDS: Final = tuple(
    name for name, w in zip(LOOKBACK_COLUMNS, HISTORY_BANDS, strict=True) if w.end <= -90
)


@dataclass(frozen=True, slots=True)
class Level:
    """One group of a division, in plain words.

    Whole numbers from `least` to `most`, both inside, an end that is None being open; or the codes
    `values`. A last level that is not `is_known` holds whoever fits no other.
    """

    label: str
    least: int | None = None
    most: int | None = None
    values: frozenset[str] = frozenset()
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Division:
    """One way of dividing the people referred, each into one level.

    `contract`, `column`: the extract in which it stands; of earlier use none, for it is counted.
    `of_everybody` is false where it is known of the people referred alone, so that nobody can be
    compared with people of the same level.
    """

    name: Subgroup
    label: str
    levels: tuple[Level, ...]
    contract: str | None
    column: str | None
    of_everybody: bool = True


def division_of(name: Subgroup, outcome: str) -> Division:
    """The division of that name; earlier use is that of the primary `outcome`."""
    if name == "earlier_use":
        cuts = _CUTS.get(outcome, _RARE)
        return Division(name, _EARLIER, _between(cuts), None, None)
    return _DIVISIONS[name]


_EARLIER = "Use of the main kind of care 12 to 3 months before referral"
_NOT_KNOWN = Level("not known", is_known=False)
# In the 275 days, by how often care is used: few use hospital care at all, most people see a GP.
_RARE = (1, 2)
_CUTS = {"gp_contact": (3, 6), "outpatient_attendance": (1, 3), "hospital_attendance": (1, 3)}


def _between(cuts: tuple[int, ...]) -> tuple[Level, ...]:
    """Levels of counts, each from one cut up to the next."""
    ends = [*(cut - 1 for cut in cuts[1:]), None]
    first = Level("none" if cuts[0] == 1 else f"0 to {cuts[0] - 1}", 0, cuts[0] - 1)
    return first, *(Level(_span(cut, end), cut, end) for cut, end in zip(cuts, ends, strict=True))


def _span(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more"
    return str(least) if least == most else f"{least} to {most}"


def _codes(label: str, values: str) -> Level:
    return Level(label, values=frozenset(values))


_DIVISIONS: dict[Subgroup, Division] = {
    division.name: division
    for division in (
        Division(
            "age",
            "Age",
            (
                Level("under 50", None, 49),
                Level("50 to 64", 50, 64),
                Level("65 to 79", 65, 79),
                Level("80 and over", 80, None),
                _NOT_KNOWN,
            ),
            "person",
            "birth_year",
        ),
        Division(
            "sex",
            "Sex",
            (
                Level("women", values=frozenset({"female"})),
                Level("men", values=frozenset({"male"})),
                Level("another, or not known", is_known=False),
            ),
            "person",
            "sex",
        ),
        Division(
            "deprivation",
            "Deprivation of the area people live in",
            (
                Level("most deprived two fifths", 1, 2),
                Level("middle fifth", 3, 3),
                Level("least deprived two fifths", 4, 5),
                _NOT_KNOWN,
            ),
            "person",
            "imd_quintile",
        ),
        Division(
            "ethnicity",
            "Ethnic group",
            (
                _codes("White", "ABC"),
                _codes("Mixed", "DEFG"),
                _codes("Asian or Asian British", "HJKL"),
                _codes("Black or Black British", "MNP"),
                _codes("Chinese or another group", "RS"),
                Level("not stated or not known", is_known=False),
            ),
            "person",
            "ethnic_category",
        ),
        Division(
            "ltc_count",
            "Number of long-term conditions",
            (
                Level("none", 0, 0),
                Level("1", 1, 1),
                Level("2 to 3", 2, 3),
                Level("4 or more", 4, None),
                _NOT_KNOWN,
            ),
            "person",
            "ltc_count",
        ),
        Division(
            "carer",
            "Whether people are carers",
            (
                Level("yes", values=frozenset({"true"})),
                Level("no", values=frozenset({"false"})),
                Level("not recorded", is_known=False),
            ),
            "referral",
            "is_carer",
            of_everybody=False,
        ),
    )
}
