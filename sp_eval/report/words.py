"""Every word of the report that is not a row of the release: said once, for page and print.

The verdicts and their sentences are fixed: harm is told in the same words as benefit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sp_eval.comparison.covariate_names import in_words
from sp_eval.study.outcomes import INSTRUMENTS, OUTCOMES

__all__ = [
    "GRADES",
    "METHODS",
    "POOLS",
    "STATUS",
    "STEPS",
    "VERDICTS",
    "adding",
    "label",
    "looked_at",
    "noun",
    "obstacle",
    "place_looked_at",
    "short",
    "way_on",
]

VERDICTS = {
    "fewer": "FEWER",
    "more": "MORE",
    "no_worthwhile_change": "NO WORTHWHILE CHANGE",
    "cannot_tell": "CANNOT TELL",
    "not_answerable": "NOT ANSWERABLE",
}
CHANGED = (
    "For every {hundred} people referred there were {n} {way} {noun} a year than among similar"
    " people who were not referred ({level}% interval {interval}; {share}% {way})."
)
NO_CHANGE = (
    "{noun}: the difference is smaller than the {margin}% this study said would matter"
    " ({level}% interval {interval})."
)
CANNOT_TELL = (
    "{noun}: too few people or events: the truth may lie {interval} for every {hundred} people a"
    " year. This is not evidence of no effect."
)
IN_SHORT = {
    "more": "More because of the scheme, as far as similar people tell: {what}.",
    "fewer": "Fewer because of the scheme, as far as similar people tell: {what}.",
    "more_doubted": "More, but not to be taken for the scheme's doing (see Take care): {what}.",
    "fewer_doubted": "Fewer, but not to be taken for the scheme's doing (see Take care): {what}.",
    "no_worthwhile_change": "No change large enough to matter: {what}.",
    "cannot_tell": "These files cannot tell, which does not mean no effect: {what}.",
    "not_answerable": "No answer is given: {what}.",
}
RATES_HIDDEN = (
    "How often care was used before and after is not shown: a part of it rests on so few that these"
    " figures would tell their number."
)
NO_RANKING = "The schemes must not be ranked by these figures."
CANNOT_TELL_MEANS = (
    "Cannot tell: the truth may lie anywhere in the range shown; it does not mean no effect."
    " Fewer contacts are not better or worse in themselves."
)
UNTOUCHED = "{noun}, which the scheme should not change: {moved}."
STILL = "no move seen"
STILL_IF_LARGE = "no move seen; only a fall of {n}% or more would have shown"
WEAK_CONTROL = "no move seen, but so few could hardly have shown one"
MOVED = "it moved"
NOT_COMPARED_ON = "Not known from the files, and so not compared on: {what}."
HIDDEN_CAUSE = (
    "A cause nobody measured could explain this away only if it changed both the chance of being"
    " referred and the use of this care at least {n}-fold, beyond all that was compared."
)
WAYS_AGREE = "Of {n} other ways of comparing, all say the same."
WAYS_DIFFER = "Of {n} other ways of comparing, {m} say the same; not so: {which}."
CONTROL_MOVED = (
    "{noun} changed too, and the scheme should not change them: whatever moved them may have moved"
    " the other figures as well. Do not take this answer for an effect of the scheme alone."
)
NEEDED = " About {people} people would be needed."
NOT_ANSWERABLE = "{noun}: {reason}. To answer it: {action}."

OWN_COUNTS = "The scheme's own counts, in the {days} days before and after, would say {n}% {way}."

GRADES = {
    "strong": "strong",
    "moderate": "moderate",
    "weak": "weak",
    "none": "none",
}
GRADE_MEANS = {
    "moderate": "the groups were alike before referral, and no care that should stay the same was"
    " seen to change; without drawing lots who is referred there is no better grade",
    "strong": "people were chosen by lot",
    "weak": "the groups were not alike before referral, or care that should not change did change",
    "none": "no comparison could be released",
}

STEPS = {
    "referrals": "referrals received and usable",
    "first of an episode": "referrals that began an episode",
    "people": "different people",
    "consented": "agreed to evaluation",
    "linked": "found on the register supplied",
    "first referral in the study": "not referred earlier",
    "in the index period": "first referred in the months studied",
    "followed back": "registered and alive for the whole year before",
    "of the ages studied": "of the ages studied",
    "covered": "at practices whose files cover that time",
    "matched and analysed": "had similar people to compare with, and analysed",
}
METHODS = {
    "matched_rate_ratio": "the answer of this report: similar people, same month",
    "before_after": "plain before and after, nobody to compare with (not an effect)",
    "expected_from_selection": "change to expect had nobody been referred (not an effect)",
    "matched_follow_on": "similar people referred later go on counting",
    "matched_uncapped": "no cap on any weight",
    "matched_cap_10": "a tighter cap on weights",
    "matched_non_referring": "similar people of practices that do not refer",
    "matched_uncontaminated": "without similar people whose practice has a scheme of its own",
    "matched_did": "similar people, each group's change set against the other's",
    "entropy_balancing": "everybody not referred, weighed to be alike",
    "negative_binomial": "another model of counts",
    "matched_6_months": "the same, over half a year",
    "matched_12_months": "the same, over one year",
    "matched_24_months": "the same, over two years",
    "matched_36_months": "the same, over three years",
}
STATUS = {
    "current": "in use",
    "superseded": "replaced by a newer one",
    "refused": "refused as a whole",
    "missing": "agreed, and not there",
    "withdrawn": "taken back by the sender",
}
POOLS = {
    "area": "everybody registered in the area",
    "non_referring_practices": "people of practices that do not refer",
    "referring_practices": "people of practices that refer",
}
CRITERIA = {
    "side_by_side": "All in all",
    "same_months": "Same months",
    "same_follow_up": "Followed for as long",
    "same_identifier": "People told apart alike",
    "same_consent_rule": "Same rule of consent",
    "same_comparison": "Somebody to compare with",
    "design_checks": "Design checks",
    "case_mix": "Alike before referral",
    "same_care": "Same care counted",
    "within_chance": "Gap within chance",
    "only_one_scheme": "Schemes",
}
MATCHED_ON = {"calendar_month": "calendar month of referral", "practice": "practice"}
ALIKE_IN = {
    "age": "age",
    "sex": "sex",
    "deprivation": "deprivation",
    "ltc_count": "number of long-term conditions",
    "history": "use of the main kind of care in each stretch of the year before",
    "other_outcomes": "use of the other kinds of care before",
    "practice": "practice",
}
OF_PERSON = ("age", "sex", "deprivation", "ltc_count")  # what a register may not tell
CHECKS = {
    "matched_share": "Enough people referred found similar people",
    "balance": "The groups were alike before referral",
    "effective_comparison": "Enough different similar people",
    "weights_at_cap": "No few people count for too much",
    "busy_weeks_known": "What leads to a referral is known",
}
DIAGNOSTICS = {
    "overlap": "Somebody to compare with for each",
    "equipoise": "Might have been either",
    "who_was_lost": "Who was left out",
    "negative_control": "Care that should not change",
    "follow_up": "Followed for as long",
    "mortality": "Deaths",
    "influence": "Few people who decide",
    "dispersion": "How much people vary",
    "grade": "Grade",
}
_ITEMS = {
    "people_analysed": "those analysed",
    "pool": "everybody in the area",
    "matched": "once matched",
    "referred": "people referred",
    "similar": "similar people",
    "gap": "the difference",
    "moved_away": "moved away",
    "one_person": "one person",
    "few_people": "a few people",
}
PASSED = {True: "yes", False: "no", None: "to know"}
GLOSSARY = (
    ("People referred", "Everybody sent to the scheme for the first time in the months studied,"
     " whether or not they then came."),
    ("Similar people", "People not referred in that month whose age, health and use of care up to"
     " then were much the same."),
    ("Would have happened anyway", "The change without the scheme, read off the similar people."
     " People are referred when they need most care; most go back to their usual by themselves."),
    ("Because of the scheme", "The difference between the people referred and the similar people,"
     " if nothing else set them apart."),
    ("Interval", "The range the truth may well lie in. A wide one means few people or events."),
    ("Cannot tell", "The files are too small to say. This is not evidence of no effect."),
    ("No worthwhile change", "Any change is smaller than what the study said would matter."),
    ("Grade", "How far the design can carry a claim of cause: strong, moderate or weak. It is never"
     " strong without drawing lots who is referred."),
    ("Washout", "The first days after referral. They count neither as before nor as after."),
    ("Hidden cause", "Something not in the files that makes referral likelier and use of care"
     " higher or lower. The stronger it would have to be, the safer the answer."),
    ("Not shown", "Small numbers of people are hidden and others rounded, so that nobody can be"
     " recognised."),
    ("Standard deviation", "How much people usually differ; gaps between groups are measured in"
     " it."),
)  # fmt: skip
_NOUNS = {"emergency_bed_days": "nights in hospital after an emergency"}
_OBSTACLES = (
    ("differ most before referral", "the groups were not alike enough before referral"),
    ("found similar people (", "too few of the people referred found similar people"),
    ("count for", "too few different people stand behind the comparison"),
    ("reach their cap", "the comparison rests too much on a few people"),
    (
        "busy weeks that lead to a referral",
        "the scheme sends no GP contacts, so the busy weeks that lead to a referral cannot be"
        " allowed for",
    ),
)
_WIDEN = "compare with another group of people, or study a longer period, and run again"
_GP_ALONE = "ask for the GP contacts of the whole area"
_WAYS_ON = (
    ("busy weeks that lead to a referral", _GP_ALONE),
    ("people are compared by GP", _GP_ALONE),
    ("of this scheme was referred between", "make a study of the months of its own referrals"),
    ("no file covers", "ask for the files that cover the year before and the year after referral"),
    ("no answers to this", "ask the scheme for the answers to this questionnaire"),
    ("rests on", "wait until more people are referred, or put several years together"),
    ("a part of this total", "read its parts, or put several years together"),
    ("too few", "wait until more people are referred, or put several years together"),
    ("events", "wait until more people are referred, or put several years together"),
    ("differ most before referral", _WIDEN),
    ("found similar people (", _WIDEN),
    ("count for", _WIDEN),
    ("reach their cap", _WIDEN),
)
_OTHERWISE = "ask for the register, the GP contacts and the hospital care of the whole area"


def adding(verdict: str, *, is_doubted: bool = False) -> tuple[str, str]:
    """Name the two differences between the three bars; only a clear verdict names a cause."""
    anyway = "would have happened anyway"
    if verdict in ("fewer", "more") and not is_doubted:
        return anyway, "because of the scheme"
    return f"{anyway}, as the best guess", "the difference found, as the best guess"


def label(outcome: str) -> str:
    """An outcome as a heading."""
    found = OUTCOMES.get(outcome) or INSTRUMENTS.get(outcome)
    return found.label if found else outcome.replace("_", " ").capitalize()


def noun(outcome: str) -> str:
    """An outcome inside a sentence."""
    named = _NOUNS.get(outcome, label(outcome))
    is_name = len(named) > 1 and not named[1].islower()  # GP, A&E
    return named if is_name else named[0].lower() + named[1:]


def looked_at(row: Mapping[str, Any]) -> str:
    """What a row of the diagnostics is of."""
    kind, item, outcome = DIAGNOSTICS[row["diagnostic"]], row["item"], row["outcome"]
    of = "" if outcome == "all" or row["diagnostic"] == "negative_control" else label(outcome)
    what = _ITEMS.get(item, "")
    if row["diagnostic"] == "who_was_lost" and item not in (*_ITEMS, "too_few_to_describe"):
        what = in_words(item)
    return ": ".join([kind, *([", ".join(filter(None, (what, of)))] if what or of else [])])


def place_looked_at(row: Mapping[str, Any]) -> tuple[int, int]:
    """Where a row of the diagnostics stands in their table."""
    items = list(_ITEMS)
    item = row["item"]
    return list(DIAGNOSTICS).index(row["diagnostic"]), (
        items.index(item) if item in _ITEMS else len(items)
    )


_SMALL = frozenset({"and", "in", "of", "the", "to", "upon"})


def short(scheme: str) -> str:
    """A scheme by its place."""
    first, *others = scheme.split("_")
    return " ".join([first.title(), *(w if w in _SMALL else w.title() for w in others)])


def obstacle(reason: str) -> str | None:
    """Why there is no answer, in plain words; None if the reason's own words are plain."""
    return next((plain for part, plain in _OBSTACLES if part in reason), None)


def way_on(reason: str) -> str:
    """The one thing to do about it."""
    return next((action for part, action in _WAYS_ON if part in reason), _OTHERWISE)
