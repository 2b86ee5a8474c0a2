"""The least time in which tokens can be evened out over devices, by linear programs.

usage: make_planner_remap.py OUT_FILE     (numpy 2.4.6, scipy 1.17.1; layout in Golden/README.md)
"""

import json
import sys

import numpy as np
from scipy.optimize import linprog

rng = np.random.default_rng(54)
cases = []
for _ in range(120):
    nodes, per = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    tokens = rng.integers(0, 1000, size=nodes * per)
    if rng.random() < 0.3:
        tokens[rng.integers(0, len(tokens))] += 5000
    inside = float(rng.uniform(0.1, 1))
    outside = inside * float(rng.uniform(1, 9))
    mean = tokens.mean()
    givers = [i for i in range(len(tokens)) if tokens[i] > mean]
    takers = [i for i in range(len(tokens)) if tokens[i] < mean]
    if not givers:
        continue
    pairs = [(i, j) for i in givers for j in takers]
    # The last variable is the time of the slowest sender.
    upper, equal, right = [], [], []
    for i in givers:
        upper.append([(inside if i // per == j // per else outside) if i == k else 0 for k, j in pairs] + [-1])
        equal.append([1.0 if i == k else 0 for k, _ in pairs] + [0])
        right.append(tokens[i] - mean)
    for j in takers:
        equal.append([1.0 if j == k else 0 for _, k in pairs] + [0])
        right.append(mean - tokens[j])
    found = linprog([0] * len(pairs) + [1], A_ub=upper, b_ub=[0] * len(givers), A_eq=equal, b_eq=right)
    assert found.status == 0
    cases.append(
        {
            "tokens": tokens.tolist(), "devicesPerNode": per, "inside": inside, "outside": outside,
            "seconds": float(found.fun),
        })
with open(sys.argv[1], "w") as file:
    json.dump(cases, file)
    file.write("\n")
