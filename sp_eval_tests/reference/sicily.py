"""Acute coronary events a month in Sicily, ages 0-69, January 2002 to November 2006, typed in.

Source: Bernal, Cummins & Gasparrini (2017), International Journal of Epidemiology 46:348-355, doi
10.1093/ije/dyw098; `sicily.csv` of gasparrini/2017_lopezbernal_IJE_codedata @ 8545626. Smoking in
public places was banned in January 2005, month 37.
"""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["BAN", "sicily", "with_control"]

BAN = 37
_EVENTS = """
728 659 791 734 757 726 760 740 720 814 795 858 887 766 851 769 781 756 766 752 765 831 879 928
914 808 937 840 916 828 845 818 860 839 887 886 831 796 833 820 877 758 767 738 781 843 850 908
1021 859 976 888 962 838 810 876 843 936 912
"""
_PEOPLE = """
379875.3 376495.5 377040.8 377116.4 377383.4 374113.1 379513.3 376295.5 374653.2 378485.6 375955.5
378349.7 376762.4 379032.3 379360.4 376162 377972.4 381830.7 379888.6 380872.2 380966.9 381240.4
382104.9 381802.7 381656.3 383680 383504.2 386462.9 383783.1 380836.8 383483 380906.2 382926.8
384052.4 384449.6 383428.4 388153.2 388373.2 386470.1 386033.2 383686.4 385509.3 385901.9 386516.6
388436.5 383255.2 390148.7 385874.9 391613.6 391750.4 394005.6 391364.9 391664.6 389022.3 391878.5
388575.3 392989 390018.8 390712.3
"""


def sicily() -> pl.DataFrame:
    """`time` 1 to 59, `aces` events, `stdpop` people standardised for age."""
    events = [int(v) for v in _EVENTS.split()]
    people = [float(v) for v in _PEOPLE.split()]
    return pl.DataFrame({"time": np.arange(1, 60), "aces": events, "stdpop": people})


def with_control() -> pl.DataFrame:
    """The same beside a control series made by a formula, the one of `r/interrupted_series.R`."""
    time = np.arange(1, 60)
    wobble = 20 * ((time * 7919) % 13 - 6) / 6
    counts = np.round(400 * np.exp(0.002 * time) + 30 * np.sin(2 * np.pi * time / 12) + wobble)
    own = sicily().with_columns(is_control=pl.lit(value=False), aces=pl.col("aces").cast(float))
    control = pl.DataFrame({"time": time, "aces": counts, "stdpop": 2e5, "is_control": True})
    return pl.concat([own, control.select(own.columns)])
