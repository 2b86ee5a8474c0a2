"""Mean KL(F32 reference ‖ llama.cpp) over a dump of make_perplexity.py, into Golden/perplexity.json.

usage: measure_kl.py MODEL.gguf LLAMA_WORKER DUMP_FILE OUT.json
"""

import json
import os
import sys

from llama_worker import LlamaWorker


def main():
    path, program, dump, out = sys.argv[1:]
    worker = LlamaWorker(program, path, "--ctx", "512")
    record = json.load(open(out))
    entry = record["models"][os.path.basename(path)]
    for flash in (True, False):
        answer = worker.ask(op="kl", reference=dump, flash=flash, threads=2)
        answer.pop("seconds")
        entry["llama.cpp flash" if flash else "llama.cpp"] = answer
    with open(out, "w") as f:
        f.write(json.dumps(record, indent=1) + "\n")
    print(json.dumps(entry))


main()
