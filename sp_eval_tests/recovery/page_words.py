"""The words of the page of operating characteristics; its figures come from the run."""

from __future__ import annotations

__all__ = [
    "LIMITS",
    "OF_ALL_REFER",
    "OF_PRIMARY",
    "OF_WRONG",
    "OUTCOMES_TOLD",
    "RIGHT_TOLD",
    "THE_WORLDS",
    "TITLE",
    "WRONG_TOLD",
]

OUTCOMES_TOLD = {
    "gp_contact": "GP",
    "ae_attendance": "A&E",
    "elective_admission": "planned admission",
    "outpatient_attendance": "outpatient",
}
# Name in published.estimate -> what it does.
RIGHT_TOLD = {
    "matched_rate_ratio": "the primary estimate",
    "matched_follow_on": "people referred later simply followed on",
    "matched_uncapped": "censoring weights without a cap",
    "matched_cap_10": "censoring weights of 10 at most",
    "matched_non_referring": "similar people of practices that do not refer",
    "matched_did": "the same sets, change against change",
    "entropy_balancing": "everybody weighed to the referred, no matching",
    "negative_binomial": "another model of counts",
}
# Name here -> what is done, and what it shows.
WRONG_TOLD = {
    "before_after": (
        "before/after: the year after against the year before",
        "People are referred at their busiest; most of the fall comes by itself.",
    ),
    "three_months_before": (
        "before/after: the year after against the three months before",
        "The three months before are the very spell that led to referral.",
    ),
    "interrupted_series_referred_alone": (
        "segmented regression of the referred by months from referral",
        "The line before rises steeply into referral; the whole distance from where it would have"
        " gone is put down to the scheme. Planned and outpatient care, which do not rise, come out"
        " right: it is the choice of people that misleads, not the regression.",
    ),
    "unmatched": (
        "against everybody not referred, as they are",
        "The referred are ill and busy people: they use about twice as much care before and after.",
    ),
    "unmatched_did": (
        "change against the change of everybody not referred",
        "Other people's use does not come down after a busy spell, since they were in none.",
    ),
    "matched_on_demographics_did": (
        "matched on age, sex and deprivation; change against change",
        "As if unmatched: people of the same age and sex are not in the same spell.",
    ),
    "matched_on_yearly_total": (
        "matched on the twelve-month total (and age, sex, deprivation, conditions)",
        "Of two people with twelve contacts the one whose last weeks were busy comes down further"
        " and is the one referred; here it stays below the other in part only, so that the scheme"
        " is made to look worse.",
    ),
    "never_referred_only": (
        "compared with people never referred",
        "It looks into the future: who gets busy later is referred later and is left out.",
    ),
    "each_person_once": (
        "each comparison person used once in the whole study",
        "The first months take the people most alike, and later months make do with others.",
    ),
    "censored_without_weights": (
        "people referred later cut off then, the others not weighted for them",
        "The same look into the future, month by month.",
    ),
    "first_of_month": (
        "comparison people looked at from the first of the month",
        "They have to stay unreferred for the rest of the month, which the referred do not.",
    ),
    "one_date_for_all": (
        "comparison people all looked at from one date in the middle of the period",
        "Sets are no longer of one month, so that season and trend come in.",
    ),
    "no_washout": (
        "days from referral on counted, no washout",
        "By itself no harm in these worlds, where a referral is no contact.",
    ),
    "no_washout_after_a_visit": (
        "the same, each referral being made at a GP contact that day",
        "The visit that made the referral is counted against the scheme.",
    ),
    "poisson_errors": (
        "the primary estimate with errors as if each contact came alone",
        "The same points, and intervals far too narrow where people differ.",
    ),
}
LIMITS = (
    "Selection on anything not recorded. Referral here hangs on recorded contacts, conditions and"
    " deprivation and nothing else; if the referred also differ in what no file holds, every"
    " estimate on this page is biased, the right ones too.",
    "Effects that differ between people, grow or fade, or that reach people not referred. Here one"
    " rate ratio holds for everybody referred, from the day after referral.",
    "Practices that join one after the other, or that change how they record; codes that change"
    " meaning; files that lack months. Extracts here are complete and right.",
    "Deaths and moves that referral, or use of care, brings about. Here they depend on age and"
    " conditions only.",
    "A world beyond 8,000 people and 600 referred. Larger schemes have narrower intervals, in which"
    " a bias of a few per cent is no longer hidden.",
    "Other calendars. All worlds run from April 2016 to March 2019, with one year's referrals.",
)
TITLE = """# Operating characteristics

<!-- Written by `make recovery`: change sp_eval_tests/recovery/page.py, not this file. -->
"""
THE_WORLDS = """
In the default world people differ lastingly, and everybody's need goes up and down by quarters;
half of 30 practices refer, over eleven months; the hazard of being referred is 2.1 times higher
with every GP or nurse contact of the last 91 days, up to twelve of them, and hangs on conditions
and deprivation besides. The scheme changes rates by what the table says from the day after
referral, for everybody referred. Both schemes' worlds are made of each seed; no two kinds share
one, so that all worlds are of different people. `sp_eval/synthetic/settings.py` holds the rest.
"""
OF_PRIMARY = """
*Mean estimate* is a geometric mean. *Bias* is the mean log of estimate over truth, in per cent,
with its Monte Carlo error in brackets: a bias within twice its error cannot be told from none.
*Coverage* is the share of 95% intervals that held the truth. *SD / SE*: how much the log estimates
scatter, and how much they say they do. *Size*: of worlds in which 1 is the truth, the share of
intervals that exclude it; 0.05 is promised. Kinds of few worlds tell little of coverage and size.

The rate difference, and the ratio of after to before that selection alone explains (*fall*, against
what would have come of the same people without the scheme), over all worlds:
"""
OF_WRONG = """A study file that asks for most of these is refused, with the reason. They were run
on the worlds and people of the table above; each differs from the primary estimate in what it says.
*From primary* is the mean log distance from the primary estimate of the same world, which chance
touches far less than it does the bias.
"""
OF_ALL_REFER = """
Where half of the practices never refer, their busy people are there to compare with, and some of
these ways do less harm than they would elsewhere. GP contacts in worlds where all refer:
"""
