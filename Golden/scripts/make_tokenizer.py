"""Makes Golden/tokenizer from llama.cpp's ids.

usage: make_tokenizer.py MODEL.gguf LLAMA_WORKER OUT_DIR      (layouts in Golden/README.md)
"""

import os
import struct
import subprocess
import sys
import tempfile

from llama_worker import LlamaWorker

HERE = os.path.dirname(os.path.abspath(__file__))


def read_records(path):
    data = open(path, "rb").read()
    (count,) = struct.unpack_from("<I", data)
    strings, at = [], 4
    for _ in range(count):
        (n,) = struct.unpack_from("<I", data, at)
        strings.append(data[at + 4 : at + 4 + n])
        at += 4 + n
    return strings


def write_pairs(path, strings, ids):
    with open(path, "wb") as f:
        f.write(struct.pack("<I", len(strings)))
        for s, i in zip(strings, ids):
            f.write(struct.pack("<H", len(s)) + s + struct.pack("<H", len(i)) + i.astype("<u2").tobytes())


def fnv(data, h=0xCBF29CE484222325):
    for b in data:
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def codepoints(worker):
    """One hash for each block of 256 code points: FNV-1a of the ids of one string a code point."""
    hashes = []
    for base in range(0, 0x110000, 0x1000):
        strings = []
        for c in range(base, base + 0x1000):
            u = b"" if 0xD800 <= c < 0xE000 else chr(c).encode()
            strings.append(b"a" + u + b"1" + u + b" " + u + u + b"\n")
        ids = worker.ids(strings)
        for block in range(0, 0x1000, 256):
            h = 0xCBF29CE484222325
            for i in ids[block : block + 256]:
                h = fnv(i.astype("<u2").tobytes() + b"\xff\xff", h)
            hashes.append(h)
    return hashes


def main():
    model, program, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, f"{HERE}/make_tokenizer_text.py", model, folder], check=True)
        text = open(f"{folder}/mixed.txt.bin", "rb").read()
        random_strings = read_records(f"{folder}/random.strings")
        special_strings = read_records(f"{folder}/special.strings")
    worker = LlamaWorker(program, model, "--vocab-only")
    (ids,) = worker.ids([text])
    open(f"{out}/mixed.txt.bin", "wb").write(text)
    open(f"{out}/mixed.ids.bin", "wb").write(ids.astype("<u2").tobytes())
    write_pairs(f"{out}/random.bin", random_strings, worker.ids(random_strings))
    write_pairs(f"{out}/special.bin", special_strings, worker.ids(special_strings, special=True))
    hashes = codepoints(worker)
    open(f"{out}/codepoints.bin", "wb").write(struct.pack(f"<{len(hashes)}Q", *hashes))
    print(f"mixed {len(text)} bytes, {len(ids)} ids; {len(random_strings)} random, {len(special_strings)} special; {len(hashes)} blocks")


main()
