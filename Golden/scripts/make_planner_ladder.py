"""The fit of Ladder Residual's constants on the standard wiring's rows by scipy, and all rows as they then follow.

usage: make_planner_ladder.py OUT_FILE     (numpy 2.4.6, scipy 1.17.1; layout in Golden/README.md)
"""

import json
import sys

import numpy as np
from scipy import optimize

# Tokens a second at 2, 4 and 8 devices: github.com/mayank31398/ladder-residual-inference tools/plot-70b.py.
SPEEDS = [
    (1, True, "standard", {2: 35.42, 4: 59.41, 8: 77.39}),
    (1, True, "ladder", {2: 36.69, 4: 67.51, 8: 101.22}),
    (1, True, "upper bound", {2: 38.24, 4: 69.04, 8: 110.59}),
    (1, True, "parallel", {2: 36.67, 4: 65.4, 8: 94.22}),
    (1, False, "standard", {2: 33.77, 4: 53.35, 8: 51.66}),
    (1, False, "ladder", {2: 36.94, 4: 66.6, 8: 82.59}),
    (1, False, "parallel", {2: 36.12, 4: 61.93, 8: 72.36}),
    (4, True, "standard", {2: 120.58, 4: 185.01, 8: 258.56}),
    (4, True, "ladder", {2: 126.09, 4: 204.3, 8: 331.45}),
    (4, True, "upper bound", {2: 130.77, 4: 213.73, 8: 355.8}),
    (4, True, "parallel", {2: 123.66, 4: 201.62, 8: 307.34}),
    (4, False, "standard", {2: 106.6, 4: 158.77, 8: 173.62}),
    (4, False, "ladder", {2: 125.55, 4: 204.24, 8: 271.82}),
    (4, False, "parallel", {2: 116.83, 4: 183.53, 8: 241.08}),
    (16, True, "standard", {4: 585.23, 8: 843.15}),
    (16, True, "ladder", {4: 635.98, 8: 1003.52}),
    (16, True, "upper bound", {4: 665.07, 8: 1109.65}),
    (16, True, "parallel", {4: 628.23, 8: 973.74}),
    (16, False, "standard", {4: 518.41, 8: 546.68}),
    (16, False, "ladder", {4: 598.71, 8: 738.56}),
    (16, False, "parallel", {4: 583.48, 8: 744.33}),
    (64, True, "standard", {4: 1249.67, 8: 1940.99}),
    (64, True, "ladder", {4: 1358.65, 8: 2242.1}),
    (64, True, "upper bound", {4: 1433.53, 8: 2474.49}),
    (64, True, "parallel", {4: 1311.54, 8: 2259.38}),
    (64, False, "standard", {4: 1199.62, 8: 1454.42}),
    (64, False, "ladder", {4: 1313.44, 8: 1864.05}),
    (64, False, "parallel", {4: 1276.66, 8: 1873.71}),
]
RATE, BANDWIDTH, LAYERS, WIDTH, HEADS, KEYS, HEAD, INNER, WORDS = 989.4e12, 3.35e12, 80, 8192, 64, 8, 128, 28672, 128256
TAKEN = 20 / 132
# Time of prompts and of cached keys both grow with batch / devices: only one of both can be fitted.
COMPUTE = 0.737


def modules(p, direct, devices, batch, tokens):
    one, many, overhead, passes = p[:4]
    rows = batch * tokens
    rate, memory = RATE * COMPUTE, BANDWIDTH * (one if rows == 1 else many)
    cached = batch * (1024 + 512)
    keys = 4 * KEYS * HEAD * cached * passes if tokens == 1 else 12 * HEADS * cached * tokens
    product = lambda weights, rows, ranks: 2 * weights / ranks * max(1 / memory, rows / rate)
    attention = product(2 * WIDTH * HEAD * (HEADS + KEYS), rows, devices) + keys / devices / memory + overhead
    feed = product(3 * WIDTH * INNER, rows, devices) + overhead
    head = product(WORDS * WIDTH, batch, 1)
    links = [p[4:6]] if direct else [p[6:8], p[8:10]]
    total = 2 * rows * WIDTH
    exchange = min(2 * (devices - 1) * (a + total / devices / b) for a, b in links)
    return attention, feed, head, exchange


def work(start, seconds, intervals):
    """When work that begins at `start` ends, slower while something communicates."""
    for begin, end in intervals:
        if end <= start:
            continue
        if begin > start:
            if seconds <= begin - start:
                return start + seconds
            seconds -= begin - start
            start = begin
        done = (end - start) * (1 - TAKEN)
        if done >= seconds:
            return start + seconds / (1 - TAKEN)
        seconds -= done
        start = end
    return start + seconds


def step(p, direct, devices, batch, tokens, wiring):
    attention, feed, head, exchange = modules(p, direct, devices, batch, tokens)
    if wiring == "standard":
        return LAYERS * (attention + feed + 2 * exchange) + head
    if wiring == "parallel":
        return LAYERS * (attention + feed + exchange) + head
    if wiring == "upper bound":
        return LAYERS * (attention + feed) + head
    now, free, ends, intervals = 0.0, 0.0, [], []
    for block in range(2 * LAYERS):
        if block >= 2:
            now = max(now, ends[block - 2])
        now = work(now, feed if block % 2 else attention, intervals[-4:])
        free = max(now, free) + exchange
        intervals.append((free - exchange, free))
        ends.append(free)
    return max(now, ends[-1]) + head


def speed(p, direct, devices, batch, wiring):
    return batch * 512 / (
        step(p, direct, devices, batch, 1024, wiring) + 511 * step(p, direct, devices, batch, 1, wiring))


rows = [
    (batch, devices, direct, wiring, value)
    for batch, direct, wiring, values in SPEEDS for devices, value in values.items()]
standard = [row for row in rows if row[3] == "standard"]


def residuals(x):
    p = np.exp(x)
    return [np.log(speed(p, direct, devices, batch, "standard") / value) for batch, devices, direct, _, value in standard]


best = None
for latency in (8e-6, 1.5e-5):
    for bandwidth in (5e10, 2e11):
        start = np.log([0.85, 0.7, 1e-5, 3, 2e-6, 1.5e11, 4e-6, 1e10, latency, bandwidth])
        fit = optimize.least_squares(residuals, start, xtol=1e-12, ftol=1e-12, gtol=1e-12)
        if best is None or fit.cost < best.cost:
            best = fit
p = np.exp(best.x)
out = {
    "squares": 2 * float(best.cost), "parameters": p.tolist(),
    "rows": [
        {"batch": b, "devices": d, "direct": bool(direct), "wiring": w, "tokensPerSecond": speed(p, direct, d, b, w)}
        for b, d, direct, w, _ in rows],
}
with open(sys.argv[1], "w") as file:
    json.dump(out, file, indent=1)
    file.write("\n")
