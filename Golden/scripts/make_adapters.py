"""LoRA adapters as the `peft` library saves them, and what it computes with them.

usage: make_adapters.py ARCHITECTURES OUT        (Golden/architectures Golden/adapters)
       make_adapters.py --load ARCHITECTURES BASE FOLDER [EXPECTED]
       make_adapters.py --read GGUF

The first makes the fixtures: small adapters of the tiny models of Golden/architectures, with random A and B (peft begins B
at zero). `expected.json` holds for each module its rank, its scale and, from the change of the weight that peft itself
computes, the sum of all elements, of their magnitudes and the element at [1, 2]; `expected.bin` the logits of each
position of `prompt` (f32 [prompt, width]), by the reference model in float64 with the adapter beside its weights.

The second loads a folder that this engine wrote: prints what the first would put into expected.json, and the largest
difference of its logits from EXPECTED's, the expected.bin of the adapter that was read and written again. The third reads a
GGUF adapter with gguf's reader and prints its keys and tensors.

Pinned versions: Benchmarks/peers/requirements.txt, and peft 0.21.2.
"""

import json
import os
import shutil
import sys

import numpy as np

PROMPT = 16
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
LLAMA = ATTENTION + ["gate_proj", "up_proj", "down_proj"]

CASES = {
    "llama3": ("llama3", 1, dict(r=4, lora_alpha=8, target_modules=LLAMA + ["lm_head"])),
    "llama3_qv": ("llama3", 2, dict(r=2, lora_alpha=5, target_modules=["q_proj", "v_proj"])),
    "llama3_patterns": ("llama3", 3, dict(
        r=4, lora_alpha=8, target_modules=LLAMA, use_rslora=True, rank_pattern={"down_proj": 6, "layers.1.self_attn.k_proj": 1},
        alpha_pattern={"gate_proj": 3, "^model.layers.0.self_attn.q_proj": 2})),
    "llama3_half": ("llama3", 4, dict(r=3, lora_alpha=6, target_modules=["k_proj", "up_proj"])),
    "llama_linear": ("llama_linear", 5, dict(r=4, lora_alpha=8, target_modules=LLAMA)),
    "qwen3": ("qwen3", 6, dict(r=4, lora_alpha=8, target_modules=LLAMA)),
    "gemma2": ("gemma2", 7, dict(r=4, lora_alpha=8, target_modules=LLAMA)),
    "phi3": ("phi3", 8, dict(r=4, lora_alpha=8, target_modules=["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])),
    "gpt2": ("gpt2", 9, dict(r=4, lora_alpha=8, target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True)),
    "gpt_neox": ("gpt_neox", 10, dict(
        r=4, lora_alpha=8, target_modules=["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"])),
}


def modules(model):
    from peft.tuners.lora import LoraLayer

    prefix = "base_model.model."
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer):
            change = module.get_delta_weight("default").double()
            if getattr(module, "fan_in_fan_out", False):
                change = change.T
            found[name[len(prefix):]] = dict(
                rank=module.r["default"], scale=module.scaling["default"], sum=float(change.sum()),
                magnitude=float(change.abs().sum()), at12=float(change[1, 2]))
    return found


def logits(model, prompt):
    import torch

    with torch.no_grad():
        return model(input_ids=torch.tensor([prompt]), use_cache=False).logits[0].double().numpy()


def base(folder):
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()


def make(architectures, out):
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model

    for name, (source, seed, settings) in CASES.items():
        folder = f"{out}/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        draw = np.random.default_rng(seed)
        prompt = [int(x) for x in draw.integers(3, 96, PROMPT)]
        model = base(f"{architectures}/{source}")
        plain = logits(model, prompt)
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings)).float()
        with torch.no_grad():
            for key, value in sorted(model.named_parameters()):
                if "lora_A" in key:
                    value.copy_(torch.from_numpy(draw.standard_normal(tuple(value.shape)) / np.sqrt(value.shape[1])))
                elif "lora_B" in key:
                    value.copy_(torch.from_numpy(0.5 * draw.standard_normal(tuple(value.shape)) / np.sqrt(value.shape[1])))
        if name == "llama3_half":
            model = model.bfloat16()
        model.peft_config["default"].base_model_name_or_path = source
        # Else the weights of an adapted head are saved with the adapter.
        model.save_pretrained(folder, save_embedding_layers=False)
        os.remove(folder + "/README.md")
        model = PeftModel.from_pretrained(base(f"{architectures}/{source}"), folder, autocast_adapter_dtype=False).eval()
        for module in model.modules():
            if hasattr(module, "lora_A"):
                module.lora_A.double(), module.lora_B.double()
        adapted = logits(model, prompt)
        with open(folder + "/expected.json", "w") as file:
            json.dump(dict(base=source, prompt=prompt, width=adapted.shape[1], modules=modules(model)), file)
            file.write("\n")
        adapted.astype("<f4").tofile(folder + "/expected.bin")
        print(name, "logits move by", float(np.abs(adapted - plain).max()), "of", float(np.abs(plain).max()),
              sum(os.path.getsize(f"{folder}/{f}") for f in os.listdir(folder)), "bytes")


def load(architectures, source, folder, expected=None):
    from peft import PeftModel

    model = PeftModel.from_pretrained(base(f"{architectures}/{source}"), folder, autocast_adapter_dtype=False).eval()
    for module in model.modules():
        if hasattr(module, "lora_A"):
            module.lora_A.double(), module.lora_B.double()
    print(json.dumps(modules(model), indent=1))
    if expected:
        with open(os.path.dirname(expected) + "/expected.json") as file:
            told = json.load(file)
        values = np.fromfile(expected, "<f4").reshape(PROMPT, told["width"])
        print("largest difference of a logit:", float(np.abs(logits(model, told["prompt"]) - values).max()))


def read(path):
    from gguf import GGUFReader

    reader = GGUFReader(path)
    for key, field in reader.fields.items():
        print(key, field.contents())
    for tensor in reader.tensors:
        print(tensor.name, tensor.tensor_type.name, tensor.shape.tolist(), float(np.abs(tensor.data).sum()))


if __name__ == "__main__":
    if sys.argv[1] == "--load":
        load(*sys.argv[2:])
    elif sys.argv[1] == "--read":
        read(sys.argv[2])
    else:
        make(*sys.argv[1:])
