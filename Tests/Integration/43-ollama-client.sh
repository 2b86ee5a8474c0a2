#!/bin/bash
# The server as the official Python client of ollama has it, on the real models.
# usage: 43-ollama-client.sh [PATH OF venturi]
set -euo pipefail
. "$(dirname "$0")/server/start.sh"
client python
start_server --embedder minilm

"$client" - "$url" <<'PY' || fail 'the client is not content'
import asyncio, json, sys, time
import ollama
from pydantic import BaseModel

headers = {"Authorization": "Bearer client-key"}
client = ollama.Client(host=sys.argv[1], headers=headers, timeout=120)
messages = [{"role": "user", "content": "What is the capital of France?"}]
greedy = {"temperature": 0, "num_predict": 24}

# Models.
assert [model.model for model in client.list().models] == ["smollm2", "minilm"]
details = client.list().models[0].details
assert details.family == "llama" and details.parameter_size == "134.5M" and details.quantization_level == "Q4_1", details
running = client.ps().models
assert [model.context_length for model in running] == [8192, 256] and all(model.expires_at.year > 2100 for model in running)
shown = client.show("smollm2:latest")
assert shown.capabilities == ["completion"] and shown.modelinfo["llama.context_length"] == 8192 and "im_start" in shown.template
assert client.show("minilm").capabilities == ["embedding"]

# Whole, and the same as a stream; /api/generate says it too.
whole = client.chat("smollm2", messages, options=greedy)
assert "Paris" in whole.message.content and whole.message.role == "assistant" and whole.done and whole.done_reason in ("stop", "length"), whole
assert whole.prompt_eval_count > 5 and whole.eval_count > 5 and whole.load_duration == 0, whole
assert whole.total_duration >= whole.prompt_eval_duration + whole.eval_duration > 1000, whole
parts = list(client.chat("smollm2:latest", messages, options=greedy, stream=True))
assert "".join(part.message.content for part in parts) == whole.message.content and len(parts) > 5
assert not any(part.done for part in parts[:-1]) and parts[-1].done_reason == whole.done_reason and parts[-1].eval_count == whole.eval_count
said = client.generate("smollm2", messages[0]["content"], options=greedy)
assert said.response == whole.message.content
raw = client.generate("smollm2", "The capital of France is", raw=True, options={"temperature": 0, "num_predict": 3})
assert raw.response.startswith(" Paris") and raw.done_reason == "length" and raw.eval_count == 3, raw
system = client.generate("smollm2", "Who are you?", system="You are a lighthouse.", options=greedy)
assert system.prompt_eval_count != said.prompt_eval_count

# Options, forms, log-probabilities.
drawn = [client.chat("smollm2", messages, options={"seed": 5, "temperature": 1.2, "top_k": 50, "top_p": 0.9, "min_p": 0.01, "repeat_penalty": 1.1, "num_predict": 12}) for _ in range(2)]
assert drawn[0].message.content == drawn[1].message.content and drawn[0].eval_count == 12
stopped = client.chat("smollm2", messages, options={**greedy, "stop": ["Paris"]})
assert "Paris" not in stopped.message.content and stopped.done_reason == "stop"

class City(BaseModel):
    name: str
    inhabitants: int

formed = client.chat("smollm2", messages, format=City.model_json_schema(), options={"temperature": 0, "num_predict": 100})
assert City.model_validate_json(formed.message.content), formed
anything = client.chat("smollm2", messages, format="json", options={"temperature": 0, "num_predict": 200})
assert anything.done_reason == "length" or isinstance(json.loads(anything.message.content), dict)
told = client.chat("smollm2", messages, options={"temperature": 0, "num_predict": 3}, logprobs=True, top_logprobs=2).logprobs
assert len(told) == 3 and all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in told), told

# The model is there; vectors.
assert client.generate("smollm2").done_reason == "load" and client.chat("smollm2").done_reason == "load"
vectors = client.embed("minilm", ["water", "pipe"])
assert len(vectors.embeddings) == 2 and len(vectors.embeddings[0]) == 384 and vectors.prompt_eval_count == 6, vectors
assert abs(sum(x * x for x in vectors.embeddings[0]) - 1) < 1e-4

# Errors are the client's own kind, with what was wrong.
def refused(status, words, call):
    try:
        call()
    except ollama.ResponseError as error:
        assert error.status_code == status and all(word in error.error for word in words), error
        return
    raise AssertionError(f"no error {status}")

refused(404, ["none", "smollm2"], lambda: client.chat("none", messages))
refused(400, ["options.temperature"], lambda: client.chat("smollm2", messages, options={"temperature": -1}))
refused(400, ["9001", "8192"], lambda: client.generate("smollm2", "word " * 9000, raw=True))
refused(400, ["num_ctx", "8192"], lambda: client.chat("smollm2", messages, options={"num_ctx": 100000}))
refused(400, ["256"], lambda: client.embed("minilm", "word " * 300))
refused(400, ["no embedding model"], lambda: client.embed("smollm2", "x"))
refused(404, ["/api/pull"], lambda: client.pull("smollm2"))
refused(404, ["/api/delete"], lambda: client.delete("smollm2"))
refused(401, ["key"], lambda: ollama.Client(host=sys.argv[1]).list())

# Streams that are left, and several at once.
for _ in range(3):
    stream = client.chat("smollm2", [{"role": "user", "content": "Tell a story."}], stream=True)
    next(stream)
    stream.close()

async def many():
    several = ollama.AsyncClient(host=sys.argv[1], headers=headers, timeout=120)
    answers = await asyncio.gather(*[several.chat("smollm2", messages, options=greedy) for _ in range(8)])
    assert {answer.message.content for answer in answers} == {whole.message.content}

asyncio.run(many())
PY

for _ in $(seq 100); do
  metrics=$(curl -sS -H 'X-Api-Key: client-key' "$url/metrics")
  ! grep -q '^venturi_generations_running 0' <<<"$metrics" || break
  sleep 0.1
done
grep -q '^venturi_generations_running 0' <<<"$metrics" || fail 'goes on for nobody'
kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
pid=
[ "$status" = 0 ] || fail "exit code $status"
echo "ollama client: all as expected"
