"""scipy's HiGHS as a worker: the cheapest mix of instance types.

usage: scipy_worker.py
"""

import time

from worker import quiet_stdout, serve

answers = quiet_stdout()

import numpy as np  # noqa: E402
import scipy  # noqa: E402
from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: E402
from scipy.sparse import lil_matrix  # noqa: E402


def fleet(prices, loads, slices, seconds=10.0):
    """min c·y; n[s,t] of `slices` slices of bucket s on type t, whole; Σ_s n[s,t]·load[s][t] ≤ y_t. A load of null: not served."""
    buckets, types = len(loads), len(prices)
    count = buckets * types + types
    most = np.full(count, np.inf)
    rows = lil_matrix((buckets + types, count))
    for s, row in enumerate(loads):
        for t, load in enumerate(row):
            place = s * types + t
            most[place] = 0 if load is None else slices
            rows[s, place] = 1
            if load is not None:
                rows[buckets + t, place] = load
    for t in range(types):
        rows[buckets + t, buckets * types + t] = -1
    low = np.concatenate([np.full(buckets, slices), np.full(types, -np.inf)])
    high = np.concatenate([np.full(buckets, slices), np.zeros(types)])
    cost = np.concatenate([np.zeros(buckets * types), prices])
    constraint = LinearConstraint(rows.tocsr(), low, high)
    start = time.perf_counter()
    found = milp(
        cost,
        integrality=np.ones(count),
        bounds=Bounds(np.zeros(count), most),
        constraints=constraint,
        options={"mip_rel_gap": 0, "time_limit": seconds},
    )
    taken = time.perf_counter() - start
    if found.x is None:
        raise ValueError(found.message)
    return {"seconds": taken, "cost": float(found.fun), "bound": float(found.mip_dual_bound), "proven": found.status == 0}


serve(answers, {"ready": "scipy", "version": scipy.__version__}, fleet=fleet)
