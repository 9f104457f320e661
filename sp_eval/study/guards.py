"""Ways of asking that mislead: refused, or labelled, each with the sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sp_eval.study.calendar import PANDEMIC_SENTENCE, touches_pandemic

if TYPE_CHECKING:
    from sp_eval.study.design import StudyDesign

__all__ = ["labels_of", "refusal_of"]

_YEAR = 365
# (where in the study file, what stands there) -> why it is refused. The figures are of one
# simulated world with a known truth; how wrong the same comes out in others hangs on them. Those of
# this repository: docs/explanation/operating-characteristics.md, made anew by `make recovery`.
_NEVER_REFERRED = (
    "people must not be left out of the comparison because they were referred later: that looks"
    " into the future, the busy ones go and the rest look too healthy (in simulation 6.7% wrong)."
    " Take pool: area; people referred later count until then, and others are weighted for them"
)
_ONE_DATE = (
    "one date for all, or a date drawn over the whole period, mixes season and trend, and the calm"
    " that follows a busy spell, into the difference (in simulation 7% wrong). Take event:"
    " referral; similar people are then looked at from a referral date of the same month"
)
_ONCE = (
    "a person not referred may not be used once only in the whole study: the busy ones run out and"
    " later pairs are poor (in simulation 10.7% wrong). Leave the key out; a person serves once a"
    " month and is allowed for in the interval"
)
_FOLLOWED = (
    "nothing may be asked of people after their index date, not even that they could be followed:"
    " who stays alive and registered is told only afterwards. Leave the key out; time followed is"
    " counted to the day in both groups"
)
_ENGAGED = (
    "only people who took the offer up cannot be the headline: to be counted they had to live and"
    " stay long enough to be seen, and the keen differ from the others. Take event: referral;"
    " everybody referred counts, whatever came of it"
)
_UNPAIRED = (
    "before and after must be of the same people: a mean of all first answers against a mean of"
    " all later ones compares those who left with those who stayed. Leave the key out"
)
_REFUSED: tuple[tuple[tuple[str, ...], frozenset[str] | None, str], ...] = (
    (("comparison", "pool"), frozenset({"never_referred", "never"}), _NEVER_REFERRED),
    (
        ("index", "event"),
        frozenset({"fixed_date", "fixed", "date", "random_date", "random"}),
        _ONE_DATE,
    ),
    (
        ("index", "event"),
        frozenset({"first_contact", "attended", "engaged", "accepted", "first_session"}),
        _ENGAGED,
    ),
    (("index", "date"), None, _ONE_DATE),
    (("comparison", "reuse"), frozenset({"once", "never", "false"}), _ONCE),
    (("comparison", "use_once"), None, _ONCE),
    (("eligibility", "followed_days"), None, _FOLLOWED),
    (("eligibility", "require_follow_up"), None, _FOLLOWED),
    (("eligibility", "alive_at_end"), None, _FOLLOWED),
    (("eligibility", "engaged_only"), None, _ENGAGED),
    (("estimators", "paired"), frozenset({"false", "no"}), _UNPAIRED),
    (("estimators", "primary"), frozenset({"unpaired_change"}), _UNPAIRED),
    (
        ("estimators", "primary"),
        frozenset({"before_after"}),
        "before/after cannot be the headline: people are referred at their busiest, and most of a"
        " fall comes by itself. It is always shown beside the primary estimate, described",
    ),
)


def refusal_of(content: Mapping[str, Any]) -> str | None:
    """Why a study file asks in a way that misleads; None where it does not.

    Parameters
    ----------
    content : the file's keys as read, before they are checked.
    """
    for path, values, why in _REFUSED:
        found: Any = content
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            continue
        if values is None or str(found).lower() in values:
            return f"{'.'.join(path)}: {why}"
    return None


def labels_of(study: StudyDesign) -> tuple[str, ...]:
    """What must be said beside every estimate of a study that asks in an unusual way."""
    windows, told = study.windows, []
    if windows.washout_days == 0:
        told.append(
            "The days right after referral are counted: the referral itself makes contacts, in one"
            " group only (in simulation 6% too little difference)."
        )
    if windows.pre_days != windows.post_days:
        told.append(
            f"The windows before ({windows.pre_days} days) and after ({windows.post_days} days) are"
            " of unequal length, so that season does not cancel in the change within the same"
            " people; the comparison with similar people is not touched by it."
        )
    elif windows.pre_days % _YEAR:
        told.append(
            "The windows before and after do not hold whole years, so that season does not cancel"
            " in the change within the same people; the comparison with similar people is not"
            " touched by it."
        )
    if study.comparison.pool == "referring_practices":
        told.append(
            "Similar people are of referring practices only: the busiest there are nearly all"
            " referred, and those left may differ from them."
        )
    if study.comparison.own_schemes and study.comparison.own_schemes_are == "flagged":
        told.append(
            "Some of the similar people may have had help of the same kind from their own practice:"
            " see the estimate without them (matched_uncontaminated)."
        )
    if touches_pandemic(*_days_looked_at(study)):
        told.append(PANDEMIC_SENTENCE)
    return tuple(told)


def _days_looked_at(study: StudyDesign) -> tuple[date, date]:
    """The first day any window holds, and the first day after all of them."""
    first = study.index.from_ - timedelta(days=study.windows.pre_days)
    return first, study.index.to + timedelta(days=study.post.end)
