"""Perplexity of the F32 reference by llama.cpp's protocol; optionally its log-probabilities for KL divergences.

usage: make_perplexity.py MODEL.gguf LLAMA_WORKER TEXT OUT.json [DUMP_FILE DUMP_WINDOWS]

Protocol: the text's ids (no BOS: this model's vocabulary adds none) in windows of 512, each from an empty cache, the
tail dropped; positions 256…510 predict tokens 257…511, so 255 a window; perplexity = exp(mean −ln p). OUT.json gains the
entry of this model. The dump's layout is in Golden/README.md.
"""

import hashlib
import json
import os
import struct
import sys

import numpy as np
from llama_reference import Llama, log_softmax
from llama_worker import LlamaWorker

WINDOW, FIRST = 512, 256


def main():
    path, program, text_path, out = sys.argv[1:5]
    dump_path, dump_windows = (sys.argv[5], int(sys.argv[6])) if len(sys.argv) > 5 else (None, 0)
    text = open(text_path, "rb").read()
    (ids,) = LlamaWorker(program, path, "--vocab-only").ids([text])
    windows = len(ids) // WINDOW
    model = Llama(path)
    dump = open(dump_path, "wb") if dump_path else None
    if dump:
        dump.write(struct.pack("<8sIIII", b"VTLOGP1", len(model.output), WINDOW, min(windows, dump_windows), FIRST))
        dump.write(ids[: min(windows, dump_windows) * WINDOW].astype("<u4").tobytes())
    losses = []
    for w in range(windows):
        tokens = ids[w * WINDOW : (w + 1) * WINDOW].astype(np.int64)
        model.clear()
        logprobs = log_softmax(model.forward(tokens, first=FIRST))[:-1]
        losses.append(-logprobs[np.arange(WINDOW - FIRST - 1), tokens[FIRST + 1 :]])
        if dump and w < dump_windows:
            dump.write(logprobs.astype("<f4").tobytes())
        print(f"{w + 1}/{windows}: {np.exp(np.mean(np.concatenate(losses))):.4f}", file=sys.stderr, flush=True)
    if dump:
        dump.close()
    record = json.load(open(out)) if os.path.exists(out) else {"models": {}}
    record |= {
        "text": {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest(), "ids": len(ids),
                 "idsSHA256": hashlib.sha256(ids.astype("<u2").tobytes()).hexdigest()},
        "window": WINDOW, "first": FIRST, "windows": windows,
    }
    flat = np.concatenate(losses)
    record["models"][os.path.basename(path)] = {
        "perplexity": round(float(np.exp(flat.mean())), 6), "tokens": len(flat),
        "perplexityByWindow": [round(float(np.exp(l.mean())), 5) for l in losses],
    }
    with open(out, "w") as f:
        f.write(json.dumps(record, indent=1) + "\n")


main()
