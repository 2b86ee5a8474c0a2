"""Makes Golden/planner.json: optima of integer programs by HiGHS and CBC, and what scipy finds between points.

usage: make_planner.py OUT_FILE      (layout in Golden/README.md)

Cases are made from SplitMix64, so that the tests make the same ones: only the answers are kept.
"""

import json
import sys

import numpy as np
import pulp
from scipy.interpolate import interp1d
from scipy.optimize import Bounds, LinearConstraint, milp

MASK = (1 << 64) - 1


class SplitMix:
    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def service(seed):
    u = SplitMix(seed).uniform
    types, buckets = 1 + int(u() * 6), 1 + int(u() * 20)
    slices = 1 + int(u() * min(8, 60 // buckets))
    prices = [0.5 + u() * 7.5 for _ in range(types)]
    rates = []
    for number in range(types):
        row = []
        for _ in range(buckets):
            served = u() < 0.9 or number == 0
            rate = u()
            row.append(0.2 + 20 * rate * rate if served else 0.0)
        rates.append(row)
    parts = [u() for _ in range(buckets)]
    return prices, rates, parts, 0.5 + u() * 20, slices


def loads(prices, rates, parts, rate, slices):
    return [[parts[s] * rate / slices / row[s] if row[s] else None for s in range(len(parts))] for row in rates]


def highs(prices, table, buckets, slices):
    types = len(prices)
    cost = np.concatenate([prices, np.zeros(types * buckets)])
    upper = np.full(types + types * buckets, np.inf)
    rows, low, high = [], [], []
    for t in range(types):
        row = np.zeros(len(cost))
        row[t] = -1
        for s in range(buckets):
            place = types + t * buckets + s
            upper[place] = slices if table[t][s] is not None else 0
            row[place] = table[t][s] or 0
        rows.append(row), low.append(-np.inf), high.append(0)
    for s in range(buckets):
        row = np.zeros(len(cost))
        row[[types + t * buckets + s for t in range(types)]] = 1
        rows.append(row), low.append(slices), high.append(slices)
    found = milp(
        cost,
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, upper),
        constraints=LinearConstraint(np.array(rows), low, high),
        options={"mip_rel_gap": 0, "time_limit": 120},
    )
    assert found.status == 0, found.message
    return found.fun


def cbc(prices, table, buckets, slices):
    types = range(len(prices))
    problem = pulp.LpProblem("fleet", pulp.LpMinimize)
    count = [pulp.LpVariable(f"y{t}", 0, cat="Integer") for t in types]
    whole = {
        (t, s): pulp.LpVariable(f"n{t}_{s}", 0, slices, cat="Integer")
        for t in types
        for s in range(buckets)
        if table[t][s] is not None
    }
    problem += pulp.lpSum(prices[t] * count[t] for t in types)
    for t in types:
        problem += pulp.lpSum(table[t][s] * n for (of, s), n in whole.items() if of == t) <= count[t]
    for s in range(buckets):
        problem += pulp.lpSum(n for (_, of), n in whole.items() if of == s) == slices
    problem.solve(pulp.PULP_CBC_CMD(msg=0, gapRel=0, gapAbs=0, timeLimit=120))
    assert pulp.LpStatus[problem.status] == "Optimal"
    return pulp.value(problem.objective)


def interpolated(seed):
    u = SplitMix(seed).uniform
    count = 2 + int(u() * 12)
    xs = np.cumsum([0.1 + 9 * u() for _ in range(count)])
    ys = [100 * u() for _ in range(count)]
    places = [(1.4 * u() - 0.2) * xs[-1] for _ in range(20)]
    return [float(v) for v in interp1d(xs, ys, fill_value="extrapolate")(places)]


costs = []
for seed in range(500):
    prices, rates, parts, rate, slices = service(seed)
    table = loads(prices, rates, parts, rate, slices)
    found = highs(prices, table, len(parts), slices)
    other = cbc(prices, table, len(parts), slices)
    assert abs(found - other) <= 1e-6 * max(1, found), (seed, found, other)
    costs.append(round(found, 9))
with open(sys.argv[1], "w") as file:
    json.dump({"fleet": costs, "interpolated": [interpolated(seed) for seed in range(40)]}, file)
    file.write("\n")
