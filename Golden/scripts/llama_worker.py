"""Talks to Benchmarks/peers/llama_worker (one JSON request a line, one answer a line)."""

import json
import struct
import subprocess
import tempfile

import numpy as np


class LlamaWorker:
    def __init__(self, program, model, *options):
        self.process = subprocess.Popen([program, model, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.check(self.process.stdout.readline())

    @staticmethod
    def check(line):
        answer = json.loads(line)
        if "error" in answer:
            raise SystemExit(f"llama_worker: {answer['error']}")
        return answer

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.check(self.process.stdout.readline())

    def ids(self, strings, special=False, wide=False):
        """Token ids of each byte string, no BOS or EOS added; in 32 bits where vocabularies are large."""
        with tempfile.TemporaryDirectory() as folder:
            paths = f"{folder}/in", f"{folder}/out"
            with open(paths[0], "wb") as f:
                f.write(struct.pack("<I", len(strings)))
                for s in strings:
                    f.write(struct.pack("<I", len(s)) + s)
            self.ask(op="tokenize", strings=paths[0], out=paths[1], special=special, wide=wide)
            data = open(paths[1], "rb").read()
        (count,) = struct.unpack_from("<I", data)
        result, at = [], 4
        for _ in range(count):
            (n,) = struct.unpack_from("<I", data, at)
            result.append(np.frombuffer(data, "<u4" if wide else "<u2", n, at + 4))
            at += 4 + (4 if wide else 2) * n
        return result
