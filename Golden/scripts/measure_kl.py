"""llama.cpp's perplexity on the text and mean KL(F32 reference ‖ llama.cpp) over a dump of make_perplexity.py.

usage: measure_kl.py MODEL.gguf LLAMA_WORKER DUMP_FILE TEXT OUT.json
"""

import json
import os
import sys

from llama_worker import LlamaWorker


def main():
    path, program, dump, text, out = sys.argv[1:]
    worker = LlamaWorker(program, path, "--ctx", "512")
    record = json.load(open(out))
    entry = record["models"][os.path.basename(path)]
    for flash in (True, False):
        kl = worker.ask(op="kl", reference=dump, flash=flash, threads=2)
        entry["llama.cpp flash" if flash else "llama.cpp"] = {k: v for k, v in kl.items() if k != "seconds"}
    whole = worker.ask(op="perplexity", text=text, flash=True, threads=2)
    entry["llama.cpp flash"] |= {"wholePerplexity": whole["perplexity"], "wholeTokens": whole["tokens"]}
    with open(out, "w") as f:
        f.write(json.dumps(record, indent=1) + "\n")
    print(json.dumps(entry))


main()
