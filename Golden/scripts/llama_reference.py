"""A plain F32 forward pass of a Llama model from a GGUF file, in numpy: the oracle of the golden values.

Weights are dequantised to F32 by the gguf package. GGUF keeps q and k permuted, so RoPE rotates adjacent pairs.
"""

import numpy as np
from gguf import GGUFReader, quants


class Llama:
    def __init__(self, path):
        reader = GGUFReader(path)
        field = lambda name: reader.fields[name].contents()
        assert field("general.architecture") == "llama"
        self.layers = field("llama.block_count")
        self.heads = field("llama.attention.head_count")
        self.kv_heads = field("llama.attention.head_count_kv")
        self.width = field("llama.embedding_length")
        self.head_dim = self.width // self.heads
        self.epsilon = np.float32(field("llama.attention.layer_norm_rms_epsilon"))
        self.base = field("llama.rope.freq_base")
        assert field("llama.rope.dimension_count") == self.head_dim
        self.tokens = field("tokenizer.ggml.tokens")
        self.weights = {
            t.name: np.ascontiguousarray(quants.dequantize(t.data, t.tensor_type).astype(np.float32).reshape(tuple(t.shape)[::-1]))
            for t in reader.tensors
        }
        self.embedding = self.weights["token_embd.weight"]
        self.output = self.weights.get("output.weight", self.embedding)
        self.clear()

    def clear(self):
        self.keys = [np.zeros((self.kv_heads, 0, self.head_dim), np.float32) for _ in range(self.layers)]
        self.values = [np.zeros((self.kv_heads, 0, self.head_dim), np.float32) for _ in range(self.layers)]

    def norm(self, x, name):
        mean = np.mean(x.astype(np.float64) ** 2, axis=-1, keepdims=True)
        return (x / np.sqrt(mean + self.epsilon)).astype(np.float32) * self.weights[name]

    def rope(self, x, start):
        """x: [heads, tokens, head_dim]; rotates (x[2i], x[2i+1]) by position · base^(-2i/d)."""
        positions = np.arange(start, start + x.shape[1], dtype=np.float64)
        angles = positions[:, None] * self.base ** (-np.arange(0, self.head_dim, 2) / self.head_dim)
        cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        out = np.empty_like(x)
        out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
        out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
        return out

    def forward(self, ids, first=0):
        """Appends `ids` to the cache; logits [tokens - first, vocabulary] of the tokens from `first` on."""
        x = self.embedding[np.asarray(ids)]
        n = len(ids)
        past = self.keys[0].shape[1]
        mask = np.triu(np.full((n, past + n), -np.inf, np.float32), k=past + 1)
        for layer in range(self.layers):
            w = lambda name: self.weights[f"blk.{layer}.{name}.weight"]
            h = self.norm(x, f"blk.{layer}.attn_norm.weight")
            split = lambda y, heads: y.reshape(n, heads, self.head_dim).transpose(1, 0, 2)
            q = self.rope(split(h @ w("attn_q").T, self.heads), past)
            k = self.rope(split(h @ w("attn_k").T, self.kv_heads), past)
            v = split(h @ w("attn_v").T, self.kv_heads)
            self.keys[layer] = np.concatenate([self.keys[layer], k], axis=1)
            self.values[layer] = np.concatenate([self.values[layer], v], axis=1)
            group = self.heads // self.kv_heads
            mixed = np.empty((n, self.heads, self.head_dim), np.float32)
            for head in range(self.heads):
                scores = q[head] @ self.keys[layer][head // group].T / np.float32(np.sqrt(self.head_dim)) + mask
                scores -= scores.max(axis=-1, keepdims=True)
                p = np.exp(scores)
                p /= p.sum(axis=-1, keepdims=True)
                mixed[:, head] = p @ self.values[layer][head // group]
            x = x + mixed.reshape(n, self.width) @ w("attn_output").T
            h = self.norm(x, f"blk.{layer}.ffn_norm.weight")
            gate = h @ w("ffn_gate").T
            with np.errstate(over="ignore"):
                gate = gate / (1 + np.exp(-gate))
            x = x + (gate * (h @ w("ffn_up").T)) @ w("ffn_down").T
        return self.norm(x[first:], "output_norm.weight") @ self.output.T


def log_softmax(logits):
    """Natural logarithms of the probabilities, in F64."""
    z = logits.astype(np.float64)
    z -= z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
