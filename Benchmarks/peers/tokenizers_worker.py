"""The Rust `tokenizers` library as a worker: the ids of a text, on one thread.

usage: tokenizers_worker.py TOKENIZER TEXT      TOKENIZER is a tokenizer.json, or a GGUF file whose vocabulary is exported
"""

import os
import subprocess
import sys
import tempfile
import time

from worker import quiet_stdout, serve

answers = quiet_stdout()
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers  # noqa: E402  (reads these variables)


def load(path):
    if not path.endswith(".gguf"):
        return tokenizers.Tokenizer.from_file(path)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "export_tokenizer.py")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, script, path, f"{folder}/tokenizer.json"], check=True)
        return tokenizers.Tokenizer.from_file(f"{folder}/tokenizer.json")


def documents(data):
    """Parts of about 4 KiB that end behind a line feed, as our own side has them."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", min(start + 4096, len(data) - 1))
        end = len(data) if end < 0 else end + 1
        yield data[start:end].decode(errors="replace")
        start = end


tokenizer = load(sys.argv[1])
texts = list(documents(open(sys.argv[2], "rb").read()))


def tokenize(bytes, repeat=1, threads=1, mode="one"):
    if threads != 1:
        raise ValueError("this worker has one thread")
    start = time.perf_counter()
    for _ in range(repeat):
        if mode == "one":
            ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        else:
            ids = [e.ids for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    seconds = (time.perf_counter() - start) / repeat
    return {"seconds": seconds, "ids": sum(map(len, ids))}


serve(answers, {"ready": "tokenizers", "version": tokenizers.__version__, "threads": 1}, tokenize=tokenize)
