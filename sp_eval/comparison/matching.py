"""Every way to match, in one place: nearest on a score, in risk sets, exact, coarsened."""

from __future__ import annotations

from sp_eval.comparison.coarsened_exact import Coarsening, coarsened_exact, l1_imbalance
from sp_eval.comparison.exact_matching import match_exact
from sp_eval.comparison.nearest import Order, caliper_width, match_nearest
from sp_eval.comparison.risk_set import match_risk_set

__all__ = [
    "Coarsening",
    "Order",
    "caliper_width",
    "coarsened_exact",
    "l1_imbalance",
    "match_exact",
    "match_nearest",
    "match_risk_set",
]
