"""Compares `venturi quantize` with llama.cpp's llama-quantize: perplexity of the files, or the time to make them.

usage: quantizers.py VENTURI MODEL.gguf FOLDER quality IMPORTANCE.gguf TEXT... [--types T,T] [--windows 40] [--threads 2]
       quantizers.py VENTURI MODEL.gguf FOLDER speed [IMPORTANCE.gguf] [--types T,T] [--turns 5] [--threads 2]

MODEL.gguf is an F16 or F32 file, FOLDER takes the files that are made. Both programs read the same importance file
(`venturi quantize MODEL --type Q4_K_M --dry-run --imatrix-text CALIBRATION --write-imatrix IMPORTANCE.gguf` makes it), and
`venturi eval perplexity` judges both files. Texts come from quantizer_texts.sh. Speed: whole programs in turns, medians.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time

HOME = os.environ.get("VENTURI_PEERS", os.path.expanduser("~/.cache/venturi/peers"))
TYPES = "Q4_0 Q4_K_M Q5_K_M Q6_K Q3_K_M IQ4_NL IQ4_XS Q2_K".split()


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def quantizers(options, kind, importance):
    extra = ["--imatrix", importance] if importance else []
    threads = str(options.threads)
    peer, ours = (os.path.join(options.folder, f"{who}.gguf") for who in ("peer", "ours"))
    yield peer, [f"{HOME}/build/llama.cpp/bin/llama-quantize", *extra, options.model, peer, kind, threads]
    yield ours, [options.venturi, "quantize", options.model, ours, "--type", kind, "-t", threads, *extra]


def perplexity(options, path, text):
    command = [options.venturi, "eval", "perplexity", "-m", path, "-f", text, "--windows", str(options.windows)]
    return json.loads(run([*command, "-t", str(options.threads), "--json"]))["perplexity"]


def quality(options):
    importance, *texts = options.files
    print("| type | importance | " + " | ".join(f"{os.path.basename(t)}: peer, ours, excess" for t in texts) + " | all |")
    print("|---" * (len(texts) + 3) + "|")
    source = [perplexity(options, options.model, text) for text in texts]
    print("| source | | " + " | ".join(f"{p:.3f}" for p in source) + " | |", flush=True)
    for kind in options.types.split(","):
        for given in (None, importance):
            found = []
            for path, command in quantizers(options, kind, given):
                run(command)
                found.append([perplexity(options, path, text) for text in texts])
                os.remove(path)
            logs = [math.log(ours / peer) for peer, ours in zip(*found)]
            cells = [f"{p:.3f} {o:.3f} {math.expm1(l):+.1%}" for p, o, l in zip(*found, logs)]
            whole = math.expm1(statistics.mean(logs))
            print(f"| {kind} | {'yes' if given else 'no'} | {' | '.join(cells)} | {whole:+.2%} |", flush=True)


def speed(options):
    importance = options.files[0] if options.files else None
    print("| type | importance | llama.cpp s | ours s | ratio |\n|---|---|---|---|---|")
    for kind in options.types.split(","):
        for given in [None] + ([importance] if importance else []):
            seconds = ([], [])
            for _ in range(options.turns):
                for times, (path, command) in zip(seconds, quantizers(options, kind, given)):
                    start = time.monotonic()
                    run(command)
                    times.append(time.monotonic() - start)
                    os.remove(path)
            peer, ours = map(statistics.median, seconds)
            print(f"| {kind} | {'yes' if given else 'no'} | {peer:.2f} | {ours:.2f} | {peer / ours:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("venturi")
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("what", choices=["quality", "speed"])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--types", default=",".join(TYPES))
    parser.add_argument("--windows", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    if options.what == "quality" and len(options.files) < 2:
        sys.exit(__doc__)
    os.makedirs(options.folder, exist_ok=True)
    {"quality": quality, "speed": speed}[options.what](options)


main()
