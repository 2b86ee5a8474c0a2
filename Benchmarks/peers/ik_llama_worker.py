"""ik_llama.cpp (the wheel of ik-llama-cpp-python) as a worker: prefill, decode.

usage: ik_llama_worker.py MODEL.gguf [--ctx N] [--repack]

Calls the C interface by ctypes, so that decoding is timed without the package's Python sampling loop. `--repack` is the
engine's run-time repacking of weights into interleaved rows.
"""

import argparse
import ctypes
import time

from worker import quiet_stdout, serve, token_at

answers = quiet_stdout()

from ik_llama_cpp import _ctypes_api as ik  # noqa: E402  (loads a library that prints)
from ik_llama_cpp import __version__  # noqa: E402

BATCH = 512
parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--ctx", type=int, default=4096)
parser.add_argument("--repack", action="store_true")
options = parser.parse_args()

library = ik._lib
seq_rm = library.llama_kv_cache_seq_rm
seq_rm.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, ctypes.c_int32]
seq_rm.restype = ctypes.c_bool
set_threads = library.llama_set_n_threads
set_threads.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32]
set_threads.restype = None
synchronize = library.llama_synchronize
synchronize.argtypes = [ctypes.c_void_p]
synchronize.restype = None
get_one = library.llama_batch_get_one
get_one.argtypes = [ctypes.POINTER(ctypes.c_int32), ctypes.c_int32, ctypes.c_int32, ctypes.c_int32]
get_one.restype = ik.llama_batch

ik.llama_backend_init()
parameters = ik.llama_model_default_params()
parameters.n_gpu_layers = 0
parameters.repack_tensors = options.repack
model = ik.llama_model_load_from_file(options.model.encode(), parameters)
if not model:
    raise SystemExit("cannot load the model")
vocabulary = ik.llama_vocab_n_tokens(ik.llama_model_get_vocab(model))
contexts = {}


class Slot:
    def __init__(self, flash, cache):
        p = ik.llama_context_default_params()
        p.n_ctx, p.n_batch, p.n_ubatch = options.ctx, BATCH, BATCH
        p.flash_attn = flash
        p.type_k = p.type_v = {"f32": 0, "f16": 1, "q8_0": 8}[cache]
        p.n_threads = p.n_threads_batch = 2
        self.context = ik.llama_init_from_model(model, p)
        if not self.context:
            raise RuntimeError("no context")
        self.filled = 0

    def run(self, start, ids):
        buffer = (ctypes.c_int32 * len(ids))(*ids)
        if ik.llama_decode(self.context, get_one(buffer, len(ids), start, 0)) != 0:
            raise RuntimeError("decode failed")

    def prompt(self, start, count):
        for at in range(start, start + count, BATCH):
            self.run(at, [token_at(i, vocabulary) for i in range(at, min(at + BATCH, start + count))])
        synchronize(self.context)

    def at_depth(self, depth):
        if self.filled < depth or depth == 0 or not seq_rm(self.context, 0, depth, -1):
            ik.llama_kv_cache_clear(self.context)
            self.prompt(0, depth)
        self.filled = depth


def slot(threads, flash, cache):
    if (flash, cache) not in contexts:
        contexts[flash, cache] = Slot(flash, cache)
    found = contexts[flash, cache]
    set_threads(found.context, threads, threads)
    return found


def prefill(tokens=512, depth=0, threads=2, flash=True, cache="f16"):
    s = slot(threads, flash, cache)
    s.at_depth(depth)
    start = time.perf_counter()
    s.prompt(depth, tokens)
    seconds = time.perf_counter() - start
    s.filled = depth + tokens
    return {"seconds": seconds, "tokens": tokens}


def decode(tokens=128, depth=0, threads=2, flash=True, cache="f16"):
    s = slot(threads, flash, cache)
    s.at_depth(depth)
    ids = [token_at(depth + i, vocabulary) for i in range(tokens)]
    start = time.perf_counter()
    for i, token in enumerate(ids):
        s.run(depth + i, [token])
        synchronize(s.context)
    seconds = time.perf_counter() - start
    s.filled = depth + tokens
    return {"seconds": seconds, "tokens": tokens}


serve(answers, {"ready": "ik_llama.cpp", "version": __version__, "vocabulary": vocabulary, "repack": options.repack}, prefill=prefill, decode=decode)
