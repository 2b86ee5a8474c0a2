"""Fits, special functions and roots that the Planner is compared with.

usage: make_planner_fits.py OUT_FILE     (numpy 2.4.6, scipy 1.17.1; layout in Golden/README.md)
"""

import json
import sys

import numpy as np
from scipy import optimize, special, stats

rng = np.random.default_rng(20261127)
out = {}

# Weighted linear fits, one of them with columns of very different size, and fits without negative coefficients.
out["linear"] = []
for rows, columns, scales in [(12, 3, [1, 1, 1]), (40, 4, [1, 1e6, 1e-6, 1e3]), (5, 5, [1] * 5), (9, 1, [1])]:
    x = rng.normal(size=(rows, columns)) * np.array(scales)
    y = x @ (rng.normal(size=columns) / np.array(scales)) + 0.1 * rng.normal(size=rows)
    w = rng.uniform(0.2, 3, size=rows)
    root = np.sqrt(w)
    # Columns of the same length: lstsq loses digits to very different ones.
    lengths = np.linalg.norm(x * root[:, None], axis=0)
    found = np.linalg.lstsq(x * root[:, None] / lengths, y * root, rcond=None)[0] / lengths
    left = y - x @ found
    unsigned = optimize.nnls(x * root[:, None], y * root)[0]
    out["linear"].append(
        {
            "rows": x.tolist(), "values": y.tolist(), "weights": w.tolist(), "coefficients": found.tolist(),
            "squares": float(np.sum(w * left * left)),
            "inverseNormal": np.linalg.inv(x.T @ (x * w[:, None])).tolist(), "nonnegative": unsigned.tolist(),
        })

# Curves of reinforcement learning: scipy's least squares started at the truth.
def curve(place, log_c, initial):
    return initial + (place[0] - initial) / (1 + np.exp(-np.exp(place[1]) * (log_c - place[2])))


out["computeCurves"] = []
for ceiling, steepness, middle, initial, noise in [
    (0.61, 1.5, 3000, 0.2, 0.004), (0.71, 0.8, 900, 0.35, 0.004), (0.52, 2.5, 5000, 0.1, 0.01), (0.9, 1.1, 200, 0.3, 0.002),
]:
    compute = np.geomspace(middle / 12, middle * 6, 40)
    truth = [ceiling, np.log(steepness), np.log(middle)]
    rates = curve(truth, np.log(compute), initial) + noise * rng.normal(size=len(compute))
    fit = optimize.least_squares(
        lambda p: curve(p, np.log(compute), initial) - rates, truth, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    assert fit.success and fit.x[0] < 1
    out["computeCurves"].append(
        {
            "initial": initial, "compute": compute.tolist(), "rates": np.clip(rates, 0, 1).tolist(), "ceiling": fit.x[0],
            "steepness": float(np.exp(fit.x[1])), "middle": float(np.exp(fit.x[2])), "squares": float(2 * fit.cost),
        })

# A saturating curve, with the standard errors of curve_fit.
counts = np.array([1, 2, 4, 8, 16, 32, 64])
scores = 0.8 * (1 - 0.85**counts) + 0.01 * rng.normal(size=len(counts))
found, covariance = optimize.curve_fit(
    lambda n, f, p: f * (1 - (1 - p) ** n), counts, scores, p0=[0.8, 0.15], ftol=1e-14, xtol=1e-14, gtol=1e-14)
out["saturation"] = {
    "counts": counts.tolist(), "scores": scores.tolist(), "ceiling": found[0], "chance": found[1],
    "errors": np.sqrt(np.diag(covariance)).tolist(),
}

# B(a, b + n) / B(a, b), and thresholds of two normal distributions for a given share of both.
out["beta"] = [
    {"a": a, "b": b, "n": n, "missed": float(np.exp(special.betaln(a, b + n) - special.betaln(a, b)))}
    for a in [0.05, 0.7, 3.5, 40] for b in [0.02, 1, 12, 300] for n in [0, 1, 5, 64, 600, 1e5]
]
out["thresholds"] = []
for negatives, positives, skill, spread, reduction in [
    (39992495, 7504, 2.05, 1, 53.3), (749459, 3672, 1.5, 1, 100), (100, 100, 0.5, 2, 2), (1000, 1, 6, 0.3, 900),
    (5, 5000, 1, 1, 1.01),
]:
    share = 1 - 1 / reduction
    both = lambda t: (
        negatives * stats.norm.cdf(t) + positives * stats.norm.cdf(t, skill, spread)) / (negatives + positives) - share
    root = optimize.brentq(both, -60, 60, xtol=1e-13)
    out["thresholds"].append(
        {
            "negatives": negatives, "positives": positives, "skill": skill, "spread": spread, "reduction": reduction,
            "trueNegative": float(stats.norm.cdf(root)), "falseNegative": float(stats.norm.cdf(root, skill, spread)),
        })

json.dump(out, open(sys.argv[1], "w"), indent=None, separators=(",", ":"))
