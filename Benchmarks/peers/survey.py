"""Finds each peer's best configuration: interleaved runs of every worker on one model, medians.

usage: survey.py MODEL.gguf [--rounds 3] [--threads 2] [--peers llama.cpp,ik,ik-repack,openvino,openvino-u8]
                 [--prefill 512] [--decode 64] [--depth 0,2048]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.environ.get("VENTURI_PEERS", os.path.expanduser("~/.cache/venturi/peers"))


def commands(model):
    python = lambda script, *more: [sys.executable, f"{HERE}/{script}", model, *more]
    return {
        "llama.cpp": [f"{HOME}/bin/llama_worker", model],
        "ik": python("ik_llama_worker.py"),
        "ik-repack": python("ik_llama_worker.py", "--repack"),
        "openvino": python("openvino_worker.py"),
        "openvino-u8": python("openvino_worker.py", "--cache", "u8"),
    }


class Worker:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()

    def rate(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error":"the worker ended"}')
        return answer["tokens"] / answer["seconds"] if "seconds" in answer else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", default="llama.cpp,ik,ik-repack,openvino")
    parser.add_argument("--prefill", type=int, default=512)
    parser.add_argument("--decode", type=int, default=64)
    parser.add_argument("--depth", default="0")
    options = parser.parse_args()
    available = commands(options.model)
    cases = [
        {"op": op, "tokens": tokens, "depth": int(depth), "threads": options.threads}
        for depth in options.depth.split(",")
        for op, tokens in (("prefill", options.prefill), ("decode", options.decode))
        if tokens > 0
    ]
    rates = {}
    workers = {name: Worker(available[name]) for name in options.peers.split(",")}
    for case in cases:
        for round_number in range(options.rounds + 1):
            for name, worker in workers.items():
                for flash in (True, False) if "openvino" not in name else (True,):
                    rate = worker.rate(case | {"flash": flash})
                    if round_number > 0 and rate:
                        key = case["op"], case["tokens"], case["depth"], name + ("" if flash else " (flash off)")
                        rates.setdefault(key, []).append(rate)
    for (op, tokens, depth, name), values in rates.items():
        print(f"{op} {tokens} @ {depth}  {name:24} {statistics.median(values):8.1f} tok/s ({min(values):.1f}–{max(values):.1f})", flush=True)


main()
