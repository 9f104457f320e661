"""The primary estimator after the gate, word by word: weights, totals, model, variance."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import statsmodels.api as sm

from sp_eval_tests.reference.literal_cohort import Row, month_of, next_month

__all__ = ["Fitted", "expected_ratio", "fit_outcome", "weight_of_month"]

ADJUSTED = ("age", "male", "deprivation", "ltc", "log gp90", "log gp365")


@dataclass
class Fitted:
    """What clauses 12 to 14 yield for one outcome."""

    log_ratio: float
    se: float
    difference: float
    difference_se: float
    exposed_rows: int


def weight_of_month(
    row: Row, month: date, hazards: dict[tuple[int, date], float], *, cap: float = 20.0
) -> float:
    """Clause 8: the weight of a row's days in a calendar month; hazards by person and month."""
    if row.exposed or month == row.month:
        return 1.0
    own = min((day for day, _ in row.person.referrals), default=None)
    if own is not None and month_of(own) <= month:
        return 0.0
    staying, at = 1.0, next_month(row.month)
    while at <= month:
        staying *= 1 - min(hazards.get((row.person.number, at), 0.0), 0.999)
        at = next_month(at)
    return min(cap, 1 / staying)


def totals(
    row: Row,
    outcome: str,
    hazards: dict[tuple[int, date], float],
    *,
    window: tuple[int, int],
    covered: tuple[date, date],
) -> tuple[float, float]:
    """Clause 11: weighted events and weighted days, day by day."""
    weights: dict[date, float] = {}
    events, days = 0.0, 0.0
    on = defaultdict(int)
    for day, quantity in row.person.events.get(outcome, []):
        on[day] += quantity
    for n in range(*window):
        day = row.index + timedelta(days=n)
        if not (covered[0] <= day < covered[1] and row.person.registered(day)):
            continue
        month = month_of(day)
        if month not in weights:
            weights[month] = weight_of_month(row, month, hazards)
        events += weights[month] * on[day]
        days += weights[month]
    return events, days


def fit_outcome(
    sets: list[list[Row]],
    outcome: str,
    hazards: dict[tuple[int, date], float],
    *,
    window: tuple[int, int],
    covered: tuple[date, date],
    by_practice: bool,
) -> Fitted:
    """Clauses 12 to 14."""
    kept = []
    for at, members in enumerate(sets):
        for row in members:
            y, days = totals(row, outcome, hazards, window=window, covered=covered)
            weight = 1.0 if row.exposed else 1 / (len(members) - 1)
            if days > 0:
                kept.append((at, row, y, days, weight))
    year = timedelta(days=365)
    columns = [
        [
            1.0,
            float(row.exposed),
            row.logit,
            *(row.columns[name] for name in ADJUSTED),
            math.log1p(row.person.count(outcome, row.index - year, row.index)),
        ]
        for _, row, *_ in kept
    ]
    x = np.array(columns)
    if outcome == "gp_contact":
        x = x[:, :-1]  # its own yearly count is a column already
    y, days, weight = (np.array([k[i] for k in kept]) for i in (2, 3, 4))
    model = sm.GLM(y, x, family=sm.families.Poisson(), offset=np.log(days), var_weights=weight)
    beta = model.fit(tol=1e-13, maxiter=200).params
    mean = np.exp(x @ beta) * days
    bread = np.linalg.inv(
        sum(w * m * np.outer(r, r) for w, m, r in zip(weight, mean, x, strict=True))
    )
    leverage = np.array([w * m * r @ bread @ r for w, m, r in zip(weight, mean, x, strict=True)])
    person = [row.person.number for _, row, *_ in kept]
    summed: dict[int, float] = defaultdict(float)
    for number, h in zip(person, leverage, strict=True):
        summed[number] += h
    scores = [
        w * (yi - m) * r / (1 - summed[number])
        for w, yi, m, r, number in zip(weight, y, mean, x, person, strict=True)
    ]
    influence = np.array([score @ bread for score in scores])[:, 1]
    set_of = [at for at, *_ in kept]
    practice = [row.practice for _, row, *_ in kept]
    variance = two_way(influence, set_of, person)
    if by_practice:
        variance = max(variance, two_way(influence, set_of, practice))
    b = beta[1]
    exposed = np.array([float(row.exposed) for _, row, *_ in kept])
    rate = (exposed * y).sum() / (exposed * days).sum()
    own = (1 - math.exp(-b)) * exposed * (y - rate * days) / (exposed * days).sum()
    joint = own + rate * math.exp(-b) * influence
    per = 1000 * 365.25
    return Fitted(
        float(b),
        math.sqrt(variance),
        per * rate * (1 - math.exp(-b)),
        per * math.sqrt(two_way(joint, set_of, person)),
        int(exposed.sum()),
    )


def meat(influence: np.ndarray, clusters: list[Hashable], *, of_rows: bool = False) -> float:
    summed: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(influence, clusters, strict=True):
        summed[cluster] += value
    squares = sum(v * v for v in summed.values())
    return squares if of_rows else squares * len(summed) / (len(summed) - 1)


def two_way(influence: np.ndarray, one: list[Hashable], two: list[Hashable]) -> float:
    both: list[Hashable] = list(zip(one, two, strict=True))
    of_rows = len(set(both)) == len(both)
    first, second = meat(influence, one), meat(influence, two)
    variance = first + second - meat(influence, both, of_rows=of_rows)
    return variance if variance > 0 else max(first, second)


def expected_ratio(
    rows: list[Row],
    names: list[str],
    outcome: str,
    hazards: dict[tuple[int, date], float],
    *,
    window: tuple[int, int],
    covered: tuple[date, date],
) -> float:
    """Clause 17: the ratio after/before expected of the exposed from people not referred."""
    fitted, x = [], []
    for row in rows:
        y, days = totals(row, outcome, hazards, window=window, covered=covered)
        fitted.append((y, days))
        x.append([row.columns[n] for n in names])
    table = np.array(x)
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    design = np.column_stack([np.ones(len(rows)), table])
    y, days = np.array(fitted).T
    use = np.array([not r.exposed for r in rows]) & (days > 0)
    model = sm.GLM(y[use], design[use], family=sm.families.Poisson(), offset=np.log(days[use]))
    rate = np.exp(design @ model.fit(tol=1e-13, maxiter=200).params)
    exposed = np.array([r.exposed for r in rows])
    year = timedelta(days=365)
    before = sum(r.person.count(outcome, r.index - year, r.index) for r in rows if r.exposed)
    rate_before = before / (365 * exposed.sum())
    return float((rate * days)[exposed].sum() / days[exposed].sum() / rate_before)
