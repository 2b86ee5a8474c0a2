"""Writes a Llama-shaped GGUF file with random F16 weights, to measure shapes whose trained weights can't be had.

usage: make_random_llama.py TOKENIZER_SOURCE.gguf OUT.gguf [--shape 1b|tiny]

Shape `1b` is that of Llama-3.2-1B (16 layers, width 2048, 32 query and 8 key/value heads of 64, FFN 8192, vocabulary
128,256, tied embedding; without its RoPE frequency table). Tokenizer and chat template are copied from the source; its
vocabulary is padded with unused tokens or cut. Quantise the result with llama-quantize.
"""

import argparse

import numpy as np
from gguf import GGUFReader, GGUFWriter, LlamaFileType, TokenType

SHAPES = {
    "1b": dict(layers=16, width=2048, heads=32, kv_heads=8, ffn=8192, vocabulary=128_256, context=8192),
    "tiny": dict(layers=2, width=256, heads=4, kv_heads=2, ffn=512, vocabulary=288, context=512),
}
SEED = 20261122


def add_vocabulary(writer, source, count):
    field = lambda name: source.fields[f"tokenizer.{name}"].contents()
    tokens, kinds = field("ggml.tokens")[:count], field("ggml.token_type")[:count]
    known = set(tokens)
    merges = [m for m in field("ggml.merges") if all(p in known for p in (*m.split(" "), m.replace(" ", "", 1)))]
    padding = count - len(tokens)
    writer.add_tokenizer_model(field("ggml.model"))
    writer.add_tokenizer_pre(field("ggml.pre"))
    writer.add_token_list(tokens + [f"[PAD{i}]" for i in range(padding)])
    writer.add_token_types(kinds + [int(TokenType.UNUSED)] * padding)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(field("ggml.bos_token_id"))
    writer.add_eos_token_id(field("ggml.eos_token_id"))
    writer.add_unk_token_id(field("ggml.unknown_token_id"))
    writer.add_pad_token_id(field("ggml.padding_token_id"))
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(field("chat_template"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("out")
    parser.add_argument("--shape", choices=SHAPES, default="1b")
    options = parser.parse_args()
    s = SHAPES[options.shape]
    head_dim = s["width"] // s["heads"]
    writer = GGUFWriter(options.out, "llama")
    writer.add_name(f"Random Llama {options.shape}")
    writer.add_block_count(s["layers"])
    writer.add_context_length(s["context"])
    writer.add_embedding_length(s["width"])
    writer.add_feed_forward_length(s["ffn"])
    writer.add_head_count(s["heads"])
    writer.add_head_count_kv(s["kv_heads"])
    writer.add_rope_freq_base(500_000.0)
    writer.add_rope_dimension_count(head_dim)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(s["vocabulary"])
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    add_vocabulary(writer, GGUFReader(options.source), s["vocabulary"])

    width, kv, ffn = s["width"], s["kv_heads"] * head_dim, s["ffn"]
    matrices = {"attn_q": (width, width), "attn_k": (kv, width), "attn_v": (kv, width), "attn_output": (width, width),
                "ffn_gate": (ffn, width), "ffn_up": (ffn, width), "ffn_down": (width, ffn)}
    shapes = {"token_embd.weight": (s["vocabulary"], width), "output_norm.weight": (width,)}
    for layer in range(s["layers"]):
        for name in ("attn_norm", "ffn_norm"):
            shapes[f"blk.{layer}.{name}.weight"] = (width,)
        for name, shape in matrices.items():
            shapes[f"blk.{layer}.{name}.weight"] = shape
    for name, shape in shapes.items():
        kind = np.dtype(np.float16 if len(shape) == 2 else np.float32)
        writer.add_tensor_info(name, shape, kind, int(np.prod(shape)) * kind.itemsize)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    random = np.random.default_rng(SEED)
    for shape in shapes.values():
        if len(shape) == 1:
            data = 1 + random.standard_normal(shape, np.float32) * np.float32(0.1)
        else:
            data = (random.standard_normal(shape, np.float32) / np.float32(np.sqrt(shape[1]))).astype(np.float16)
        writer.write_tensor_data(data)
    writer.close()


main()
