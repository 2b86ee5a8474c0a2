"""Gradients of Mono-Forward and Forward-Forward from PyTorch's autograd with detach between layers, and least squares of
numpy, all in float64.

usage: make_local_learning.py OUT_FOLDER     (torch 2.13.0, numpy 2.4.6; layout in Golden/README.md)
"""

import json
import sys

import numpy as np
import torch
from torch.nn import functional as F



def unit(first, count):
    """As in make_optimizers.py."""
    with np.errstate(over="ignore"):
        z = (np.arange(count, dtype=np.uint64) + np.uint64(first)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z = z ^ z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


INPUT, WIDTHS, CLASSES, BATCH = 12, [9, 7], 4, 6


def made(number, shape):
    return torch.tensor(unit(1_000_000 * (number + 1), int(np.prod(shape, dtype=int))).reshape(shape) / 2)


def case(rule):
    """Weights 0, 1, … in the order of ours: for each layer W, b and, for mf, M."""
    weights, names, n = [], [], INPUT
    for layer, width in enumerate(WIDTHS):
        shapes = [("weight", (width, n)), ("bias", (width,))] + ([("head", (CLASSES, width))] if rule == "mf" else [])
        for name, shape in shapes:
            weights.append(made(len(weights), shape).requires_grad_())
            names.append(f"{layer}.{name}")
        n = width
    x = torch.tensor(unit(101_000_000, BATCH * INPUT).reshape(BATCH, INPUT))
    labels = torch.tensor([i % CLASSES for i in range(BATCH)])
    wrong = (labels + 1 + torch.arange(BATCH) % (CLASSES - 1)) % CLASSES
    losses, at = [], 0
    if rule == "mf":
        a = x
        for _ in WIDTHS:
            a = torch.relu(F.linear(a.detach(), weights[at], weights[at + 1]))
            losses.append(F.cross_entropy(a @ weights[at + 2].T, labels))
            at += 3
    else:
        def labelled(y):
            z = x.clone()
            z[:, :CLASSES] = F.one_hot(y, CLASSES).double()
            return z

        a, theta = torch.cat([labelled(labels), labelled(wrong)]), 0.25
        for _ in WIDTHS:
            a = torch.relu(F.linear(a.detach(), weights[at], weights[at + 1]))
            g = (a**2).mean(1)
            losses.append((F.softplus(theta - g[:BATCH]) + F.softplus(g[BATCH:] - theta)).mean())
            a = a / (a.norm(dim=1, keepdim=True) + 1e-4)
            at += 2
    sum(losses).backward()
    return {
        "rule": rule, "names": names, "shapes": [list(w.shape) for w in weights], "labels": labels.tolist(),
        "wrong": wrong.tolist(), "losses": [v.item() for v in losses],
        "gradients": [w.grad.flatten().tolist() for w in weights],
    }


def squares(rows, columns, rank, ridge):
    left = unit(7_000_000, rows * rank).reshape(rows, rank)
    f = left @ unit(8_000_000, rank * columns).reshape(rank, columns) if rank < min(rows, columns) else (
        unit(7_000_000, rows * columns).reshape(rows, columns))
    y = unit(9_000_000, rows * 3).reshape(rows, 3)
    if ridge > 0:
        g, z = np.vstack([f, np.sqrt(ridge) * np.eye(columns)]), np.vstack([y, np.zeros((columns, 3))])
        w = np.linalg.lstsq(g, z, rcond=None)[0]
    else:
        w = np.linalg.lstsq(f, y, rcond=None)[0]
    return {"rows": rows, "columns": columns, "rank": rank, "ridge": ridge, "solution": w.flatten().tolist()}


with open(f"{sys.argv[1]}/local_learning.json", "w") as file:
    json.dump(
        {
            "networks": [case("mf"), case("ff")],
            "squares": [
                squares(20, 6, 6, 0), squares(9, 9, 9, 0), squares(6, 15, 6, 0), squares(20, 8, 5, 0),
                squares(8, 20, 5, 0), squares(20, 6, 6, 0.1), squares(6, 15, 6, 0.1), squares(20, 8, 5, 1e-3),
                squares(8, 20, 5, 1e-3), squares(40, 33, 33, 1e-6),
            ],
        }, file)
    file.write("\n")
