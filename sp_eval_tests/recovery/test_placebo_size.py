"""How often a placebo takes nothing for something, over many draws of the same people."""

from __future__ import annotations

import numpy as np
import pytest

from sp_eval.models.placebo import mock_exposure, placebo_index, placebo_size
from sp_eval_tests.reference.test_placebo import unreferred


def test_one_interval_in_twenty_leaves_out_one() -> None:
    """300 draws: Monte Carlo error of 0.05 is 0.013."""
    found = placebo_size(unreferred(21), seeds=range(300))
    assert 0.02 <= found.share_excluding_one <= 0.09
    assert abs(found.mean_log_ratio) < 0.02
    assert 0.85 < found.sd_over_se < 1.15
    assert found.to_dict()["draws"] == 300


def test_drawn_by_use_before_the_size_holds_with_the_weights_and_adjustment() -> None:
    rows = unreferred(22, people=1_500, rows=1)
    found = placebo_size(rows, seeds=range(200), chance="chance", adjustment=("before",))
    assert found.share_excluding_one <= 0.11
    assert abs(found.mean_log_ratio) < 0.02


def test_counting_events_as_if_each_came_alone_is_too_sure() -> None:
    rows = unreferred(23)
    outside = []
    for seed in range(200):
        point = placebo_index(rows, seed=seed).point
        marked = mock_exposure(rows, seed=seed)
        own = marked.group_by("exposed").sum()["events"].to_numpy()
        outside.append(abs(np.log(point)) > 1.96 * np.sqrt((1 / own).sum()))
    assert np.mean(outside) > 0.2


@pytest.mark.recovery
def test_size_over_many_draws_and_people() -> None:
    found = [placebo_size(unreferred(s), seeds=range(100)) for s in range(100, 120)]
    assert 0.035 < np.mean([f.share_excluding_one for f in found]) < 0.065
