"""numpy (its own OpenBLAS) as a worker: gemm. The thread count is fixed when the worker starts.

usage: OPENBLAS_NUM_THREADS=N numpy_worker.py      (unset OPENBLAS_CORETYPE, so that the library picks its kernel)
"""

import os
import time

from worker import quiet_stdout, serve

answers = quiet_stdout()
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)
# Idle threads spin for 2^24 cycles (some milliseconds, far more than between two products of a turn), not for OpenBLAS's
# 2^28: that is a tenth of a second, in which they would take a processor from the next contestant.
os.environ["OPENBLAS_THREAD_TIMEOUT"] = "24"
THREADS = int(os.environ.setdefault("OPENBLAS_NUM_THREADS", "2"))

import numpy as np  # noqa: E402  (reads these variables)

random = np.random.default_rng(1)
cached = {}


def gemm(m, n, k, threads=THREADS, repeat=1, transposed=True):
    if threads != THREADS:
        raise ValueError(f"this worker has {THREADS} threads: start another with OPENBLAS_NUM_THREADS={threads}")
    key = m, n, k, transposed
    fresh = key not in cached
    if fresh:
        if len(cached) > 8:
            cached.clear()
        make = lambda *shape: random.standard_normal(shape, np.float32)
        cached[key] = make(m, k), make(n, k).T if transposed else make(k, n), np.empty((m, n), np.float32)
    a, b, c = cached[key]
    if fresh:
        np.matmul(a, b, out=c)
    start = time.perf_counter()
    for _ in range(repeat):
        np.matmul(a, b, out=c)
    return {"seconds": (time.perf_counter() - start) / repeat, "gflop": 2e-9 * m * n * k}


serve(answers, {"ready": "numpy", "version": np.__version__, "threads": THREADS}, gemm=gemm)
