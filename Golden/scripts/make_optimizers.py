"""What PyTorch's optimizers, schedulers, clipping and weight averages make of made-up weights and gradients, in float64.

usage: make_optimizers.py OUT_FOLDER     (torch 2.13.0; layout in Golden/README.md)
"""

import json
import sys
import warnings

import numpy as np
import torch
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

warnings.filterwarnings("ignore")
SHAPES = {"matrix": (9, 6), "wide": (3, 16), "vector": (11,), "scalar": ()}
STEPS, KEPT = 50, (1, 10, 50)


def unit(first, count):
    """`count` numbers in [-1, 1), multiples of 2^-23: SplitMix64's finisher of first, first + 1, ..."""
    with np.errstate(over="ignore"):
        z = (np.arange(count, dtype=np.uint64) + np.uint64(first)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z = z ^ z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1


def weights(number, shape, dtype):
    values = unit(1_000_000 * (number + 1), int(np.prod(shape, dtype=int))) / 2
    return torch.tensor(values.reshape(shape), dtype=dtype)


def gradient(number, shape, step, dtype):
    """Of sizes from 2^-6 to 2^3, element by element, with a drift."""
    count = int(np.prod(shape, dtype=int))
    sizes = 2.0 ** (np.arange(count) * 7 % 10 - 6)
    values = (unit(1_000_000 * (number + 1) + 1000 * step, count) + 0.25) * sizes
    return torch.tensor(values.reshape(shape), dtype=dtype)


def rate(base, step):
    return base * (1 - step / 100)


def newton_schulz(grad, coefficients, steps, eps):
    """torch's own iteration without its rounding to bfloat16."""
    a, b, c = coefficients
    x = grad.T if grad.size(0) > grad.size(1) else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if grad.size(0) > grad.size(1) else x


ROUNDING = torch.optim._muon._zeropower_via_newtonschulz
EPS = 2.0**-23
# rule of ours, its settings, torch's class and arguments, base rate
CASES = [
    ("SGD", {}, "SGD", {}, 0.1),
    ("SGD", {"weightDecay": 0.1}, "SGD", {"weight_decay": 0.1}, 0.1),
    ("SGD", {"momentum": 0.9}, "SGD", {"momentum": 0.9}, 0.02),
    ("SGD", {"momentum": 0.8, "dampening": 0.5, "weightDecay": 0.01}, "SGD",
     {"momentum": 0.8, "dampening": 0.5, "weight_decay": 0.01}, 0.05),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weightDecay": 0.05}, "SGD",
     {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05}, 0.02),
    ("Adam", {}, "Adam", {}, 0.01),
    ("Adam", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4, "weightDecay": 0.1}, "Adam",
     {"betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.1}, 0.02),
    ("Adam", {"amsgrad": True}, "Adam", {"amsgrad": True}, 0.01),
    ("AdamW", {}, "AdamW", {"weight_decay": 0.01}, 0.01),
    ("AdamW", {"beta1": 0.0, "beta2": 0.9, "weightDecay": 0.5}, "AdamW",
     {"betas": (0.0, 0.9), "weight_decay": 0.5}, 0.02),
    ("AdamW", {"beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.1, "amsgrad": True}, "AdamW",
     {"betas": (0.9, 0.95), "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True}, 0.01),
    ("NAdamW", {"momentumDecay": 0.004, "weightDecay": 0.1}, "NAdam",
     {"momentum_decay": 0.004, "weight_decay": 0.1, "decoupled_weight_decay": True}, 0.01),
    ("NAdamW", {"momentumDecay": 0.05, "beta1": 0.8, "weightDecay": 0.05, "couplesDecay": True}, "NAdam",
     {"momentum_decay": 0.05, "betas": (0.8, 0.999), "weight_decay": 0.05}, 0.01),
    ("RMSprop", {}, "RMSprop", {}, 0.01),
    ("RMSprop", {"smoothing": 0.9, "momentum": 0.9, "weightDecay": 0.01}, "RMSprop",
     {"alpha": 0.9, "momentum": 0.9, "weight_decay": 0.01}, 0.002),
    ("RMSprop", {"smoothing": 0.9, "centered": True, "epsilon": 1e-3}, "RMSprop",
     {"alpha": 0.9, "centered": True, "eps": 1e-3}, 0.005),
    ("RMSprop", {"smoothing": 0.95, "centered": True, "momentum": 0.5, "epsilon": 1e-3}, "RMSprop",
     {"alpha": 0.95, "centered": True, "momentum": 0.5, "eps": 1e-3}, 0.005),
    ("Adagrad", {}, "Adagrad", {}, 0.1),
    ("Adagrad", {"rateDecay": 0.02, "initialSum": 0.1, "epsilon": 1e-6, "weightDecay": 0.1}, "Adagrad",
     {"lr_decay": 0.02, "initial_accumulator_value": 0.1, "eps": 1e-6, "weight_decay": 0.1}, 0.1),
    ("Adafactor", {}, "Adafactor", {"eps": (EPS, 1e-3)}, 0.01),
    ("Adafactor", {"secondMomentDecay": -0.6, "leastScale": 0.1, "clipping": 1.5, "weightDecay": 0.1}, "Adafactor",
     {"beta2_decay": -0.6, "eps": (EPS, 0.1), "d": 1.5, "weight_decay": 0.1}, 0.5),
    ("Muon", {}, "Muon", {}, 0.02),
    ("Muon", {"momentum": 0.9, "nesterov": False, "weightDecay": 0.01, "scaling": "likeAdamW"}, "Muon",
     {"momentum": 0.9, "nesterov": False, "weight_decay": 0.01, "adjust_lr_fn": "match_rms_adamw"}, 0.02),
    ("Muon", {"iterations": 3, "coefficients": [2.0, -1.5, 0.5]}, "Muon",
     {"ns_steps": 3, "ns_coefficients": (2.0, -1.5, 0.5)}, 0.02),
]


def run(torch_class, arguments, base, dtype):
    shapes = {k: s for k, s in SHAPES.items() if torch_class != "Muon" or len(s) == 2}
    params = [torch.nn.Parameter(weights(i, s, dtype)) for i, s in enumerate(shapes.values())]
    optimizer = getattr(torch.optim, torch_class)(params, lr=base, foreach=False, **arguments) if torch_class != "Muon" \
        else torch.optim.Muon(params, lr=base, **arguments)
    kept = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate(base, step)
        for number, (p, s) in enumerate(zip(params, shapes.values())):
            p.grad = gradient(number, s, step, dtype)
        optimizer.step()
        if step + 1 in KEPT:
            kept.append([p.detach().double().reshape(-1).numpy().copy() for p in params])
    return list(shapes), kept


def error(found, exact):
    """The largest |x - y| / max(|y|, RMS of y's tensor)."""
    worst = 0.0
    for x, y in zip(found[-1], exact[-1]):
        scale = np.maximum(np.abs(y), np.sqrt(np.mean(y * y)))
        worst = max(worst, float(np.max(np.abs(x - y) / scale)))
    return worst


def optimizers():
    described, numbers = [], []
    for rule, settings, torch_class, arguments, base in CASES:
        torch.optim._muon._zeropower_via_newtonschulz = newton_schulz
        names, exact = run(torch_class, arguments, base, torch.float64)
        _, single = run(torch_class, arguments, base, torch.float32)
        case = {"rule": rule, "settings": settings, "rate": base, "tensors": names, "torchFloat32": error(single, exact)}
        if torch_class == "Muon":
            torch.optim._muon._zeropower_via_newtonschulz = ROUNDING
            case["torchRounded"] = error(run(torch_class, arguments, base, torch.float32)[1], exact)
        described.append(case)
        numbers += [x for kept in exact for x in kept]
    return described, numbers


def clipping():
    """torch's norms and what is left of the gradients of step 0."""
    described, numbers = [], []
    for kind, limit in [("norm", 1.0), ("norm", 1e3), ("value", 0.5)]:
        params = [torch.nn.Parameter(torch.zeros(s, dtype=torch.float64)) for s in SHAPES.values()]
        for number, (p, s) in enumerate(zip(params, SHAPES.values())):
            p.grad = gradient(number, s, 0, torch.float64)
        norm = float(torch.nn.utils.get_total_norm([p.grad for p in params]))
        if kind == "norm":
            torch.nn.utils.clip_grad_norm_(params, limit)
        else:
            torch.nn.utils.clip_grad_value_(params, limit)
        described.append({"kind": kind, "limit": limit, "norm": norm})
        numbers += [p.grad.reshape(-1).numpy() for p in params]
    return described, numbers


def averages():
    """Averages of the weights plus the gradients of steps 0 to 19, one step after the other."""
    described, numbers = [], []
    for kind, average in [("exponential", get_ema_multi_avg_fn(0.9)), ("equal", get_swa_multi_avg_fn())]:
        model = torch.nn.ParameterList([weights(i, s, torch.float64) for i, s in enumerate(SHAPES.values())])
        averaged = AveragedModel(model, multi_avg_fn=average)
        with torch.no_grad():
            for step in range(20):
                for number, (p, s) in enumerate(zip(model, SHAPES.values())):
                    p.copy_(weights(number, s, torch.float64) + gradient(number, s, step, torch.float64))
                averaged.update_parameters(model)
        described.append({"kind": kind})
        numbers += [p.detach().reshape(-1).numpy() for p in averaged.module]
    return described, numbers


def schedules():
    def rates(make, steps, base=0.1):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
        scheduler = make(optimizer)
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return found

    s = lr_scheduler
    made = [
        ("constant", rates(lambda o: s.ConstantLR(o, factor=1.0), 20)),
        ("linear", rates(lambda o: s.LinearLR(o, start_factor=0.25, end_factor=0.75, total_iters=30), 50)),
        ("cosine", rates(lambda o: s.CosineAnnealingLR(o, T_max=40, eta_min=0.01), 41)),
        ("cosineRestarts1", rates(lambda o: s.CosineAnnealingWarmRestarts(o, T_0=15, T_mult=1, eta_min=0.001), 100)),
        ("cosineRestarts2", rates(lambda o: s.CosineAnnealingWarmRestarts(o, T_0=10, T_mult=2), 200)),
        ("warmUpCosine", rates(
            lambda o: s.SequentialLR(
                o, [s.LinearLR(o, start_factor=0.1, total_iters=10), s.CosineAnnealingLR(o, T_max=60)], [10]), 71)),
        ("oneCycle", rates(lambda o: s.OneCycleLR(o, max_lr=0.1, total_steps=97, cycle_momentum=False), 97)),
        ("oneCycleThree", rates(
            lambda o: s.OneCycleLR(
                o, max_lr=0.1, total_steps=120, pct_start=0.4, anneal_strategy="linear", three_phase=True,
                div_factor=10.0, final_div_factor=100.0, cycle_momentum=False), 120)),
        ("step", rates(lambda o: s.StepLR(o, step_size=7, gamma=0.5), 60)),
        ("multiStep", rates(lambda o: s.MultiStepLR(o, milestones=[5, 20, 20, 33], gamma=0.3), 60)),
        ("exponential", rates(lambda o: s.ExponentialLR(o, gamma=0.93), 60)),
        ("polynomial", rates(lambda o: s.PolynomialLR(o, total_iters=40, power=2.0), 60)),
    ]
    return [{"name": name, "rates": values} for name, values in made]


def main():
    (out,) = sys.argv[1:]
    cases, numbers = optimizers()
    clips, clipped = clipping()
    means, averaged = averages()
    with open(f"{out}/optimizers.json", "w") as f:
        json.dump(
            {"shapes": {k: list(v) for k, v in SHAPES.items()}, "steps": STEPS, "kept": KEPT, "optimizers": cases,
             "clipping": clips, "averages": means, "schedules": schedules()}, f, separators=(",", ":"))
        f.write("\n")
    np.concatenate(numbers + clipped + averaged).astype("<f8").tofile(f"{out}/optimizers.bin")
    for case in cases:
        print(case["rule"], case["settings"], "%.1e" % case["torchFloat32"], case.get("torchRounded", ""), file=sys.stderr)


main()
