"""onnxruntime with a fused BERT graph, in f32, as a worker: embed.

usage: onnxruntime_embed_worker.py MODEL_FOLDER MODEL.onnx      (the graph is make_minilm_onnx.py's)

A request names a file with one sentence a line. Sentences are sorted by length, so that batches hold little padding;
tokenising (the `tokenizers` library), the mean over the tokens and normalising are in the timed part.
"""

import json
import os
import sys
import time

from worker import quiet_stdout, serve

answers = quiet_stdout()
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np  # noqa: E402
import onnxruntime as ort  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

folder, graph = sys.argv[1:]
limit = json.load(open(f"{folder}/sentence_bert_config.json"))["max_seq_length"]
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
tokenizer.enable_truncation(limit)
tokenizer.no_padding()
sessions = {}
loaded = {}


def session(threads):
    if threads not in sessions:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        # Else idle threads would take a processor from the contestant whose turn is next.
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        sessions.clear()
        sessions[threads] = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return sessions[threads]


def lines(path):
    if path not in loaded:
        loaded.clear()
        loaded[path] = open(path, encoding="utf-8", newline="\n").read().removesuffix("\n").split("\n")
    return loaded[path]


def encode(texts, run, batch):
    encodings = [e.ids for e in tokenizer.encode_batch_fast(texts)]
    order = sorted(range(len(texts)), key=lambda i: -len(encodings[i]))
    vectors = None
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        length = len(encodings[chosen[0]])
        ids = np.zeros((len(chosen), length), np.int64)
        mask = np.zeros_like(ids)
        for row, index in enumerate(chosen):
            ids[row, : len(encodings[index])] = encodings[index]
            mask[row, : len(encodings[index])] = 1
        (hidden,) = run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
        weights = mask.astype(np.float32)[:, None, :]
        means = (weights @ hidden)[:, 0] / weights.sum(-1)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        if vectors is None:
            vectors = np.empty((len(texts), means.shape[1]), np.float32)
        vectors[chosen] = means
    return vectors


def embed(file, threads=2, repeat=1, batch=32, values=False):
    run, texts = session(threads).run, lines(file)
    start = time.perf_counter()
    for _ in range(repeat):
        vectors = encode(texts, run, batch)
    answer = {"seconds": (time.perf_counter() - start) / repeat, "sentences": len(texts)}
    return answer | {"embeddings": vectors.tolist()} if values else answer


serve(answers, {"ready": "onnxruntime", "version": ort.__version__}, embed=embed)
