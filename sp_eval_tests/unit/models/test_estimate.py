"""The value every model returns: frozen, hashable, and plain enough for JSON."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from sp_eval.models.estimate import Details, Estimate, TooFewEventsError
from sp_eval.models.interval import wald


def nested() -> Estimate:
    inner = Estimate("m", "mean_difference", 1.0, details={"rows": np.int64(3)})
    return Estimate("m", "rate_ratio", 0.9, difference=inner, notes=("a",), details={"alpha": 0.5})


def test_its_dictionary_is_plain_to_the_bottom() -> None:
    found = nested().to_dict()
    assert json.loads(json.dumps(found))["difference"]["details"] == {"rows": 3.0}
    assert found["details"] == {"alpha": 0.5}
    assert Estimate("m", "s", 1.0).to_dict()["difference"] is None


def test_it_is_frozen_hashable_and_comes_back_from_pickle() -> None:
    one = nested()
    assert hash(one) == hash(nested())
    assert one == nested()
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.point = 2.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        one.details["alpha"] = 2.0  # type: ignore[index]


def test_details_are_a_copy_and_make_a_difference() -> None:
    given = {"alpha": 0.5}
    one = Estimate("m", "s", 1.0, details=given)
    given["alpha"] = 0.7
    assert dict(one.details) == {"alpha": 0.5}
    assert one != replace(one, details={"alpha": 0.6})
    assert one != Estimate("m", "s", 1.0)
    assert Details({"a": 1}) == {"a": 1.0}
    assert repr(one.details) == "Details({'alpha': 0.5})"


def test_too_few_events_are_a_value_error() -> None:
    assert issubclass(TooFewEventsError, ValueError)


def test_an_interval_by_hand() -> None:
    found = wald(np.log(2), 0.1, is_log=True)
    assert found["point"] == pytest.approx(2)
    assert found["ci_low"] == pytest.approx(2 * np.exp(-1.959963984540054 * 0.1))
    assert wald(1.0, 0.5, df=4)["ci_high"] == pytest.approx(1 + 2.7764451051977987 * 0.5)
    assert wald(1.0, 0.0)["p_value"] is None
    assert wald(1.0, 900.0, is_log=True)["ci_high"] is None
    with pytest.raises(ValueError, match="'ci_level' must lie between 0 and 1"):
        wald(1.0, 0.5, ci_level=95)
