"""OpenVINO GenAI (GGUF read directly) as a worker: prefill, decode.

usage: openvino_worker.py MODEL.gguf [--cache f16|u8|f32] [--property KEY=VALUE]

The cache's precision is fixed when the pipeline is made (OpenVINO's own default on this device is u8; f16 is used here, so
that every engine keeps the same precision). A pipeline is made for each thread count on first use. Prefill at a depth
is not offered by the pipeline's interface. Prefill is the time to the first token; decode is the rest.
"""

import argparse
import time

from worker import quiet_stdout, serve, token_at

answers = quiet_stdout()

import numpy as np  # noqa: E402
import openvino as ov  # noqa: E402
import openvino_genai  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("--cache", default="f16", choices=["f16", "u8", "f32"])
parser.add_argument("--vocabulary", type=int, default=49152)
parser.add_argument("--property", action="append", default=[], metavar="KEY=VALUE", help="another property of the CPU device")
options = parser.parse_args()
pipelines = {}


def pipeline(threads):
    if threads not in pipelines:
        properties = {"INFERENCE_NUM_THREADS": threads, "KV_CACHE_PRECISION": options.cache, "PERFORMANCE_HINT": "LATENCY"}
        properties |= dict(p.split("=", 1) for p in options.property)
        scheduler = openvino_genai.SchedulerConfig()
        scheduler.enable_prefix_caching = False  # else a repeated prompt costs nothing
        scheduler.max_num_batched_tokens = 1 << 16  # the whole prompt in one piece, as the pipeline does by itself
        pipelines.clear()  # one at a time: each holds its own copy of the weights
        pipelines[threads] = openvino_genai.LLMPipeline(
            options.model, "CPU", scheduler_config=scheduler, **properties
        )
        run(pipelines[threads], 32, 4)
    return pipelines[threads]


def run(pipe, prompt, generated):
    """Seconds to the first token, seconds of the tokens after it."""
    ids = np.array([[token_at(i, options.vocabulary) for i in range(prompt)]], np.int64)
    config = openvino_genai.GenerationConfig()
    config.max_new_tokens = generated
    config.min_new_tokens = generated
    config.ignore_eos = True
    config.do_sample = False
    start = time.perf_counter()
    result = pipe.generate(ov.Tensor(ids), config)
    total = time.perf_counter() - start
    metrics = result.perf_metrics
    times = metrics.raw_metrics.m_new_token_times
    if len(times) < generated:
        raise RuntimeError(f"{len(times)} tokens instead of {generated}")
    first = metrics.get_ttft().mean / 1e3
    return first, total - first


def prefill(tokens=512, depth=0, threads=2, flash=True, cache=None):
    if depth:
        raise ValueError("prefill at a depth is not supported")
    first, _ = run(pipeline(threads), tokens, 1)
    return {"seconds": first, "tokens": tokens}


def decode(tokens=128, depth=0, threads=2, flash=True, cache=None):
    _, rest = run(pipeline(threads), max(depth, 1), tokens + 1)
    return {"seconds": rest, "tokens": tokens}


serve(
    answers,
    {"ready": "openvino", "version": openvino_genai.__version__, "cache": options.cache, "properties": options.property},
    prefill=prefill, decode=decode,
)
