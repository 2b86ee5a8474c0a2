"""Writes a Llama model that computes the same with its channels in another order.

usage: permute_channels.py SOURCE.gguf OUT.gguf SEED [WIDTH]      (F16 or F32 in, F16 out)

What a quantised file's perplexity owes to chance, by which weights share a block, shows in several such orders; and a source
that was itself quantised, as SmolLM2's Q4_1 is, has no blocks of even levels left. WIDTH above the model's splits that many
channels in two of 1/sqrt(2) each, so that rows become multiples of 256 and K types apply.
"""

import math
import re
import sys

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter


def shuffled(tensors, heads, key_heads, width, random):
    """The tensors with residual, feed-forward and value channels in another order."""
    own = len(tensors["output_norm.weight"])
    hidden, head = len(tensors["blk.0.ffn_gate.weight"]), len(tensors["blk.0.attn_v.weight"]) // key_heads
    twice = random.permutation(own)[: width - own]
    order = random.permutation(width)
    channels = np.concatenate([np.arange(own), twice])[order]
    factor = np.where(np.isin(channels, twice), math.sqrt(0.5), 1).astype(np.float32)
    layers = {}
    for name, a in tensors.items():
        if name.endswith("norm.weight"):
            yield name, a[channels] * np.float32(math.sqrt(own / width))
            continue
        if name == "token_embd.weight":
            yield name, a[:, channels] * factor
            continue
        layer, part = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", name).groups()
        if layer not in layers:
            layers[layer] = random.permutation(hidden), [random.permutation(head) for _ in range(key_heads)]
        inner, values = layers[layer]
        if part == "attn_output":
            a = a[:, np.concatenate([head * h + values[h * key_heads // heads] for h in range(heads)])]
        elif part == "attn_v":
            a = a[np.concatenate([head * h + values[h] for h in range(key_heads)])]
        elif part == "ffn_down":
            a = a[:, inner]
        elif part in ("ffn_gate", "ffn_up"):
            a = a[inner]
        to_residual = part in ("attn_output", "ffn_down")
        yield name, a[channels] * factor[:, None] if to_residual else a[:, channels] * factor


def main():
    source, out, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    reader = GGUFReader(source)
    fields = {key: field for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    value = lambda key: fields["llama." + key].contents()
    own, heads, key_heads = value("embedding_length"), value("attention.head_count"), value("attention.head_count_kv")
    width = int(sys.argv[4]) if len(sys.argv) > 4 else own
    tensors = {t.name: t.data.reshape(t.shape[::-1]).astype(np.float32) for t in reader.tensors}
    writer = GGUFWriter(out, "llama")
    changed = {
        "llama.embedding_length": width,
        "llama.attention.layer_norm_rms_epsilon": value("attention.layer_norm_rms_epsilon") * own / width,
        "general.file_type": 1,
    }
    for key, field in fields.items():
        if key == "general.architecture":
            continue
        content = changed.get(key, field.contents())
        if field.types[0] == GGUFValueType.ARRAY:
            writer.add_array(key, content)
        else:
            writer.add_key_value(key, content, field.types[0])
    if width != own:
        writer.add_uint32("llama.attention.key_length", own // heads)
        writer.add_uint32("llama.attention.value_length", own // heads)
    for name, a in shuffled(tensors, heads, key_heads, width, np.random.default_rng(seed)):
        writer.add_tensor(name, np.ascontiguousarray(a.astype(np.float32 if a.ndim == 1 else np.float16)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
