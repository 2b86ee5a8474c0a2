"""Makes Golden/quants.json: checksums of 1,000 decoded blocks of every block-quantised type of GGUF.

usage: make_quant_checksums.py LIBGGML_BASE OUT_FILE

The blocks are not kept: both sides make them from a counter (SplitMix64). ggml's own C functions decode them; the gguf
package's numpy functions must agree bit for bit wherever it has the type. Any NaN counts as 7fc00000. README.md has the
layout.
"""

import ctypes
import json
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

BLOCKS = 1000
# The byte offsets of the half-precision scales, for the types that have them in one piece.
TYPES = {
    "Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q5_1": (0, 2), "Q8_0": (0,), "Q8_1": (0,), "Q2_K": (80, 82),
    "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,), "Q8_K": (), "IQ1_S": (0,), "IQ1_M": (),
    "IQ2_XXS": (0,), "IQ2_XS": (0,), "IQ2_S": (0,), "IQ3_XXS": (0,), "IQ3_S": (0,), "IQ4_NL": (0,), "IQ4_XS": (0,),
    "TQ1_0": (52,), "TQ2_0": (64,), "Q1_0": (0,), "Q2_0": (0,), "MXFP4": (), "NVFP4": (),
}  # fmt: skip
CODES = {"Q1_0": 41, "Q2_0": 42}
# ggml's sizes where gguf has none; it still has Q8_1 with scales of 32 bits.
SIZES = {"Q1_0": (128, 18), "Q2_0": (64, 18), "Q8_1": (32, 36)}
# Zeros, the least and largest numbers, infinities and NaNs, as halves; block 2 + i has SPECIAL[i] as its scales.
SPECIAL = [0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00, 0xFE00, 0x7C01, 0xFFFF]


def mixed(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def blocks(code, size, offsets):
    count = (BLOCKS * size + 7) // 8
    state = np.uint64(code) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    data = mixed(state).astype("<u8").view(np.uint8)[: BLOCKS * size].reshape(BLOCKS, size).copy()
    data[0], data[1] = 0, 255
    for i, bits in enumerate(SPECIAL):
        for offset in offsets:
            data[2 + i, offset], data[2 + i, offset + 1] = bits & 255, bits >> 8
    return data


def main():
    library = ctypes.CDLL(sys.argv[1])
    answer = []
    for name, offsets in TYPES.items():
        kind = getattr(GGMLQuantizationType, name, None)
        code = CODES.get(name) or int(kind)
        values, size = SIZES.get(name) or GGML_QUANT_SIZES[kind]
        data = blocks(code, size, offsets)
        decoded = np.empty(BLOCKS * values, np.float32)
        oracles = []
        function = getattr(library, "dequantize_row_" + name.lower().replace("_k", "_K"), None)
        if function is not None:
            function(data.ctypes.data_as(ctypes.c_void_p), decoded.ctypes.data_as(ctypes.c_void_p),
                     ctypes.c_int64(decoded.size))  # fmt: skip
            oracles.append("ggml")
        if kind is not None and kind in quants._type_traits:
            with np.errstate(all="ignore"):
                other = quants.dequantize(data, kind).astype(np.float32).reshape(-1)
            if not oracles:
                decoded = other
            same = (decoded.view(np.uint32) == other.view(np.uint32)) | (np.isnan(decoded) & np.isnan(other))
            if same.all():
                oracles.append("gguf")
            else:
                print(f"{name}: gguf differs in {np.count_nonzero(~same)} values", file=sys.stderr)
                i = np.flatnonzero(~same)[0]
                print(i // values, decoded[i], other[i], data[i // values][:8], file=sys.stderr)
        if name == "Q8_1":  # neither has it: the scale times the bytes
            with np.errstate(all="ignore"):
                scale = data[:, :2].copy().view("<f2").astype(np.float32)
                decoded = (scale * data[:, 4:].copy().view(np.int8).astype(np.float32)).reshape(-1)
            oracles.append("numpy")
        assert oracles, name
        bits = np.where(np.isnan(decoded), np.uint32(0x7FC00000), decoded.view(np.uint32)).astype(np.uint64)
        index = np.arange(bits.size, dtype=np.uint64) << np.uint64(32)
        answer.append({
            "name": name, "code": code, "blocks": BLOCKS, "blockBytes": size, "values": values,
            "halfScales": list(offsets), "checksum": f"{int(mixed(bits + index).sum()):016x}",
            "nans": int(np.isnan(decoded).sum()), "infinities": int(np.isinf(decoded).sum()), "oracles": oracles,
        })  # fmt: skip
    lines = ",\n    ".join(json.dumps(entry) for entry in answer)
    special = json.dumps(SPECIAL)
    open(sys.argv[2], "w").write(f'{{\n  "special": {special},\n  "types": [\n    {lines}\n  ]\n}}\n')


main()
