"""Log-normal lengths fitted by scipy to the means and quantiles of Nexus's workloads.

usage: make_planner_nexus.py OUT_FILE     (numpy 2.4.6, scipy 1.17.1; layout in Golden/README.md)
"""

import json
import sys

import numpy as np
from scipy import optimize, stats

# Mean, P50, P95, P99 of prompts and answers, in tokens.
ROWS = [
    ("long-data", "prompt", 5905, 5461, 9292, 9817),
    ("long-data", "output", 180, 159, 339, 454),
    ("arxiv", "prompt", 3832, 3575, 6460, 6894),
    ("arxiv", "output", 200, 181, 357, 443),
    ("sharegpt", "prompt", 496, 432, 970, 1367),
    ("sharegpt", "output", 97, 37, 383, 474),
]


def fit(mean, median, p95, p99):
    wanted = np.log([mean, median, p95, p99])
    z = stats.norm.ppf([0.95, 0.99])

    def left(place):
        middle, sigma = place
        return np.array([middle + sigma**2 / 2, middle, middle + z[0] * sigma, middle + z[1] * sigma]) - wanted

    # From several places: the same end means that there is no other.
    ends = [optimize.least_squares(left, [np.log(median), sigma], xtol=1e-15, ftol=1e-15, gtol=1e-15) for sigma in (0.1, 0.5, 2)]
    best = min(ends, key=lambda end: end.cost)
    assert all(np.allclose(end.x, best.x, atol=1e-6) for end in ends)
    return float(np.exp(best.x[0])), float(best.x[1]), float(2 * best.cost)


rows = []
for workload, kind, *figures in ROWS:
    median, sigma, squares = fit(*figures)
    rows.append({"workload": workload, "kind": kind, "median": median, "sigma": sigma, "squares": squares})
with open(sys.argv[1], "w") as file:
    json.dump({"rows": rows}, file, indent=1)
    file.write("\n")
