"""Every way to weigh units, in one place: entropy balancing, propensity weights."""

from __future__ import annotations

from sp_eval.comparison.entropy_balancing import entropy_balance
from sp_eval.comparison.propensity_weighting import propensity_weights
from sp_eval.comparison.unit_weights import Estimand, UnitWeights

__all__ = ["Estimand", "UnitWeights", "entropy_balance", "propensity_weights"]
