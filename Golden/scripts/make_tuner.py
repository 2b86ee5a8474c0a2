"""Best values of hyperopt's estimator and of random search on three functions, and of scipy's rank correlation.

usage: make_tuner.py FILE, with hyperopt 0.3.0, numpy 2.4.6 and scipy 1.17.1
"""

import json
import math
import pathlib
import statistics
import sys

import hyperopt
import numpy
import scipy
from hyperopt import fmin, hp, rand, tpe
from scipy.stats import spearmanr

TRIALS, SEEDS = 30, 50


def branin(point):
    x, y = point
    a = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return a * a + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


WEIGHTS = [1.0, 1.2, 3.0, 3.2]
SCALES = [
    [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
]
PLACES = [
    [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
]


def hartmann(point):
    return -sum(
        weight * math.exp(-sum(s * (x - p * 1e-4) ** 2 for s, x, p in zip(scales, point, places)))
        for weight, scales, places in zip(WEIGHTS, SCALES, PLACES)
    )


def conditional(point):
    kind, *rest = point
    if kind == 0:
        return 2 + abs(rest[0] - 7)
    if kind == 1:
        return 0.1 + (rest[0] - 2.5) ** 2 / 5 + [1, 0.5, 0, 2][rest[1]]
    return 1 + (rest[0] - 4) ** 2 / 4


FUNCTIONS = {
    "branin": (branin, [hp.uniform("x", -5, 10), hp.uniform("y", 0, 15)]),
    "hartmann6": (hartmann, [hp.uniform(f"x{i}", 0, 1) for i in range(6)]),
    "conditional": (
        conditional,
        hp.choice("kind", [
            (0, hp.uniform("a", 0, 10)),
            (1, hp.uniform("b", 0, 10), hp.choice("mode", [0, 1, 2, 3])),
            (2, hp.quniform("c", 0, 8, 1)),
        ]),
    ),
}


def best(function, space, algorithm, seed):
    values = []

    def measured(point):
        values.append(function(point))
        return values[-1]

    fmin(measured, space, algo=algorithm, max_evals=TRIALS, rstate=numpy.random.default_rng(seed),
         show_progressbar=False)
    return min(values)


def main():
    versions = {"hyperopt": hyperopt.__version__, "numpy": numpy.__version__, "scipy": scipy.__version__}
    result = {"versions": versions, "trials": TRIALS, "seeds": SEEDS, "functions": {}}
    # What both sides compute at fixed places: the functions are the same.
    probes = {"branin": [[1.5, 4.25], [-3, 12]], "hartmann6": [[0.2, 0.15, 0.48, 0.28, 0.31, 0.66], [0.5] * 6],
              "conditional": [[0, 3], [1, 4, 3], [2, 7]]}
    for name, (function, space) in FUNCTIONS.items():
        found = {}
        for label, algorithm in [("tpe", tpe.suggest), ("random", rand.suggest)]:
            values = [best(function, space, algorithm, seed) for seed in range(SEEDS)]
            found[label] = {"median": statistics.median(values), "values": values}
        found["probes"] = [{"point": point, "value": function(point)} for point in probes[name]]
        result["functions"][name] = found
        print(name, found["tpe"]["median"], found["random"]["median"])
    draw = numpy.random.default_rng(5)
    ranks = []
    for count, levels in [(8, 100), (30, 5), (56, 1000)]:
        x = draw.integers(0, levels, count).tolist()
        y = [int(v) for v in numpy.array(x) * 0.5 + draw.integers(0, levels, count)]
        ranks.append({"x": x, "y": y, "rho": spearmanr(x, y).statistic})
    result["ranks"] = ranks
    pathlib.Path(sys.argv[1]).write_text(json.dumps(result, separators=(",", ":")) + "\n")


main()
