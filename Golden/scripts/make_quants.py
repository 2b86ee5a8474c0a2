"""Makes Golden/quants.bin: random blocks of each quantised type and their values as the gguf package decodes them.

usage: make_quants.py OUT_FILE      (layout in Golden/README.md)
"""

import struct
import sys

import numpy as np
from gguf import GGMLQuantizationType, quants

# name: (block bytes, values, byte offsets of its half-precision scales)
TYPES = {
    "Q4_0": (18, 32, (0,)),
    "Q4_1": (20, 32, (0, 2)),
    "Q5_0": (22, 32, (0,)),
    "Q5_1": (24, 32, (0, 2)),
    "Q8_0": (34, 32, (0,)),
    "Q4_K": (144, 256, (0, 2)),
    "Q5_K": (176, 256, (0, 2)),
    "Q6_K": (210, 256, (208,)),
}
SPECIAL = [0.0, -0.0, 6.0e-8, -6.0e-8, 6.1e-5, 1.0, -1.0, 65504.0, -65504.0, 0.33325195, 1 / 3, 2.0e-7]


def blocks(name, rng):
    size, values, offsets = TYPES[name]
    count = 64 if values == 32 else 24
    data = rng.integers(0, 256, (count, size), dtype=np.uint8)
    # The nibbles' extremes: every stored bit clear, every stored bit set.
    data[0] = 0
    data[1] = 255
    for offset in offsets:
        scale = (rng.standard_normal(count) * 0.02).astype(np.float16)
        scale[2 : 2 + len(SPECIAL)] = np.array(SPECIAL, np.float32).astype(np.float16)
        scale[0], scale[1] = 0.0625, -0.03125
        data[:, offset : offset + 2] = scale.view(np.uint8).reshape(count, 2)
    # Two-scale types: pair special scales with ordinary offsets too.
    if len(offsets) == 2:
        ordinary = np.array([0.5, -0.25], np.float16).view(np.uint8).reshape(2, 2)
        data[14:16, offsets[1] : offsets[1] + 2] = ordinary
    return data


def main():
    rng = np.random.default_rng(20261122)
    with open(sys.argv[1], "wb") as f:
        f.write(b"VTQUANT1" + struct.pack("<I", len(TYPES)))
        for name, (size, values, _) in TYPES.items():
            data = blocks(name, rng)
            kind = GGMLQuantizationType[name]
            with np.errstate(all="ignore"):
                decoded = quants.dequantize(data, kind).astype("<f4").reshape(len(data), values)
            assert np.isfinite(decoded).all()
            f.write(struct.pack("<8sIIII", name.encode(), int(kind), len(data), size, values))
            f.write(data.tobytes())
            f.write(decoded.tobytes())


main()
