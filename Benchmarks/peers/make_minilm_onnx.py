"""Exports a BERT encoder folder to ONNX and fuses it by onnxruntime's own optimiser, both in f32.

usage: make_minilm_onnx.py MODEL_FOLDER OUT.onnx
"""

import sys

import torch
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from transformers import AutoModel

folder, out = sys.argv[1:]
model = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


class Hidden(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state


names = ["input_ids", "attention_mask", "token_type_ids"]
ids = torch.randint(1000, 2000, (2, 9))
inputs = (ids, torch.ones_like(ids), torch.zeros_like(ids))
torch.onnx.export(
    Hidden(),
    inputs,
    out,
    input_names=names,
    output_names=["hidden"],
    dynamic_axes={n: {0: "batch", 1: "length"} for n in [*names, "hidden"]},
    opset_version=17,
    dynamo=False,
)
options = FusionOptions("bert")
fused = optimizer.optimize_model(
    out,
    model_type="bert",
    num_heads=model.config.num_attention_heads,
    hidden_size=model.config.hidden_size,
    optimization_options=options,
    opt_level=1,
)
fused.save_model_to_file(out)
print(fused.get_fused_operator_statistics(), file=sys.stderr)
