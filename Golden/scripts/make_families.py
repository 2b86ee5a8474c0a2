#!/usr/bin/env python3
"""Makes Golden/tokenizer/families.json: checksums of llama.cpp's ids for whole vocabularies.

usage: make_families.py VOCABULARIES LLAMA_WORKER TOKENIZER_DIR > families.json

VOCABULARIES holds the `ggml-vocab-*.gguf` that `make setup` fetches; TOKENIZER_DIR the texts of make_tokenizer.py
(mixed.txt.bin and the strings of random.bin), which are the same for every vocabulary. A checksum is FNV-1a over the four
bytes of each id: one for every 1024 ids of the mixed text, one for every 100 random strings, each string ended by
0xFFFFFFFF.
"""

import glob
import json
import os
import struct
import sys

import numpy as np

from llama_worker import LlamaWorker

OFFSET, PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1
END = np.array([0xFFFFFFFF], "<u4")


def fnv(ids):
    h = OFFSET
    for byte in ids.astype("<u4").tobytes():
        h = ((h ^ byte) * PRIME) & MASK
    return "%016x" % h


def pairs(path):
    data, at, strings = open(path, "rb").read(), 4, []
    for _ in range(struct.unpack_from("<I", data)[0]):
        (n,) = struct.unpack_from("<H", data, at)
        strings.append(data[at + 2 : at + 2 + n])
        at += 2 + n
        (n,) = struct.unpack_from("<H", data, at)
        at += 2 + 2 * n
    return strings


def main():
    vocabularies, program, folder = sys.argv[1:4]
    only = sys.argv[4:]
    text = open(f"{folder}/mixed.txt.bin", "rb").read()
    strings = pairs(f"{folder}/random.bin")
    answer = {}
    for path in sorted(glob.glob(f"{vocabularies}/ggml-vocab-*.gguf")):
        name = os.path.basename(path)[len("ggml-vocab-") : -len(".gguf")]
        if only and name not in only:
            continue
        worker = LlamaWorker(program, path, "--vocab-only")
        (ids,) = worker.ids([text], wide=True)
        random = worker.ids(strings, wide=True)
        answer[name] = {
            "ids": len(ids),
            "first": [int(i) for i in ids[:16]],
            "mixed": [fnv(ids[k : k + 1024]) for k in range(0, len(ids), 1024)],
            "random": [
                fnv(np.concatenate([part for i in random[k : k + 100] for part in (i, END)])) for k in range(0, len(strings), 100)
            ],
        }
        print(f"{name}: {len(ids)} ids", file=sys.stderr)
    json.dump(answer, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
