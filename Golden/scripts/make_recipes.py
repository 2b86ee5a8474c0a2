"""Makes Golden/recipes.json: the types that llama.cpp's llama-quantize gives to every tensor of some model shapes.

usage: make_recipes.py LLAMA_QUANTIZE OUT_FILE      (layout in Golden/README.md)
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from gguf import GGUFReader, GGUFWriter

RECIPES = "F16 BF16 Q8_0 Q6_K Q5_K_M Q5_K_S Q5_1 Q5_0 Q4_K_M Q4_K_S Q4_1 IQ4_NL Q4_0 IQ4_XS Q3_K_L Q3_K_M Q3_K_S"
RECIPES = [*RECIPES.split(), "Q2_K"]
WITH_IMPORTANCE = ["Q4_0", "Q5_0", "IQ4_NL", "IQ4_XS", "Q4_K_M"]
# name: layers, width, feed-forward, heads, key heads, experts, tied
SHAPES = {
    "grouped": (24, 256, 512, 8, 2, 0, False),
    "plain": (17, 256, 512, 4, 4, 0, True),
    "narrow": (9, 192, 512, 3, 1, 0, True),
    "experts": (8, 256, 256, 8, 2, 8, False),
    "odd": (4, 80, 256, 2, 2, 0, False),
}


def tensors(layers, width, hidden, heads, key_heads, experts, tied):
    head = width // heads
    yield "token_embd.weight", (64, width)
    if not tied:
        yield "output.weight", (64, width)
    yield "output_norm.weight", (width,)
    for layer in range(layers):
        p = f"blk.{layer}."
        yield p + "attn_norm.weight", (width,)
        yield p + "attn_q.weight", (width, width)
        yield p + "attn_k.weight", (head * key_heads, width)
        yield p + "attn_v.weight", (head * key_heads, width)
        yield p + "attn_output.weight", (width, width)
        yield p + "ffn_norm.weight", (width,)
        stack = (experts,) if experts else ()
        suffix = "_exps" if experts else ""
        if experts:
            yield p + "ffn_gate_inp.weight", (experts, width)
        yield p + f"ffn_gate{suffix}.weight", (*stack, hidden, width)
        yield p + f"ffn_up{suffix}.weight", (*stack, hidden, width)
        yield p + f"ffn_down{suffix}.weight", (*stack, width, hidden)


def write_model(path, shape):
    layers, width, hidden, heads, key_heads, experts, _ = shape
    w = GGUFWriter(path, "llama")
    w.add_block_count(layers)
    w.add_context_length(128)
    w.add_embedding_length(width)
    w.add_feed_forward_length(hidden)
    w.add_head_count(heads)
    w.add_head_count_kv(key_heads)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_vocab_size(64)
    if experts:
        w.add_expert_count(experts)
        w.add_expert_used_count(2)
    rng = np.random.default_rng(1)
    for name, extents in tensors(*shape):
        w.add_tensor(name, rng.normal(size=extents).astype(np.float32))
    finish(w)


def write_importance(path, shape):
    w = GGUFWriter(path, "")
    w.add_string("general.type", "imatrix")
    w.add_array("imatrix.datasets", ["none"])
    w.add_uint32("imatrix.chunk_count", 1)
    w.add_uint32("imatrix.chunk_size", 512)
    for name, extents in tensors(*shape):
        if len(extents) < 2:
            continue
        matrices = extents[0] if len(extents) == 3 else 1
        w.add_tensor(name + ".in_sum2", np.ones((matrices, extents[-1]), np.float32))
        w.add_tensor(name + ".counts", np.ones((matrices, 1), np.float32))
    finish(w)


def finish(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    models = []
    with tempfile.TemporaryDirectory() as folder:
        source, target, importance = (os.path.join(folder, name) for name in ("in.gguf", "out.gguf", "imatrix.gguf"))
        for name, shape in SHAPES.items():
            write_model(source, shape)
            write_importance(importance, shape)
            order = [t for t, _ in tensors(*shape)]
            recipes = {}
            for recipe in RECIPES + [r + "+" for r in WITH_IMPORTANCE]:
                flags = ["--imatrix", importance] if recipe.endswith("+") else []
                subprocess.run(
                    [sys.argv[1], *flags, source, target, recipe.rstrip("+"), "1"], check=True, capture_output=True)
                found = {t.name: t.tensor_type.name for t in GGUFReader(target).tensors}
                recipes[recipe] = " ".join(found[t] for t in order)
            fields = dict(zip("layers width feedForward heads keyHeads experts tied".split(), shape))
            extents = [[t, list(s)] for t, s in tensors(*shape)]
            models.append({"name": name, **fields, "tensors": extents, "types": recipes})
    with open(sys.argv[2], "w") as f:
        json.dump({"models": models}, f, separators=(",", ":"))
        f.write("\n")


main()
