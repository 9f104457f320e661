"""The pass marks of a design, at their edges."""

from __future__ import annotations

import math

import polars as pl
import pytest

from sp_eval.comparison.scheme_design import PoolDesign
from sp_eval.framework.gate import Gate, _shared, facts_in_words, judge_design
from sp_eval.models.weight_facts import WeightFacts
from sp_eval.study.design import Thresholds


def a_design(
    *, exposed: int = 1_000, matched: int = 950, effective: float = 3_000, smd: float = 0.05
) -> PoolDesign:
    balance = pl.DataFrame(
        {
            "covariate": ["age", "gp_contact_d30_0"],
            "smd_before": [0.4, 1.0],
            "smd_after": [0.01, -smd],
            "variance_ratio_after": [1.0, 1.1],
        }
    )
    return PoolDesign(
        pool="area",
        matched=pl.DataFrame(),
        balance=balance,
        n_exposed=exposed,
        n_matched=matched,
        effective_comparison=effective,
        pool_has_non_referring=True,
    )


def judged(*, share_at_cap: float = 0.0, thresholds: Thresholds | None = None, **design) -> Gate:
    return judge_design(a_design(**design), thresholds or Thresholds(), share_at_cap=share_at_cap)


def failed(gate: Gate) -> set[str]:
    return {check.name for check in gate.checks if not check.passed}


def test_a_sound_design_passes_without_a_word() -> None:
    gate = judged()
    assert gate.passed
    assert gate.reason is None
    assert {c.name for c in gate.checks} == {
        "matched_share", "balance", "effective_comparison", "weights_at_cap",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "name", "passes"),
    [
        ({"matched": 900}, "matched_share", True),
        ({"matched": 899}, "matched_share", False),
        ({"smd": 0.1}, "balance", True),
        ({"smd": 0.1001}, "balance", False),
        ({"smd": -0.1001}, "balance", False),
        ({"smd": math.inf}, "balance", False),
        ({"effective": 1_000}, "effective_comparison", True),
        ({"effective": 999.9}, "effective_comparison", False),
        ({"share_at_cap": 0.0099}, "weights_at_cap", True),
        ({"share_at_cap": 0.01}, "weights_at_cap", False),
    ],
)
def test_each_mark_at_its_edge(changes: dict, name: str, passes: bool) -> None:
    assert failed(judged(**changes)) == (set() if passes else {name})


def test_the_reason_names_what_failed_the_worst_column_and_the_ways_on() -> None:
    reason = judged(matched=500, smd=0.31).reason
    assert reason is not None
    assert "50% to 60% of those who could be followed found similar people (at least 90%" in reason
    assert (
        "GP and nurse contacts, last 30 days: 0.310 standard deviations (at most 0.100)" in reason
    )
    assert "Ways on:" in reason
    assert "cap" not in reason


def test_what_falls_short_never_reads_as_enough() -> None:
    assert "80% to 90% of those" in str(judged(matched=899).reason)
    assert "for 0.9 times as many people" in str(judged(effective=999.9).reason)


@pytest.mark.parametrize(
    ("exposed", "effective", "limit"),
    [
        (500, 1_500, 0.1),  # no longer small
        (499, 1_500, 2.5 * math.sqrt(1 / 499 + 1 / 1_500)),
        (250, 600, 2.5 * math.sqrt(1 / 250 + 1 / 600)),
        (490, 1e9, max(0.1, 2.5 * math.sqrt(1 / 490 + 1e-9))),
    ],
)
def test_small_schemes_are_allowed_what_chance_does(
    exposed: int, effective: float, limit: float
) -> None:
    gate = judged(exposed=exposed, matched=exposed, effective=effective)
    balance = next(c for c in gate.checks if c.name == "balance")
    assert balance.limit == pytest.approx(limit)
    # the limit is always printed; one made of the number of people, coarsely
    shown = f"{limit:.3f}" if limit == 0.1 else f"{math.ceil(limit * 100) / 100:.2f}"
    assert f"(at most {shown})" in balance.sentence
    beyond = judged(exposed=exposed, matched=exposed, effective=effective, smd=limit + 1e-6)
    assert failed(beyond) == {"balance"}


def test_the_limit_of_small_schemes_is_never_below_the_usual() -> None:
    gate = judged(
        exposed=400, matched=400, effective=1e9, thresholds=Thresholds(smd=0.3, small_sample=500)
    )
    assert next(c for c in gate.checks if c.name == "balance").limit == 0.3


def test_thresholds_are_the_studys() -> None:
    loose = Thresholds(
        smd=0.5, matched_share=0.1, weights_at_cap=0.5, effective_comparison=0.1, small_sample=0
    )
    bad = {"matched": 100, "smd": 0.5, "effective": 100, "share_at_cap": 0.49}
    assert judged(thresholds=loose, **bad).passed
    assert len(failed(judged(**bad))) == 4


def test_nobody_matched_is_said_in_words() -> None:
    design = a_design(matched=0, effective=0.0)
    gate = judge_design(design, Thresholds(), share_at_cap=0.0)
    assert "nobody is left in whom the groups could be compared" in str(gate.reason)
    assert "inf" not in str(gate.reason)
    nobody = judge_design(a_design(exposed=0, matched=0), Thresholds(), share_at_cap=0.0)
    assert not nobody.passed


def test_no_sentence_tells_how_many_were_not_matched() -> None:
    """Of 8 to 12 people, each sentence fits more than one number left without similar people."""
    fitting: dict[tuple[int, str], set[int]] = {}
    for people in range(8, 200):
        for left in range(people + 1):
            share, shown = (people - left) / people, 5 * ((2 * people + 5) // 10)
            sentence = _shared(share, Thresholds(matched_share=0.9))
            fitting.setdefault((shown, sentence), set()).add(left)
    assert [key for key, found in fitting.items() if len(found) == 1] == []


def test_facts_have_words_and_no_mark() -> None:
    facts = facts_in_words(WeightFacts(0.0, 0.12, 17.3, 4))
    said = " ".join(fact.sentence for fact in facts)
    assert "10% to 20% of the similar" in said
    assert "17.3" in said
    assert "at most 4 sets" in said
