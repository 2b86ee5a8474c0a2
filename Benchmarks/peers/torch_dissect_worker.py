"""PyTorch on the CPU as a worker: the way forward of a model of Llama's make, module by module (forward).

usage: torch_dissect_worker.py

The model has the weights of a request's safetensors file, with gradients to come, so that what it keeps for them is kept.
Modules run one after the other on the CPU: a clock around each is all that it takes.
"""

import time
from collections import defaultdict
from statistics import median

from worker import quiet_stdout, serve

answers = quiet_stdout()

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch.nn import functional as F  # noqa: E402


class Clock:
    def __init__(self):
        self.seconds = defaultdict(float)

    def __call__(self, name, body):
        start = time.perf_counter()
        result = body()
        self.seconds[name] += time.perf_counter() - start
        return result


def turned(x, cosine, sine):
    """Halves of heads turned against each other."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cosine - b * sine, b * cosine + a * sine), -1)


def run(weights, heads, kv_heads, base, epsilon, rows, inputs, targets, clock):
    batch, length = rows, len(inputs[0])
    table = weights["embedding.weight"]
    width = table.shape[1]
    dim = width // heads
    angles = torch.arange(length)[:, None] * base ** (-torch.arange(0, dim, 2) / dim)
    cosine, sine = angles.cos(), angles.sin()
    layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))
    x = clock("embedding", lambda: F.embedding(inputs, table))
    for i in range(layers):
        w = {name[len(f"layers.{i}."):]: value for name, value in weights.items() if name.startswith(f"layers.{i}.")}
        y = clock("norm", lambda: F.rms_norm(x, (width,), w["norm1.weight"], epsilon))
        qkv = clock("qkv", lambda: F.linear(y, w["attention.qkv.weight"]))
        q, k, v = qkv.split([heads * dim, kv_heads * dim, kv_heads * dim], -1)
        q, k, v = (t.reshape(batch, length, -1, dim).transpose(1, 2) for t in (q, k, v))
        q, k = clock("rotary", lambda: (turned(q, cosine, sine), turned(k, cosine, sine)))
        y = clock("attention", lambda: F.scaled_dot_product_attention(
            q, k, v, is_causal=True, enable_gqa=heads != kv_heads).transpose(1, 2).reshape(batch, length, width))
        y = clock("output", lambda: F.linear(y, w["attention.output.weight"]))
        x = clock("residual", lambda: x + y)
        y = clock("norm", lambda: F.rms_norm(x, (width,), w["norm2.weight"], epsilon))
        gate = clock("gate", lambda: F.linear(y, w["mlp.gate.weight"]))
        up = clock("up", lambda: F.linear(y, w["mlp.up.weight"]))
        y = clock("activation", lambda: F.silu(gate) * up)
        y = clock("down", lambda: F.linear(y, w["mlp.down.weight"]))
        x = clock("residual", lambda: x + y)
    x = clock("norm", lambda: F.rms_norm(x, (width,), weights["norm.weight"], epsilon))
    return clock("head", lambda: F.cross_entropy(F.linear(x, table).reshape(-1, table.shape[0]), targets.reshape(-1)))


def forward(weights, heads, kv_heads, base, epsilon, rows, inputs, targets, threads, repeats):
    torch.set_num_threads(threads)
    named = {name: value.clone().requires_grad_() for name, value in load_file(weights).items()}
    inputs, targets = (torch.tensor(t).reshape(rows, -1) for t in (inputs, targets))
    seen = defaultdict(list)
    for turn in range(repeats + 1):
        clock = Clock()
        loss = run(named, heads, kv_heads, base, epsilon, rows, inputs, targets, clock)
        if turn > 0:
            for name, seconds in clock.seconds.items():
                seen[name].append(seconds)
        value = loss.item()
        del loss
    return {"loss": value, "seconds": {name: median(values) for name, values in seen.items()}}


serve(answers, {"ready": "torch", "version": torch.__version__}, forward=forward)
