"""The loop that every Python worker shares: one JSON request a line on stdin, one JSON answer a line on stdout."""

import json
import os
import resource
import sys

MASK = (1 << 64) - 1


def token_at(i, vocabulary):
    """Token i of the fixed sequence that every engine is given (the same as in llama_worker.c)."""
    x = (i + 1) * 0x9E3779B97F4A7C15 & MASK
    x ^= x >> 31
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 29
    return x % vocabulary


def quiet_stdout():
    """Keeps stdout for answers: whatever a library prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def serve(answers, ready, **operations):
    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    answer(ready)
    for line in sys.stdin:
        try:
            request = json.loads(line)
            name = request.pop("op")
            if name == "quit":
                return
            if name == "info":
                answer(ready | {"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
            elif name in operations:
                answer(operations[name](**request))
            else:
                answer({"error": f"unknown op {name}"})
        except Exception as error:  # a failed run is an answer, not the end of the worker
            answer({"error": f"{type(error).__name__}: {error}"})
