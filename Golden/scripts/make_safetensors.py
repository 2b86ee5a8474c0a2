"""Makes Golden/safetensors: a file of every type that the safetensors library writes from PyTorch, and what is in it.

usage: make_safetensors.py OUT_FOLDER     (safetensors 0.8.0, torch 2)
"""

import base64
import json
import sys

import torch
from safetensors.torch import save

TYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "F16": torch.float16,
    "BF16": torch.bfloat16, "I32": torch.int32, "F32": torch.float32, "F64": torch.float64, "I64": torch.int64,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "U16": torch.uint16, "U32": torch.uint32,
    "U64": torch.uint64, "C64": torch.complex64,
}
READ = ["BOOL", "I8", "I16", "F16", "BF16", "I32", "F32", "F64", "I64"]
SHAPES = [[3], [2, 3], [], [0, 4], [1, 2, 1, 3]]


def tensors(types):
    generator = torch.Generator().manual_seed(4)
    made = {}
    for number, (name, dtype) in enumerate(types.items()):
        for shape in SHAPES:
            values = torch.randint(0, 100, shape, generator=generator)
            made[f"{number % 3}.{name}.{'x'.join(map(str, shape)) or 'scalar'}"] = values.to(dtype)
    made["ünï \"quoted\" \\ 😀"] = torch.tensor([1.5, -2.0])
    return made


def main():
    (out,) = sys.argv[1:]
    for file, types in [("all", TYPES), ("read", {name: TYPES[name] for name in READ})]:
        made = tensors(types)
        data = save(made, metadata={"format": "pt \"1\"\n/ü"})
        with open(f"{out}/{file}.safetensors.bin", "wb") as f:
            f.write(data)
        described = [
            {
                "name": name, "shape": list(t.shape), "dtype": next(k for k, v in TYPES.items() if v == t.dtype),
                "bytes": base64.b64encode(t.contiguous().view(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b"").decode(),
            }
            for name, t in made.items()
        ]
        with open(f"{out}/{file}.json", "w") as f:
            json.dump({"tensors": described}, f, ensure_ascii=False, indent=1)
            f.write("\n")


main()
