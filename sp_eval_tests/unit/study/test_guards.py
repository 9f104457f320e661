"""Ways of asking that mislead are refused, or labelled, each with the sentence that says why."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sp_eval.settings import project_root
from sp_eval.study.guards import labels_of, refusal_of
from sp_eval.study.protocol import InvalidStudyError, load_study
from sp_eval_tests.support.studies import a_study

SHIPPED = project_root() / "studies" / "gp_and_hospital_use.yaml"


@pytest.mark.parametrize(
    ("part", "key", "value", "why"),
    [
        ("comparison", "pool", "never_referred", "looks into the future"),
        ("comparison", "reuse", "once", "run out"),
        ("comparison", "use_once", True, "run out"),
        ("index", "event", "fixed_date", "mixes season and trend"),
        ("index", "date", "2017-06-01", "mixes season and trend"),
        ("index", "event", "first_contact", "stay long enough to be seen"),
        ("eligibility", "followed_days", 365, "nothing may be asked of people after"),
        ("eligibility", "engaged_only", True, "stay long enough to be seen"),
        ("estimators", "paired", False, "of the same people"),
        ("estimators", "primary", "before_after", "referred at their busiest"),
    ],
)
def test_what_misleads_is_refused_with_its_reason(
    tmp_path: Path, part: str, key: str, value: object, why: str
) -> None:
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    assert refusal_of(content) is None
    content.setdefault(part, {})[key] = value
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(InvalidStudyError, match=why) as caught:
        load_study(path)
    assert f"{part}.{key}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_shipped_study_needs_no_label() -> None:
    assert labels_of(a_study()) == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"windows": {"washout_days": 0}}, "the referral itself makes contacts"),
        ({"windows": {"pre_days": 90}}, "unequal length"),
        ({"windows": {"pre_days": 180, "post_days": 180}}, "do not hold whole years"),
        ({"comparison": {"pool": "referring_practices"}}, "nearly all referred"),
        ({"index": {"to": "2019-02-28"}}, "March 2020"),
        (
            {
                "comparison": {
                    "own_schemes": [{"practice": "A", "from": "2017-01-01"}],
                    "own_schemes_are": "flagged",
                }
            },
            "help of the same kind",
        ),
    ],
)
def test_an_unusual_way_is_labelled(changes: dict, told: str) -> None:
    (label,) = labels_of(a_study(**changes))
    assert told in label
