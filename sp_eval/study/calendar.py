"""Calendar time in which care was not given as at other times: March 2020 to June 2021."""

from __future__ import annotations

from datetime import date

__all__ = ["PANDEMIC", "PANDEMIC_SENTENCE", "touches_pandemic"]

PANDEMIC = (date(2020, 3, 1), date(2021, 7, 1))  # the second day is the first outside
PANDEMIC_SENTENCE = (
    "This window touches March 2020 to June 2021, when many contacts moved to the telephone, "
    "planned care was put off and A&E was avoided: use then cannot be set against use before or "
    "after, but only against that of other people in the same months."
)


def touches_pandemic(window_from: date, window_to: date) -> bool:
    """Tell whether any day of `[window_from, window_to)` lies in March 2020 to June 2021.

    Parameters
    ----------
    window_from, window_to : the first day inside and the first day outside.

    Raises
    ------
    ValueError : the window ends before it begins.
    """
    if window_to < window_from:
        raise ValueError("the window ends before it begins")
    first, end = PANDEMIC
    return max(window_from, first) < min(window_to, end)
