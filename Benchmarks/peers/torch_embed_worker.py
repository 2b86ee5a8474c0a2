"""sentence-transformers on PyTorch, on the CPU in f32, as a worker: embed.

usage: torch_embed_worker.py MODEL_FOLDER

A request names a file with one sentence a line. `encode` sorts them by length itself, so that batches hold little padding;
tokenising and pooling are in the timed part.
"""

import os
import sys
import time

from worker import quiet_stdout, serve

answers = quiet_stdout()
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from sentence_transformers import __version__ as version  # noqa: E402

torch.set_grad_enabled(False)
model = SentenceTransformer(sys.argv[1], device="cpu")
loaded = {}


def lines(path):
    if path not in loaded:
        loaded.clear()
        loaded[path] = open(path, encoding="utf-8", newline="\n").read().removesuffix("\n").split("\n")
    return loaded[path]


def embed(file, threads=2, repeat=1, batch=32, values=False):
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    texts = lines(file)
    start = time.perf_counter()
    for _ in range(repeat):
        vectors = model.encode(texts, batch_size=batch, show_progress_bar=False)
    answer = {"seconds": (time.perf_counter() - start) / repeat, "sentences": len(texts)}
    return answer | {"embeddings": vectors.tolist()} if values else answer


serve(answers, {"ready": "torch", "version": torch.__version__, "sentenceTransformers": version}, embed=embed)
