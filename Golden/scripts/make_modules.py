"""What PyTorch's layers make of made-up weights and inputs, and the gradients of both, in float64.

usage: make_modules.py OUT_FOLDER     (torch 2.13.0; layout in Golden/README.md)
"""

import json
import sys

import numpy as np
import torch
from torch.nn import functional as F


def unit(first, count):
    """`count` numbers in [-1, 1), multiples of 2^-23: SplitMix64's finisher of first, first + 1, ..."""
    with np.errstate(over="ignore"):
        z = (np.arange(count, dtype=np.uint64) + np.uint64(first)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z = z ^ z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


def made(number, shape):
    return torch.tensor(unit(1_000_000 * (number + 1), int(np.prod(shape, dtype=int))).reshape(shape))


def dense(s, x, w):
    return F.linear(x, w["weight"], w.get("bias"))


def convolution(s, x, w):
    axes = len(s["kernel"])
    function = [F.conv1d, F.conv2d, F.conv3d][axes - 1]
    return function(x, w["weight"], w.get("bias"), s.get("strides", 1), s.get("padding", 0), s.get("dilations", 1),
                    s.get("groups", 1))


def batch_norm(s, x, w):
    y = F.batch_norm(x, w["running_mean"], w["running_var"], w["weight"], w["bias"], s["training"], s["momentum"])
    return torch.relu(y) if s.get("rectified") else y


def layer_norm(s, x, w):
    return F.layer_norm(x, x.shape[-1:], w["weight"], w.get("bias"), 1e-5)


def rms_norm(s, x, w):
    return F.rms_norm(x, x.shape[-1:], w["weight"], 1e-5)


def group_norm(s, x, w):
    return F.group_norm(x, s["groups"], w["weight"], w["bias"], 1e-5)


def embedding(s, x, w):
    return F.embedding(x, w["weight"])


def linear(w, name, x):
    return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))


def mlp(s, x, w):
    f = {"relu": torch.relu, "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu,
         "tanh": torch.tanh}
    return linear(w, "down", f[s["activation"]](linear(w, "up", x)))


def gated_mlp(s, x, w):
    f = {"silu": F.silu, "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh")}
    return linear(w, "down", f[s["activation"]](linear(w, "gate", x)) * linear(w, "up", x))


