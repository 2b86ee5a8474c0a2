"""Text generation by transformers' models in PyTorch, with static batches that are padded on the left: how a pipeline serves.

usage: transformers_batches_worker.py MODEL

The sizes are those of the GGUF file; the weights are random, as speed does not depend on them, and f32.
"""

import sys
import time

from worker import quiet_stdout, serve, token_at

answers = quiet_stdout()

import torch  # noqa: E402
import transformers  # noqa: E402
from gguf import GGUFReader  # noqa: E402

torch.set_grad_enabled(False)
transformers.logging.set_verbosity_error()


def load(path):
    reader = GGUFReader(path)
    field = lambda name: reader.fields[name].contents()
    if field("general.architecture") != "llama":
        raise ValueError("not a model of the Llama architecture")
    vocabulary = next(int(t.shape[1]) for t in reader.tensors if t.name == "token_embd.weight")
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"),
        num_hidden_layers=field("llama.block_count"),
        num_attention_heads=field("llama.attention.head_count"),
        num_key_value_heads=field("llama.attention.head_count_kv"),
        max_position_embeddings=field("llama.context_length"),
        tie_word_embeddings=not any(t.name == "output.weight" for t in reader.tensors),
        pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )
    torch.manual_seed(0)
    return transformers.LlamaForCausalLM(config).eval(), vocabulary


model, vocabulary = load(sys.argv[1])


def batches(requests, batch, threads):
    """Seconds of all requests, [prompt tokens, output tokens] each, `batch` at a time in their order."""
    torch.set_num_threads(threads)
    seconds, tokens = 0.0, 0
    # The first batch warms up.
    for number in range(-1, (len(requests) + batch - 1) // batch):
        part = requests[max(0, number) * batch:][:batch]
        longest, output = max(p for p, _ in part), max(o for _, o in part)
        ids = torch.zeros(len(part), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, (prompt, _) in enumerate(part):
            start = max(0, number) * batch + row
            ids[row, longest - prompt:] = torch.tensor([3 + token_at(1000 * start + i, vocabulary - 3) for i in range(prompt)])
            mask[row, longest - prompt:] = 1
        begin = time.monotonic()
        model.generate(
            ids, attention_mask=mask, do_sample=False, min_new_tokens=output if number >= 0 else 2,
            max_new_tokens=output if number >= 0 else 2)
        if number >= 0:
            seconds += time.monotonic() - begin
            tokens += sum(o for _, o in part)
    return {"seconds": seconds, "tokensPerSecond": tokens / seconds}


serve(answers, {"ready": True, "version": transformers.__version__}, batches=batches)
