#!/usr/bin/env python3
"""make_npy.py OUT: numpy's own files of every number type, order and version, an archive stored and compressed, and
IDX files; expected.json has the numbers. Python's zlib, gzip and zipfile write the compressed ones."""
import gzip
import io
import json
import os
import struct
import sys
import zlib

import numpy as np

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
expected = {}
noise = np.random.default_rng(7)


def numbers(a):
    """Row-major values as strings that both sides read exactly; complex ones as pairs."""
    flat = np.ascontiguousarray(a).reshape(-1)
    if np.iscomplexobj(flat):
        flat = np.stack([flat.real, flat.imag], axis=-1).reshape(-1)
    return [repr(float(x)) if flat.dtype.kind == "f" else str(int(x)) for x in flat]


def keep(name, a):
    expected[name] = {"type": a.dtype.newbyteorder("=").name, "shape": list(a.shape), "values": numbers(a)}


def values(dtype, shape):
    count = int(np.prod(shape, dtype=np.int64))
    kind = np.dtype(dtype).kind
    if kind == "b":
        a = noise.integers(0, 2, count)
    elif kind in "iu":
        info = np.iinfo(dtype)
        a = noise.integers(info.min, info.max, count, dtype=np.dtype(dtype).newbyteorder("="), endpoint=True)
        if count > 1:
            a[0], a[1] = info.min, info.max
    elif kind == "c":
        a = noise.standard_normal(count) + 1j * noise.standard_normal(count)
    else:
        a = noise.standard_normal(count) * 100
    return a.astype(dtype).reshape(shape)


for code in ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "c8", "c16"]:
    for order in ["<", ">"]:
        if order == ">" and code in ("b1", "u1", "i1"):
            continue
        for layout in "CF":
            a = np.array(values(order + code, (2, 3, 2)), order=layout)
            name = f"{'big' if order == '>' else 'little'}-{code}-{layout.lower()}.npy"
            with open(f"{out}/{name}", "wb") as file:
                np.lib.format.write_array(file, a, version=(1, 0))
            keep(name, a)
for name, shape in [("scalar.npy", ()), ("one.npy", (5,)), ("empty.npy", (3, 0, 2)), ("deep.npy", (1,) * 20)]:
    a = values("<f4", shape)
    np.save(f"{out}/{name}", a)
    keep(name, a)
for version in (2, 3):
    a = values("<i4", (4, 3))
    with open(f"{out}/version{version}.npy", "wb") as file:
        np.lib.format.write_array(file, a, version=(version, 0))
    keep(f"version{version}.npy", a)

arrays = {"x": values("<f8", (3, 4)), "labels": values("u1", (17,)), "zeros": np.zeros((50, 40), "<f4")}
np.savez(f"{out}/stored.npz", **arrays)
np.savez_compressed(f"{out}/compressed.npz", **arrays)
for archive in ("stored.npz", "compressed.npz"):
    for name, a in arrays.items():
        keep(f"{archive}/{name}", a)

for code, dtype in [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]:
    a = values(dtype, (3, 2, 4))
    body = struct.pack(">BBBB3I", 0, 0, code, 3, *a.shape) + a.tobytes()
    with open(f"{out}/{code}.idx", "wb") as file:
        file.write(gzip.compress(body, 9, mtime=0) if code % 2 else body)
    keep(f"{code}.idx", a)

# One text, deflated in every way that zlib has.
text = (b"".join(b"%d bottles of beer on the wall, %d bottles of beer; " % (n, n) for n in range(300, 0, -1))
        + bytes(noise.integers(0, 256, 3000, dtype=np.uint8)) + bytes(40000))
expected["text"] = {"bytes": len(text), "crc32": zlib.crc32(text)}
ways = {"level%d" % n: (n, zlib.Z_DEFAULT_STRATEGY) for n in (0, 1, 6, 9)}
ways |= {"huffman": (9, zlib.Z_HUFFMAN_ONLY), "rle": (9, zlib.Z_RLE), "fixed": (9, zlib.Z_FIXED)}
for name, (level, strategy) in ways.items():
    packer = zlib.compressobj(level, zlib.DEFLATED, 31, 9, strategy)
    with open(f"{out}/{name}.gz", "wb") as file:
        file.write(packer.compress(text) + packer.flush())
buffer = io.BytesIO()
with gzip.GzipFile("a name", "wb", 9, buffer, 0) as file:
    file.write(text[:5000])
with open(f"{out}/members.gz", "wb") as file:
    file.write(buffer.getvalue() + gzip.compress(text[5000:], 6, mtime=0))

with open(f"{out}/expected.json", "w") as file:
    json.dump(expected, file, separators=(",", ":"))
    file.write("\n")
