"""Makes Golden/quantizers.bin: rows of numbers, and what they lose when llama.cpp's quantisers encode them.

usage: make_quantizers.py LIBGGML_BASE OUT_FILE      (layout in Golden/README.md)
"""

import ctypes
import struct
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

TYPES = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS"]
ROWS, WIDTH = 16, 1024


def rows(rng):
    kinds = [
        rng.normal(size=(4, WIDTH)),
        rng.laplace(size=(4, WIDTH)),
        rng.standard_t(3, size=(4, WIDTH)),
        rng.uniform(-0.7, 1, size=(4, WIDTH)),
    ]
    sizes = np.exp(rng.normal(size=(ROWS, WIDTH // 32, 1)) * 0.3).repeat(32, 2).reshape(ROWS, WIDTH)
    return (np.concatenate(kinds) * sizes * 0.04).astype(np.float16).astype(np.float32)


def encoded(library, kind, x, importance):
    block, size = GGML_QUANT_SIZES[kind]
    out = np.zeros((ROWS, WIDTH // block * size), np.uint8)
    weights = importance.ctypes.data if importance is not None else None
    library.ggml_quantize_chunk(int(kind), x.ctypes.data, out.ctypes.data, 0, ROWS, WIDTH, weights)
    return quants.dequantize(out, kind).astype(np.float64)


def main():
    library = ctypes.CDLL(sys.argv[1])
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    library.ggml_quantize_chunk.argtypes = [ctypes.c_int, pointer, pointer, number, number, number, pointer]
    rng = np.random.default_rng(20261126)
    x = rows(rng)
    importance = np.exp(rng.normal(size=WIDTH) * 1.5).astype(np.float32)
    importance /= importance.max()
    with open(sys.argv[2], "wb") as f:
        f.write(b"VTQLOSS1" + struct.pack("<III", ROWS, WIDTH, len(TYPES)) + x.tobytes() + importance.tobytes())
        exact = x.astype(np.float64)
        for name in TYPES:
            kind = GGMLQuantizationType[name]
            plain = encoded(library, kind, x, None) - exact
            aware = encoded(library, kind, x, importance) - exact
            losses = [(plain**2).sum(), (importance[None, :] * aware**2).sum()]
            f.write(struct.pack("<8sdd", name.encode(), *losses))


main()
