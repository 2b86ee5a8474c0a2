"""PyTorch on the CPU as a worker: gemm (a linear layer, A·Bᵀ), attention (scaled_dot_product_attention).

usage: torch_worker.py
"""

import time

from worker import quiet_stdout, serve

answers = quiet_stdout()

import torch  # noqa: E402

torch.set_grad_enabled(False)
cached = {}


def tensors(key, make):
    """Inputs are made once, and kept while the same case is asked for again."""
    if key not in cached:
        if len(cached) > 8:
            cached.clear()
        cached[key] = make()
        return cached[key], True
    return cached[key], False


def timed(work, repeat, fresh):
    if fresh:
        work()  # warm
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) / repeat


def threads_to(n):
    if torch.get_num_threads() != n:
        torch.set_num_threads(n)


def gemm(m, n, k, threads=2, repeat=1, transposed=True):
    threads_to(threads)
    (a, b, c), fresh = tensors(
        ("gemm", m, n, k, transposed),
        lambda: (torch.randn(m, k), torch.randn(n, k).T if transposed else torch.randn(k, n), torch.empty(m, n)),
    )
    return {"seconds": timed(lambda: torch.mm(a, b, out=c), repeat, fresh), "gflop": 2e-9 * m * n * k}


def attention(n, heads=8, kvHeads=None, d=64, causal=False, threads=2, repeat=1, mode="grouped", batch=1, queries=None):
    """mode "grouped" passes enable_gqa, "expanded" repeats keys and values outside the timed part."""
    threads_to(threads)
    kv = kvHeads or heads
    rows = queries or n

    def make():
        q, k, v = torch.randn(batch, heads, rows, d), torch.randn(batch, kv, n, d), torch.randn(batch, kv, n, d)
        if mode == "expanded" and kv != heads:
            k, v = k.repeat_interleave(heads // kv, 1), v.repeat_interleave(heads // kv, 1)
        return q, k, v

    (q, k, v), fresh = tensors(("attention", n, rows, heads, kv, d, mode, batch), make)
    grouped = mode == "grouped" and kv != heads
    work = lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=grouped)
    return {"seconds": timed(work, repeat, fresh), "gflop": 4e-9 * batch * heads * rows * n * d * (0.5 if causal else 1)}


serve(answers, {"ready": "torch", "version": torch.__version__}, gemm=gemm, attention=attention)