def rotated(x, places, base):
    """The halves of a head are the pairs, as in Hugging Face's Llama."""
    d = x.shape[-1]
    angles = places[:, None].double() * base ** (-torch.arange(0, d, 2).double() / d)
    cos, sin = (torch.cat([f(angles)] * 2, -1) for f in (torch.cos, torch.sin))
    half = torch.cat([-x[..., d // 2:], x[..., : d // 2]], -1)
    return x * cos + half * sin


def attention(s, x, w):
    batch, n, width = x.shape
    heads, kv = s["heads"], s["kvHeads"]
    d = width // heads
    q, k, v = linear(w, "qkv", x).reshape(batch, n, heads + 2 * kv, d).transpose(1, 2).split([heads, kv, kv], 1)
    starts = torch.zeros(batch, n, dtype=torch.long)
    for row, begins in enumerate(s.get("starts", [[0]] * batch)):
        for begin in begins:
            starts[row, begin:] = begin
    places = torch.arange(n) - starts
    if "base" in s:
        q, k = (torch.stack([rotated(t[b], places[b], s["base"]) for b in range(batch)]) for t in (q, k))
    mask = starts[:, :, None] == starts[:, None, :]
    if s["causal"]:
        mask = mask & torch.ones(n, n, dtype=torch.bool).tril()
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None], enable_gqa=True)
    return linear(w, "output", y.transpose(1, 2).reshape(batch, n, width))


def recurrent(module):
    def run(s, x, w):
        layer = module(x.shape[-1], s["outputs"], batch_first=True, dtype=torch.float64)
        # What it computes with; parameters would be copies.
        layer._flat_weights = [w[name.removesuffix("_l0")] for name in layer._flat_weights_names]
        return layer(x)[0]

    return run


def dense_weights(inputs, outputs, bias=True, prefix=""):
    return {prefix + "weight": [outputs, inputs]} | ({prefix + "bias": [outputs]} if bias else {})


def affine(width, bias=True):
    return {"weight": [width]} | ({"bias": [width]} if bias else {})


def mlp_weights(width, hidden, bias=True):
    return dense_weights(width, hidden, bias, "up.") | dense_weights(hidden, width, bias, "down.")


def attention_weights(width, heads, kv, bias=True):
    return dense_weights(width, (heads + 2 * kv) * width // heads, bias, "qkv.") | dense_weights(
        width, width, bias, "output.")


def recurrent_weights(gates, inputs, outputs):
    return {"weight_ih": [gates * outputs, inputs], "weight_hh": [gates * outputs, outputs],
            "bias_ih": [gates * outputs], "bias_hh": [gates * outputs]}


def conv(outputs, inputs, kernel, bias=True, **settings):
    settings = {"from": inputs, "to": outputs, "kernel": kernel} | settings
    weight = [outputs, inputs // settings.get("groups", 1)] + kernel
    return settings, {"weight": weight} | ({"bias": [outputs]} if bias else {})


# layer, settings, shape of the input, weights by name
CASES = [
    ("dense", {}, [3, 4, 5], dense_weights(5, 7)),
    ("dense", {}, [6, 5], dense_weights(5, 3, bias=False)),
    *[("convolution", settings, shape, weights) for shape, (settings, weights) in [
        ([2, 3, 11], conv(4, 3, [3], strides=[2], padding=[1])),
        ([2, 4, 12], conv(6, 4, [3], dilations=[2], groups=2, bias=False)),
        ([2, 3, 8, 7], conv(5, 3, [3, 3], padding=[1, 1])),
        ([2, 3, 9, 8], conv(5, 3, [3, 3], strides=[2, 2], padding=[1, 1], bias=False)),
        ([1, 4, 7, 9], conv(6, 4, [3, 2], strides=[1, 3], padding=[2, 1], dilations=[2, 1], groups=2)),
        ([2, 3, 6, 6], conv(4, 3, [1, 1], strides=[2, 2], bias=False)),
        ([2, 4, 6, 6], conv(4, 4, [5, 5], padding=[2, 2], groups=4)),
        ([1, 2, 5, 6, 4], conv(3, 2, [3, 3, 2], strides=[1, 2, 1], padding=[1, 1, 1], dilations=[1, 1, 2])),
    ]],
    ("batchNorm", {"training": True, "momentum": 0.1}, [4, 3, 5, 2], affine(3)),
    ("batchNorm", {"training": True, "momentum": 0.3, "rectified": True}, [5, 4, 6], affine(4)),
    ("batchNorm", {"training": False, "momentum": 0.1}, [2, 3, 4, 4], affine(3)),
    ("batchNorm", {"training": True, "momentum": 0.1}, [9, 4], affine(4)),
    ("layerNorm", {}, [3, 4, 10], affine(10)),
    ("layerNorm", {}, [5, 7], affine(7, bias=False)),
    ("rmsNorm", {}, [3, 4, 10], affine(10, bias=False)),
    ("groupNorm", {"groups": 3}, [2, 6, 5], affine(6)),
    ("groupNorm", {"groups": 2}, [3, 4, 3, 2], affine(4)),
    ("embedding", {}, [3, 5], {"weight": [7, 6]}),
    *[("mlp", {"activation": name}, [5, 6], mlp_weights(6, 9)) for name in ("relu", "gelu", "geluTanh", "silu", "tanh")],
    *[("gatedMLP", {"activation": name}, [5, 6], dense_weights(6, 9, bias, "gate.") | mlp_weights(6, 9, bias))
      for name, bias in (("silu", False), ("gelu", True), ("geluTanh", False))],
    ("attention", {"heads": 4, "kvHeads": 4, "causal": True}, [2, 7, 16], attention_weights(16, 4, 4)),
    ("attention", {"heads": 4, "kvHeads": 2, "causal": False}, [2, 6, 16], attention_weights(16, 4, 2, bias=False)),
    ("attention", {"heads": 4, "kvHeads": 1, "causal": True, "base": 10000.0}, [2, 9, 16], attention_weights(16, 4, 1)),
    ("attention", {"heads": 2, "kvHeads": 2, "causal": True, "base": 100.0, "starts": [[0, 3, 8], [0, 5]]}, [2, 11, 12],
     attention_weights(12, 2, 2)),
    ("lstm", {"outputs": 5}, [3, 6, 4], recurrent_weights(4, 4, 5)),
    ("gru", {"outputs": 5}, [3, 6, 4], recurrent_weights(3, 4, 5)),
]
LAYERS = {"dense": dense, "convolution": convolution, "batchNorm": batch_norm, "layerNorm": layer_norm,
          "rmsNorm": rms_norm, "groupNorm": group_norm, "embedding": embedding, "mlp": mlp, "gatedMLP": gated_mlp,
          "attention": attention, "lstm": recurrent(torch.nn.LSTM), "gru": recurrent(torch.nn.GRU)}


def main():
    (out,) = sys.argv[1:]
    numbers, described = [], []
    for layer, settings, shape, weights in CASES:
        w = {name: (made(i, s) / 2).requires_grad_() for i, (name, s) in enumerate(weights.items())}
        x = made(100, shape)
        buffers = {}
        if layer == "embedding":
            x = ((x + 1) / 2 * weights["weight"][0]).long()
        else:
            x.requires_grad_()
        if layer == "batchNorm":
            buffers = {"running_mean": made(50, [shape[1]]) / 2, "running_var": made(51, [shape[1]]) / 2 + 1}
        y = LAYERS[layer](settings, x, w | buffers)
        (y * made(200, list(y.shape))).sum().backward()
        gradients = [value.grad for value in w.values()] + ([x.grad] if x.requires_grad else [])
        numbers += [t.detach().reshape(-1).numpy() for t in [y] + gradients + list(buffers.values())]
        described.append({"layer": layer, "settings": settings, "input": shape, "output": list(y.shape),
                          "weights": [{"name": name, "shape": s} for name, s in weights.items()]})
    with open(f"{out}/modules.json", "w") as f:
        json.dump(described, f, separators=(",", ":"))
        f.write("\n")
    np.concatenate(numbers).astype("<f8").tofile(f"{out}/modules.bin")


main()
