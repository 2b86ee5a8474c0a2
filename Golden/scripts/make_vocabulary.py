"""Makes Golden/tokenizer/vocabulary.bin: the tokens, token types and merges of the default model, without its weights.

usage: make_vocabulary.py MODEL.gguf OUT.bin

Layout, little-endian: u32 tokens; one type byte for each; one length byte for each; their bytes, one after another;
u32 merges; u32 first; one byte for each merge. Merge r makes token first + r, and its byte is the length of its left part.
The script fails if a model's merges are not so; the GGUF file itself stores them as "left right".
"""

import struct
import sys

from gguf import GGUFReader


def main():
    model, out = sys.argv[1:]
    fields = GGUFReader(model).fields

    def strings(key):
        field = fields[key]
        return [bytes(field.parts[i]) for i in field.data]

    tokens = strings("tokenizer.ggml.tokens")
    merges = strings("tokenizer.ggml.merges")
    types = fields["tokenizer.ggml.token_type"].contents()
    first = tokens.index(merges[0].replace(b" ", b""))
    splits = bytearray()
    for rank, merge in enumerate(merges):
        left, right = merge.split(b" ")
        assert tokens[first + rank] == left + right, merge
        splits.append(len(left))
    assert len(tokens) == len(types) and max(map(len, tokens)) < 256
    with open(out, "wb") as f:
        f.write(struct.pack("<I", len(tokens)) + bytes(types) + bytes(map(len, tokens)) + b"".join(tokens))
        f.write(struct.pack("<II", len(merges), first) + splits)


main()
