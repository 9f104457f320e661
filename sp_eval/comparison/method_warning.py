"""Warnings for methods that run as asked though they are known to mislead, with the evidence."""

from __future__ import annotations

__all__ = ["USE_ONCE", "MethodWarning"]


class MethodWarning(UserWarning):
    """What was asked for is known to mislead; the text says how, and what to do instead."""


USE_ONCE = (
    "each comparison person serves once in the whole study: the busy ones are used up early, so "
    "that later matches are worse (in simulation the rate ratio came out 10.7% too high, and no "
    "interval held the truth); let people serve again in other months, and cluster by person"
)
