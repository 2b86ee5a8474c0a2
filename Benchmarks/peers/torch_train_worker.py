"""PyTorch on the CPU as a worker: steps of training in f32 (train, losses, curve).

usage: torch_train_worker.py

The models have the shapes of `venturi bench train` and begin with the weights in the safetensors file of a request; batches are
made of the sequence that every engine is given.
"""

import time

from worker import quiet_stdout, serve, token_at

answers = quiet_stdout()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch.nn import functional as F  # noqa: E402

VOCABULARY, LENGTH, BATCHES = 65, 256, 5
HEADS = 6


def status(key):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key + ":")) * 1024


def reset_peak():
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")
    return status("VmRSS")


def sequence(first, count, vocabulary):
    """`count` tokens from `first` on, as worker.token_at has them."""
    with np.errstate(over="ignore"):
        x = (np.arange(first, first + count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x ^= x >> np.uint64(31)
        x *= np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(29)
    return (x % np.uint64(vocabulary)).astype(np.int64)


def token_batches(rows):
    tokens = torch.from_numpy(sequence(0, BATCHES * rows * (LENGTH + 1), VOCABULARY)).reshape(BATCHES, rows, LENGTH + 1)
    return [(t[:, :-1].contiguous(), t[:, 1:].contiguous()) for t in tokens]


def image_batches(count, channels_last):
    pixels = torch.from_numpy(sequence(0, BATCHES * count * 784, 256)).float() / 255
    images, labels = pixels.reshape(BATCHES, count, 1, 28, 28), torch.from_numpy(sequence(0, BATCHES * count, 10))
    form = torch.channels_last if channels_last else torch.contiguous_format
    return [(x.contiguous(memory_format=form), y) for x, y in zip(images, labels.reshape(BATCHES, count))]


class Model(torch.nn.Module):
    """The weights by their names; subclasses say what is computed of them."""

    def __init__(self, weights):
        super().__init__()
        self.named = {name: torch.nn.Parameter(value.clone()) for name, value in weights.items()}
        for name, value in self.named.items():
            self.register_parameter(name.replace(".", "_"), value)

    def linear(self, name, x):
        return F.linear(x, self.named[name + ".weight"], self.named.get(name + ".bias"))


class GPT(Model):
    def __init__(self, weights, heads=HEADS):
        super().__init__(weights)
        self.heads = heads
        self.layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.named[name + ".weight"], self.named[name + ".bias"])

    def forward(self, tokens, targets):
        w = self.named
        batch, n = tokens.shape
        x = F.embedding(tokens, w["embedding.weight"]) + w["positions.weight"][:n]
        for i in range(self.layers):
            name = f"layers.{i}."
            qkv = self.linear(name + "attention.qkv", self.norm(name + "norm1", x))
            q, k, v = (t.reshape(batch, n, self.heads, -1).transpose(1, 2) for t in qkv.chunk(3, -1))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.linear(name + "attention.output", y.transpose(1, 2).reshape(x.shape))
            hidden = F.gelu(self.linear(name + "mlp.up", self.norm(name + "norm2", x)))
            x = x + self.linear(name + "mlp.down", hidden)
        logits = F.linear(self.norm("norm", x), w["embedding.weight"])
        return F.cross_entropy(logits.reshape(targets.numel(), -1), targets.reshape(-1))


class CNN(Model):
    def __init__(self, weights):
        super().__init__(weights)
        norms = sorted({name.rsplit(".", 1)[0] for name in weights if weights[name].dim() == 1 and name[:2] != "fc"})
        self.running = {name: (torch.zeros_like(weights[name + ".weight"]), torch.ones_like(weights[name + ".weight"]))
                        for name in norms}

    def norm(self, name, x):
        mean, variance = self.running[name]
        return F.batch_norm(x, mean, variance, self.named[name + ".weight"], self.named[name + ".bias"], True, 0.1)

    def convolution(self, name, x, stride, padding):
        return F.conv2d(x, self.named[name + ".weight"], None, stride, padding)

    def forward(self, images, labels):
        x = F.relu(self.norm("bn1", self.convolution("conv1", images, 1, 1)), inplace=True)
        for stage in range(1, 5):
            for block in range(2):
                name = f"layer{stage}.{block}."
                stride = 2 if stage > 1 and block == 0 else 1
                y = F.relu(self.norm(name + "bn1", self.convolution(name + "conv1", x, stride, 1)), inplace=True)
                y = self.norm(name + "bn2", self.convolution(name + "conv2", y, 1, 1))
                if stride > 1:
                    x = self.norm(name + "shortcut.1", self.convolution(name + "shortcut.0", x, stride, 0))
                x = F.relu(y.add_(x), inplace=True)
        return F.cross_entropy(self.linear("fc", x.mean((2, 3))), labels)


class LSTM(Model):
    def __init__(self, weights):
        super().__init__(weights)
        part = "layers.0."
        hidden = weights[part + "weight_hh"].shape[1]
        self.lstm = torch.nn.LSTM(weights[part + "weight_ih"].shape[1], hidden, batch_first=True)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(self.lstm, name + "_l0", self.named[part + name])

    def forward(self, tokens, targets):
        states = self.lstm(F.embedding(tokens, self.named["embedding.weight"]))[0]
        logits = F.linear(states, self.named["head.weight"])
        return F.cross_entropy(logits.reshape(-1, VOCABULARY), targets.reshape(-1))


class MLP(Model):
    def forward(self, images, labels):
        x = images.reshape(images.shape[0], -1)
        x = F.relu(self.linear("layers.0", x))
        x = F.relu(self.linear("layers.1", x))
        return F.cross_entropy(self.linear("layers.2", x), labels)


class Run:
    def __init__(self, model, weights, batch, rate, layout, compiled):
        kinds = {"gpt": GPT, "cnn": CNN, "lstm": LSTM, "mlp": MLP}
        loaded = load_file(weights)
        last = layout == "channels last"
        if last:
            loaded = {k: v.contiguous(memory_format=torch.channels_last) if v.dim() == 4 else v for k, v in loaded.items()}
        self.model = kinds[model](loaded)
        self.optimizer = torch.optim.AdamW(list(self.model.named.values()), lr=rate, weight_decay=0.01, fused=True)
        self.batches = image_batches(batch, last) if model in ("cnn", "mlp") else token_batches(batch)
        self.loss = torch.compile(self.model) if compiled else self.model
        self.steps = 0

    def step(self):
        inputs, targets = self.batches[self.steps % BATCHES]
        self.steps += 1
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(inputs, targets)
        loss.backward()
        self.optimizer.step()
        return loss.item()


running = {}


def train(model, weights, batch, rate, threads=2, repeat=1, layout="contiguous", compile=False):
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    key = (model, layout, compile)
    if key not in running:
        running[key] = Run(model, weights, batch, rate, layout, compile)
        running[key].step()  # warm
    run = running[key]
    start = time.perf_counter()
    for _ in range(repeat):
        run.step()
    return {"seconds": (time.perf_counter() - start) / repeat}


def losses(model, weights, batch, rate, steps, threads=2, layout="contiguous", compile=False):
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    running.clear()
    before = reset_peak()
    run = Run(model, weights, batch, rate, layout, compile)
    found = [run.step() for _ in range(steps)]
    return {"losses": found, "peakBytes": status("VmHWM") - before}


class Curve:
    """A GPT over bytes of a text: the batch of a step begins at places that only the step decides."""

    def __init__(self, weights, text, heads, length, batch, held):
        self.model = GPT(load_file(weights), heads)
        self.optimizer = torch.optim.AdamW(list(self.model.named.values()), lr=1e-3, weight_decay=0.01, fused=True)
        self.text = np.fromfile(text, dtype=np.uint8)
        self.length, self.batch, self.held, self.steps = length, batch, held, 0

    def rows(self, starts):
        rows = torch.from_numpy(np.stack([self.text[s:s + self.length + 1] for s in starts]).astype(np.int64))
        return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()

    def step(self, rate, warm):
        places = len(self.text) - self.held - self.length
        starts = sequence(self.steps * self.batch, self.batch, places)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * min(1, (self.steps + 1) / warm)
        self.steps += 1
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(*self.rows(starts))
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def held_out(self):
        first = len(self.text) - self.held
        starts = range(first, len(self.text) - self.length, self.length)
        with torch.no_grad():
            losses = [self.model(*self.rows([start])).item() for start in starts]
        return sum(losses) / len(losses)


def curve(weights, text, heads, length, batch, held, rate, warm, steps, threads=2):
    """The next `steps` losses of a run, and what it loses on the text's end; a run begins with its first request."""
    torch.set_num_threads(threads)
    if "curve" not in running:
        running["curve"] = Curve(weights, text, heads, length, batch, held)
    run = running["curve"]
    start = time.perf_counter()
    losses = [run.step(rate, warm) for _ in range(steps)]
    return {"losses": losses, "seconds": time.perf_counter() - start, "heldOut": run.held_out() if steps == 0 else None}


assert [token_at(i, 65) for i in range(3)] == sequence(0, 3, 65).tolist()
serve(answers, {"ready": "torch", "version": torch.__version__}, train=train, losses=losses, curve=curve)
