#!/usr/bin/env python3
"""Writes a vocabulary of a GGUF file as a tokenizer.json, with the pipeline that its family's own file has.

usage: export_tokenizer.py VOCABULARY.gguf OUT.json

It lets the Rust `tokenizers` load the same vocabulary: as an oracle beside llama.cpp, and as the peer of
`venturi bench tokenize`.
"""

import json
import sys

import gguf

GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?%s+|\p{N}%s| ?[^\s%s\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def split(regex):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


def byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


DIGITS = {"type": "Digits", "individual_digits": True}
# The ranges of the rule for letters, written by their code points: some would not survive being typed.
LETTERS = """
41 5A 61 7A B5 B5 C0 D6 D8 F6 F8 1BA 1BC 1BF 1C4 293 295 2AF 370 373 376 377 37B 37D 37F 37F 386 386 388 38A 38C
38C 38E 3A1 3A3 3F5 3F7 481 48A 52F 531 556 10A0 10C5 13A0 13F5 13F8 13FD 1C90 1CBA 1CBD 1CBF 1D00 1D2B 1D6B
1D77 1D79 1D9A 1E00 1F15 1F18 1F1D 1F20 1F45 1F48 1F4D 1F50 1F57 1F59 1F59 1F5B 1F5B 1F5D 1F5D 1F5F 1F7D 1F80
1FB4 1FB6 1FBC 1FBE 1FBE 1FC2 1FC4 1FC6 1FCC 1FD0 1FD3 1FD6 1FDB 1FE0 1FEC 1FF2 1FF4 1FF6 1FFC 2102 2102 2107
2107 210A 2113 2115 2115 2119 211D 2124 2124 2126 2126 2128 2128 212A 212D 212F 2134 2139 2139 213C 213F 2145
2149 214E 214E 2183 2184 2C00 2C7B 2C7E 2CE4 2CEB 2CEE 2CF2 2CF3 A640 A66D A680 A69B A722 A76F A771 A787 A78B
A78E AB70 ABBF FB00 FB06 FB13 FB17 FF21 FF3A FF41 FF5A 10400 1044F 104B0 104D3 104D8 104FB 10C80 10CB2 10CC0
10CF2 118A0 118DF 1E900 1E943
"""
BOUNDS = [chr(int(word, 16)) for word in LETTERS.split()]
LETTERS = "".join(f"{first}-{last}" for first, last in zip(BOUNDS[::2], BOUNDS[1::2]))
CJK = "[一-龥ࠀ-一가-퟿]+"
PRE = {
    "gpt-2": [byte_level(True)],
    "mpt": [byte_level(True)],
    "smollm": [DIGITS, byte_level(True)],
    "starcoder": [DIGITS, byte_level(True)],
    "refact": [DIGITS, byte_level(True)],
    "command-r": [DIGITS, byte_level(True)],
    "llama-bpe": [split(GPT4 % (r"\p{L}", "{1,3}", r"\p{L}")), byte_level(False)],
    "qwen2": [split(GPT4 % (r"\p{L}", "", r"\p{L}")), byte_level(False)],
    "qwen35": [split(GPT4 % (r"[\p{L}\p{M}]", "", r"\p{L}\p{M}")), byte_level(False)],
    "deepseek-llm": [
        split("[\r\n]"), split(r"\s?[" + LETTERS + "]+"), split(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"), split(r"\s+$"), split(CJK),
        DIGITS, byte_level(False),
    ],
    "deepseek-coder": [
        split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(CJK), DIGITS, byte_level(False),
    ],
    "falcon": [
        {"type": "Punctuation", "behavior": "Contiguous"}, byte_level(True),
        {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]"),
    ],
}


def fields(path):
    reader = gguf.GGUFReader(path).fields
    return lambda name, fallback=None: (
        reader["tokenizer.ggml." + name].contents() if "tokenizer.ggml." + name in reader else fallback
    )


def added(tokens, kinds):
    return [
        {
            "id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": k == 3,
        }
        for i, (t, k) in enumerate(zip(tokens, kinds))
        if k in (3, 4)
    ]


def main():
    field = fields(sys.argv[1])
    tokens, model = field("tokens"), field("model")
    kinds = field("token_type", [1] * len(tokens))
    normalizer = post = None
    if model == "gpt2":
        vocab = {t: i for i, t in enumerate(tokens)}
        body = {
            "type": "BPE", "vocab": vocab, "merges": field("merges"), "ignore_merges": field("pre") == "llama-bpe",
            "byte_fallback": False, "fuse_unk": False, "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
        }
        pre = {"type": "Sequence", "pretokenizers": PRE[field("pre")]}
        decoder = byte_level(True)
    elif model == "bert":
        vocab = {}
        for i, (t, k) in enumerate(zip(tokens, kinds)):
            plain = k == 1 and not (t.startswith("[") and t.endswith("]"))
            vocab[(t[1:] if t.startswith("▁") else "##" + t) if plain else t] = i
        body = {
            "type": "WordPiece", "vocab": vocab, "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
        }
        normalizer = {
            "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True,
        }
        pre = {"type": "BertPreTokenizer"}
        decoder = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    else:
        raise SystemExit(f"no pipeline for {model}")
    json.dump(
        {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added(tokens, kinds), "normalizer": normalizer,
            "pre_tokenizer": pre, "post_processor": post, "decoder": decoder, "model": body,
        },
        open(sys.argv[2], "w"), ensure_ascii=False,
    )


main()
