"""A Llama model from a GGUF file in PyTorch, weights decoded to f32: the reference of whole models.

usage: torch_llama_worker.py MODEL
"""

import sys

from worker import quiet_stdout, serve

answers = quiet_stdout()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from gguf import GGUFReader, quants  # noqa: E402

torch.set_grad_enabled(False)


class Llama:
    """GGUF keeps the rows of q and k permuted, so that rotary positions turn neighbouring pairs."""

    def __init__(self, path):
        reader = GGUFReader(path)
        field = lambda name: reader.fields[name].contents()
        if field("general.architecture") != "llama":
            raise ValueError("not a model of the Llama architecture")
        self.layers = field("llama.block_count")
        self.heads = field("llama.attention.head_count")
        self.kv_heads = field("llama.attention.head_count_kv")
        self.width = field("llama.embedding_length")
        self.d = self.width // self.heads
        self.epsilon = float(field("llama.attention.layer_norm_rms_epsilon"))
        exponents = torch.arange(0, self.d, 2, dtype=torch.float64) / self.d
        self.frequencies = float(field("llama.rope.freq_base")) ** -exponents
        self.weights = {}
        for tensor in reader.tensors:
            decoded = quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            self.weights[tensor.name] = torch.from_numpy(decoded.reshape(tuple(tensor.shape)[::-1]).copy())
        self.embedding = self.weights["token_embd.weight"]
        self.output = self.weights.get("output.weight", self.embedding)
        self.clear()

    def clear(self):
        empty = torch.empty(1, self.kv_heads, 0, self.d)
        self.cache = [(empty, empty) for _ in range(self.layers)]

    def norm(self, x, name):
        mean = x.double().square().mean(-1, keepdim=True)
        return (x / (mean + self.epsilon).sqrt()).float() * self.weights[name]

    def rotate(self, x, start):
        """x: [1, heads, tokens, d]."""
        positions = torch.arange(start, start + x.shape[2], dtype=torch.float64)
        angles = positions[:, None] * self.frequencies
        cos, sin = angles.cos().float(), angles.sin().float()
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

    def forward(self, ids):
        """Appends `ids` to the cache; the logits of the last one."""
        x = self.embedding[torch.tensor(ids)]
        count, past = len(ids), self.cache[0][0].shape[2]
        for layer in range(self.layers):
            weight = lambda name: self.weights[f"blk.{layer}.{name}.weight"]
            h = self.norm(x, f"blk.{layer}.attn_norm.weight")
            split = lambda y, heads: y.view(1, count, heads, self.d).transpose(1, 2)
            q = self.rotate(split(h @ weight("attn_q").T, self.heads), past)
            k = self.rotate(split(h @ weight("attn_k").T, self.kv_heads), past)
            v = split(h @ weight("attn_v").T, self.kv_heads)
            keys, values = self.cache[layer]
            keys, values = torch.cat((keys, k), 2), torch.cat((values, v), 2)
            self.cache[layer] = keys, values
            # The mask of SDPA stands at the top left: right for a whole prompt, and one token sees everything.
            mixed = torch.nn.functional.scaled_dot_product_attention(
                q, keys, values, is_causal=past == 0 and count > 1, enable_gqa=True
            )
            x = x + mixed.transpose(1, 2).reshape(count, self.width) @ weight("attn_output").T
            h = self.norm(x, f"blk.{layer}.ffn_norm.weight")
            gate = torch.nn.functional.silu(h @ weight("ffn_gate").T)
            x = x + (gate * (h @ weight("ffn_up").T)) @ weight("ffn_down").T
        return self.norm(x[-1:], "output_norm.weight")[0] @ self.output.T


model = Llama(sys.argv[1])


def greedy(tokens, generate, out, threads=2):
    """Reads `tokens` at once, then goes on with the likeliest token; `out` gets the f32 logits of every choice."""
    torch.set_num_threads(threads)
    model.clear()
    chosen, step = [], list(tokens)
    with open(out, "wb") as file:
        for _ in range(generate):
            logits = model.forward(step)
            file.write(logits.numpy().tobytes())
            chosen.append(int(logits.argmax()))
            step = chosen[-1:]
    return {"tokens": chosen}


serve(answers, {"ready": "torch", "version": torch.__version__}, greedy=greedy)
