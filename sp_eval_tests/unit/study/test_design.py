"""The question as a value: what it accepts, what it derives, and its hash."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from sp_eval.study.design import COVARIATES, StudyDesign
from sp_eval.study.outcomes import INSTRUMENTS, OUTCOMES, SOURCES, outcome_named
from sp_eval.study.windows import HISTORY_BANDS, LOOKBACK_COLUMNS, Window
from sp_eval_tests.support.studies import a_study


def test_windows_are_half_open_and_meet() -> None:
    study = a_study(windows={"pre_days": 180, "washout_days": 30, "post_days": 365})
    assert study.pre == Window(-180, 0)
    assert study.post == Window(30, 395)
    assert study.post.days == 365
    assert study.index_before == date(2018, 4, 1)  # the day after the last index date


def test_without_a_washout_the_window_begins_on_the_index_date() -> None:
    assert a_study(windows={"washout_days": 0}).post == Window(0, 365)


def test_history_bands_cover_the_year_once() -> None:
    days = [day for band in HISTORY_BANDS for day in range(band.start, band.end)]
    assert sorted(days) == list(range(-365, 0))
    assert LOOKBACK_COLUMNS == ("d30_0", "d60_30", "d90_60", "d180_90", "d365_180")


def test_the_shipped_study_asks_what_the_specification_asks() -> None:
    study = a_study()
    assert study.primary.name == "gp_contact"
    assert (study.index.from_, study.index.to) == (date(2017, 5, 1), date(2018, 3, 31))
    assert study.windows.model_dump() == {
        "pre_days": 365, "washout_days": 30, "post_days": 365, "lookback_days": 365,
    }  # fmt: skip
    assert study.comparison.pool == "area"
    assert study.comparison.covariates == COVARIATES
    assert (study.comparison.ratio, study.comparison.caliper_sd) == (5, 0.2)
    assert (study.thresholds.smd, study.thresholds.matched_share) == (0.1, 0.9)
    assert (study.thresholds.weights_at_cap, study.thresholds.small_sample) == (0.01, 500)
    roles = {c.name: c.role for c in study.outcomes}
    assert roles["elective_admission"] == "negative_control"
    assert {name for name, _ in roles.items() if name in OUTCOMES} == set(OUTCOMES)
    assert study.schemes == "all"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"outcomes": [{"name": "gp"}]}, "unknown outcome 'gp'; the outcomes are: gp_contact"),
        ({"outcomes": [{"name": "gp_contact"}]}, "exactly one use of care with role: primary"),
        (
            {"outcomes": [{"name": "swemwbs", "role": "primary"}]},
            "exactly one use of care with role: primary",
        ),
        (
            {"outcomes": [{"name": n, "role": "primary"} for n in ("gp_contact", "ae_attendance")]},
            "exactly one use of care with role: primary",
        ),
        (
            {"outcomes": [{"name": "gp_contact", "role": "primary"}, {"name": "gp_contact"}]},
            "names one outcome twice",
        ),
        ({"index": {"to": "2017-04-30"}}, "'to' lies before 'from'"),
        ({"windows": {"lookback_days": 364}}, "greater than or equal to 365"),
        ({"windows": {"pre_days": 400, "lookback_days": 365}}, "at least 'pre_days'"),
        ({"comparison": {"exact": ["sex"]}}, "must hold calendar_month"),
        ({"comparison": {"pool": "everybody"}}, "area"),
        ({"comparison": {"ratio": 0}}, "greater than or equal to 1"),
        ({"thresholds": {"matched_share": 1.1}}, "less than or equal to 1"),
        ({"estimators": {"primary": "before_after"}}, "matched_rate_ratio"),
        ({"estimators": {"sensitivity": ["guess"]}}, "matched_follow_on"),
        ({"study_id": "Bad Name"}, "pattern"),
        ({"novelty": 1}, "Extra inputs are not permitted"),
        ({"seed": -1}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes: dict, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        a_study(**changes)


def test_a_study_cannot_be_changed_once_made() -> None:
    with pytest.raises(ValidationError):
        a_study().seed = 3


def test_the_hash_is_of_the_whole_design() -> None:
    study = a_study()
    assert study.design_hash() == a_study().design_hash()
    assert len(study.design_hash()) == 64
    others = [
        a_study(seed=1),
        a_study(title="Another title"),
        a_study(thresholds={"smd": 0.2}),
        a_study(outcomes=[{"name": "gp_contact", "role": "primary", "worthwhile": 0.1}]),
    ]
    assert len({study.design_hash(), *(o.design_hash() for o in others)}) == 5


def test_whose_contacts_count_is_the_gp_outcomes_word() -> None:
    assert a_study().counted_staff == ("gp", "nurse")
    gp_only = [{"name": "gp_contact", "role": "primary", "staff": ["gp"]}]
    assert a_study(outcomes=gp_only).counted_staff == ("gp",)
    without = [{"name": "ae_attendance", "role": "primary"}]
    assert a_study(outcomes=without).counted_staff == ("gp", "nurse")


def test_outcomes_know_their_sources_and_parts() -> None:
    assert OUTCOMES["gp_contact"].clock == "gp_contact"
    combined = OUTCOMES["hospital_attendance"]
    assert combined.clock == "ae+emergency_inpatient+planned_inpatient+outpatient"
    assert {s for part in combined.parts for s in OUTCOMES[part].sources} == set(combined.sources)
    # each source has an outcome of its own, whose clock tells whether the source is held
    own = {o.clock for o in OUTCOMES.values() if len(o.sources) == 1}
    assert own == {s for o in OUTCOMES.values() for s in o.sources}
    assert own | {"inpatient"} == set(SOURCES)
    assert not OUTCOMES.keys() & INSTRUMENTS.keys()
    with pytest.raises(KeyError, match="emergency_bed_days"):
        outcome_named("bed_days")


def test_what_no_file_covers_is_said_of_that_alone() -> None:
    combined = OUTCOMES["hospital_attendance"]
    all_but_outpatients = ("gp_contact", "ae", "emergency_inpatient", "planned_inpatient")
    assert combined.not_covered(all_but_outpatients) == "outpatient visits"
    assert combined.not_covered(["ae"]) == (
        "emergency admissions, planned admissions and outpatient visits"
    )
    assert combined.not_covered(combined.sources).endswith("outpatient visits at the same time")


def test_counted_outcomes_stand_in_the_order_of_the_study() -> None:
    names = [{"name": "swemwbs"}, {"name": "ae_attendance"}, {"name": "gp_contact"}]
    names[2]["role"] = "primary"
    study = a_study(outcomes=names)
    assert [c.name for c, _ in study.counted] == ["ae_attendance", "gp_contact"]
    assert study.instruments == ("swemwbs",)


def test_a_study_reads_back_from_its_own_dump() -> None:
    study = a_study(observed={"from": "2016-04-01", "to": "2019-03-31"})
    dumped = study.model_dump(mode="json", by_alias=True)
    assert StudyDesign.model_validate(dumped).design_hash() == study.design_hash()


def test_what_a_study_does_not_say_never_changes() -> None:
    """Its hash leaves out what is so by default: another default would be a silent new version."""
    least = {
        "study_id": "least",
        "title": "?",
        "index": {"from": "2017-05-01", "to": "2018-03-31"},
        "outcomes": [{"name": "gp_contact", "role": "primary"}],
    }
    told = StudyDesign.model_validate(least).model_dump(mode="json", by_alias=True)
    of_estimators = told.pop("estimators")
    assert of_estimators["primary"] == "matched_rate_ratio"  # other ways may be added
    kept = {
        "schemes": "all",
        "windows": {"pre_days": 365, "washout_days": 30, "post_days": 365, "lookback_days": 365},
        "eligibility": {"age_from": 0, "age_to": 120, "rereferral_days": 28},
        "disclosure": {"suppress_from": 1, "suppress_to": 7, "round_to": 5},
        "seed": 1,
        "observed": None,
        "override": None,
        "subgroups": [],
        "horizons": [],
    }
    assert {name: told[name] for name in kept} == kept
    comparison = {
        "pool": "area",
        "own_schemes": [],
        "own_schemes_are": "excluded",
        "exact": ["calendar_month"],
        "covariates": list(COVARIATES),
        "ratio": 5,
        "caliper_sd": 0.2,
    }
    assert told["comparison"] == comparison
    thresholds = {
        "smd": 0.1,
        "matched_share": 0.9,
        "weights_at_cap": 0.01,
        "effective_comparison": 1.0,
        "small_sample": 500,
    }
    assert told["thresholds"].items() >= thresholds.items()
    explicit = StudyDesign.model_validate(least | {"subgroups": [], "windows": kept["windows"]})
    assert explicit.design_hash() == StudyDesign.model_validate(least).design_hash()
    other = StudyDesign.model_validate(least | {"subgroups": ["age"]})
    assert other.design_hash() != explicit.design_hash()
