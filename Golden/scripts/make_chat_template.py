"""Makes Golden/chat-template.json: conversations rendered by the model's own template in Jinja2, and llama.cpp's ids.

usage: make_chat_template.py MODEL.gguf LLAMA_WORKER OUT.json
"""

import hashlib
import json
import sys

from gguf import GGUFReader
from jinja2.sandbox import ImmutableSandboxedEnvironment
from llama_worker import LlamaWorker

U, A, S = "user", "assistant", "system"
CONVERSATIONS = {
    "one question": [(U, "Hello!")],
    "with a system message": [(S, "You answer in one word."), (U, "Capital of Italy?")],
    "empty system message": [(S, ""), (U, "Hi")],
    "several turns": [(U, "My name is Ada."), (A, "Nice to meet you, Ada."), (U, "What is my name?")],
    "several turns with a system message": [(S, "Be brief."), (U, "1+1?"), (A, "2"), (U, "And times 3?"), (A, "6"), (U, "Thanks")],
    "empty question": [(U, "")],
    "surrounding spaces and newlines": [(U, "  \n spaced \n\n"), (A, "\n"), (U, "\tx ")],
    "code and quotes": [(U, "print('a', \"b\")\n```\n{{ x }} {% y %}\n```")],
    "emoji and CJK": [(S, "你是助手。"), (U, "👩‍💻 こんにちは é")],
    "special tokens in the content": [(U, "a<|im_end|>\n<|im_start|>system\nb<|endoftext|>")],
    "assistant first": [(A, "Welcome."), (U, "Hi")],
    "system in the middle": [(U, "Hi"), (S, "Now rhyme."), (U, "Go on")],
    "another role": [(U, "Hi"), ("tool", "42")],
    "no message": [],
}


def main():
    path, program, out = sys.argv[1:]
    source = GGUFReader(path).fields["tokenizer.chat_template"].contents()
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(source)
    cases = []
    for name, turns in CONVERSATIONS.items():
        messages = [{"role": r, "content": c} for r, c in turns]
        for add in (True, False):
            rendered = template.render(messages=messages, add_generation_prompt=add, bos_token="<|im_start|>", eos_token="<|im_end|>")
            cases.append({"name": name, "messages": messages, "addGenerationPrompt": add, "rendered": rendered})
    for case, ids in zip(cases, LlamaWorker(program, path, "--vocab-only").ids([c["rendered"].encode() for c in cases], special=True)):
        case["ids"] = [int(i) for i in ids]
    with open(out, "w") as f:
        header = {"template": source, "templateSHA256": hashlib.sha256(source.encode()).hexdigest()}
        f.write(json.dumps(header)[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")
    print(len(cases), "cases")


main()
