"""Makes Golden/logprobs/NAME.json: teacher-forced logprobs of the F32 reference over prompts and their greedy answers.

usage: make_logprobs.py MODEL.gguf LLAMA_WORKER OUT.json [PROMPTS]      (layout in Golden/README.md)
"""

import json
import os
import sys

import numpy as np
from llama_reference import Llama, log_softmax
from llama_worker import LlamaWorker

GENERATED = 64
SYSTEM = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"


def chat(text):
    return f"{SYSTEM}<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"


PROMPTS = [
    "The capital of France is",
    chat("What is the capital of Norway, and what is it known for?"),
    "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
    "Shopping list:\n- milk\n- eggs\n- bread\n-",
    chat("Write a short poem about the sea."),
    "Once upon a time, in a village at the foot of a great mountain, there lived",
    "#include <stdio.h>\n\nint main(void) {\n    for (int i = 0; i < 10; i++) {\n",
    "1, 2, 4, 8, 16, 32,",
    chat("Explain in one sentence why the sky is blue."),
    "The mitochondrion is an organelle that",
    "{\"name\": \"Alice\", \"age\": 30, \"city\":",
    "Q: How many legs does a spider have?\nA:",
    chat("Give me three tips for learning a new language."),
    "In 1969, the first human beings to walk on the Moon were",
    "SELECT name, COUNT(*) FROM orders WHERE",
    "Photosynthesis is the process by which plants",
    chat("Translate to French: Good morning, how are you?"),
    "La Révolution française a commencé en",
    "| Planet | Moons |\n|---|---|\n| Earth | 1 |\n| Mars |",
    "Dear Sir or Madam,\n\nI am writing to you about",
]


def main():
    path, program, out = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else len(PROMPTS)
    prompt_ids = LlamaWorker(program, path, "--vocab-only").ids([p.encode() for p in PROMPTS[:count]], special=True)
    model = Llama(path)
    cases = []
    for text, ids in zip(PROMPTS, prompt_ids):
        ids = [int(i) for i in ids]
        model.clear()
        rows = [log_softmax(model.forward(ids))]
        answer = []
        while len(answer) < GENERATED:
            answer.append(int(rows[-1][-1].argmax()))
            rows.append(log_softmax(model.forward(answer[-1:])))
        logprobs = np.concatenate(rows)[:-1]  # row i predicts token i + 1
        tokens = ids + answer
        positions = []
        for i, row in enumerate(logprobs):
            top = np.argpartition(-row, 5)[:5]
            top = top[np.argsort(-row[top], kind="stable")]
            positions.append({
                "next": round(float(row[tokens[i + 1]]), 5),
                "margin": round(float(row[top[0]] - row[top[1]]), 5),
                "topIds": [int(t) for t in top],
                "topLogprobs": [round(float(row[t]), 5) for t in top],
            })
        cases.append({"text": text, "promptIds": ids, "greedyIds": answer, "positions": positions})
        print(f"{len(cases)}/{count}", file=sys.stderr, flush=True)
    with open(out, "w") as f:
        f.write('{"model": %s, "vocabulary": %d, "generated": %d, "cases": [\n' % (json.dumps(os.path.basename(path)), len(model.embedding), GENERATED))
        lines = []
        for case in cases:
            positions = ",\n".join(json.dumps(p, separators=(",", ":")) for p in case.pop("positions"))
            lines.append(json.dumps(case, ensure_ascii=True)[:-1] + ', "positions": [\n' + positions + "]}")
        f.write(",\n".join(lines) + "\n]}\n")


main()
