"""OpenVINO's perplexity on the text and mean KL(F32 reference ‖ OpenVINO), in its default precision and in f32.

usage: measure_openvino.py MODEL.gguf LLAMA_WORKER TEXT OUT.json [WINDOWS]

The model is the one that openvino_genai makes of the GGUF file. Windows and positions are those of make_perplexity.py.
The result says which of OpenVINO's settings computes as exactly as the engines it is compared with.
"""

import json
import os
import sys
import tempfile

import numpy as np
import openvino as ov
import openvino_genai
from llama_reference import Llama, log_softmax
from llama_worker import LlamaWorker

WINDOW, FIRST = 512, 256
SETTINGS = {"openvino": {}, "openvino-f32": {"INFERENCE_PRECISION_HINT": "f32"}}


def logprobs_of(request, names, ids):
    """Log-probabilities [WINDOW - FIRST - 1, vocabulary] of a window's scored positions."""
    request.reset_state()
    inputs = {
        "input_ids": ids[None], "attention_mask": np.ones((1, len(ids)), np.int64),
        "position_ids": np.arange(len(ids), dtype=np.int64)[None], "beam_idx": np.zeros(1, np.int32),
    }
    request.infer({name: inputs[name] for name in names})
    return log_softmax(request.get_output_tensor(0).data[0, FIRST:].astype(np.float32))[:-1]


def main():
    path, program, text_path, out = sys.argv[1:5]
    windows = int(sys.argv[5]) if len(sys.argv) > 5 else 8
    (ids,) = LlamaWorker(program, path, "--vocab-only").ids([open(text_path, "rb").read()])
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, os.path.basename(path))
        os.symlink(os.path.abspath(path), link)
        openvino_genai.LLMPipeline(link, "CPU", enable_save_ov_model=True)
        core = ov.Core()
        model = core.read_model(os.path.join(folder, "openvino_model.xml"))
        reference = Llama(path)
        record = json.load(open(out)) if os.path.exists(out) else {"models": {}}
        entry = record["models"].setdefault(os.path.basename(path), {})
        sums = {name: [] for name in SETTINGS}
        requests = {}
        for name, properties in SETTINGS.items():
            compiled = core.compile_model(model, "CPU", {"KV_CACHE_PRECISION": "f16", **properties})
            requests[name] = compiled.create_infer_request()
            inputs = [i.get_any_name() for i in compiled.inputs]
        for w in range(windows):
            tokens = ids[w * WINDOW : (w + 1) * WINDOW].astype(np.int64)
            reference.clear()
            p = log_softmax(reference.forward(tokens, first=FIRST))[:-1]
            following = tokens[FIRST + 1 :]
            for name, request in requests.items():
                q = logprobs_of(request, inputs, tokens)
                kl = (np.exp(p) * (p - q)).sum(axis=1)
                loss = -q[np.arange(len(following)), following]
                own = -p[np.arange(len(following)), following]
                same = p.argmax(axis=1) == q.argmax(axis=1)
                sums[name].append(np.stack([kl, loss, own, same]))
        for name, parts in sums.items():
            kl, loss, own, same = np.concatenate(parts, axis=1).mean(axis=1)
            entry[name] = {
                "positions": windows * (WINDOW - FIRST - 1), "kl": round(float(kl), 9),
                "perplexity": round(float(np.exp(loss)), 6), "referencePerplexity": round(float(np.exp(own)), 6),
                "sameTop": round(float(same), 6),
            }
            print(os.path.basename(path), name, entry[name], flush=True)
    with open(out, "w") as f:
        f.write(json.dumps(record, indent=1) + "\n")


main()
