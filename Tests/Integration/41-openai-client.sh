#!/bin/bash
# The server as the official Python client of the OpenAI interface has it, on the real models.
# usage: 41-openai-client.sh [PATH OF venturi]
set -euo pipefail
. "$(dirname "$0")/server/start.sh"
client python
start_server --embedder minilm --parallel 2 --max-queued 0

"$client" - "$url" <<'PY' || fail 'the client is not content'
import asyncio, json, sys, time
import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

base = sys.argv[1] + "/v1"
client = OpenAI(base_url=base, api_key="client-key", max_retries=0, timeout=120)
ask = dict(model="smollm2", messages=[{"role": "user", "content": "What is the capital of France?"}], temperature=0)

models = [model.id for model in client.models.list()]
assert models == ["smollm2", "minilm"], models
assert client.models.retrieve("smollm2").meta["n_ctx_train"] == 8192

# Whole, and the same as a stream.
whole = client.chat.completions.create(**ask, max_tokens=24)
text = whole.choices[0].message.content
assert "Paris" in text and whole.choices[0].finish_reason in ("stop", "length"), whole
assert whole.system_fingerprint and whole.object == "chat.completion" and abs(whole.created - time.time()) < 600
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
assert whole.usage.prompt_tokens_details.cached_tokens >= 0
chunks = list(client.chat.completions.create(**ask, max_completion_tokens=24, stream=True, stream_options={"include_usage": True}))
assert chunks[0].choices[0].delta.role == "assistant"
assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text
assert len({(chunk.id, chunk.created, chunk.model, chunk.system_fingerprint) for chunk in chunks}) == 1
assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
assert all(chunk.usage is None for chunk in chunks[:-1])
assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
assert all(not chunk.usage for chunk in client.chat.completions.create(**ask, max_tokens=2, stream=True))

# Several answers, seeds, stops, log-probabilities.
two = [client.chat.completions.create(model="smollm2", messages=ask["messages"], n=2, seed=5, max_tokens=12, temperature=1.2) for _ in range(2)]
assert [choice.message.content for choice in two[0].choices] == [choice.message.content for choice in two[1].choices]
assert [choice.index for choice in two[0].choices] == [0, 1]
stopped = client.chat.completions.create(**ask, stop=["Paris"], max_tokens=24)
assert "Paris" not in stopped.choices[0].message.content and stopped.choices[0].finish_reason == "stop"
told = client.chat.completions.create(**ask, logprobs=True, top_logprobs=3, max_tokens=5).choices[0].logprobs.content
assert len(told) == 5 and all(len(token.top_logprobs) == 3 and token.logprob <= 0 for token in told)
assert told[0].token == told[0].top_logprobs[0].token and bytes(told[0].bytes).decode() == told[0].token

# Forms.
class City(BaseModel):
    name: str
    inhabitants: int

parsed = client.chat.completions.parse(**ask, response_format=City, max_tokens=100)
assert isinstance(parsed.choices[0].message.parsed, City), parsed
anything = client.chat.completions.create(**ask, response_format={"type": "json_object"}, max_tokens=200)
assert anything.choices[0].finish_reason == "length" or isinstance(json.loads(anything.choices[0].message.content), dict)
word = client.chat.completions.create(**ask, extra_body={"grammar": 'root ::= "yes" | "no"', "top_k": 5})
assert word.choices[0].message.content in ("yes", "no")

# Text completions and vectors (the client asks for base64 unless it is told otherwise).
plain = client.completions.create(model="smollm2", prompt="The capital of France is", temperature=0, max_tokens=3, logprobs=2)
assert plain.choices[0].text.startswith(" Paris") and len(plain.choices[0].logprobs.tokens) == 3
both = client.completions.create(model="smollm2", prompt=["One", "Two"], max_tokens=3, stream=False)
assert [choice.index for choice in both.choices] == [0, 1]
packed = client.embeddings.create(model="minilm", input=["water", "pipe"])
floats = client.embeddings.create(model="minilm", input=["water", "pipe"], encoding_format="float")
assert [entry.index for entry in packed.data] == [0, 1] and len(packed.data[0].embedding) == 384
assert all(abs(a - b) < 1e-6 for a, b in zip(packed.data[1].embedding, floats.data[1].embedding))

# Tools: a model that must call does, as the schema says, whole and as a stream, and goes on from the result.
weather = {"type": "function", "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"enum": ["C", "F"]}},
    "required": ["city", "unit"]}}}
now = {"type": "function", "function": {"name": "now", "description": "The time."}}
asked = dict(model="smollm2", messages=[{"role": "user", "content": "What is the weather in Paris?"}], temperature=0, tools=[weather, now])
named = {"type": "function", "function": {"name": "get_weather"}}
for choice in ("required", named):
    whole = client.chat.completions.create(**asked, tool_choice=choice, parallel_tool_calls=False, max_tokens=200)
    message = whole.choices[0].message
    assert whole.choices[0].finish_reason == "tool_calls" and message.content is None and len(message.tool_calls) == 1, whole
    call = message.tool_calls[0]
    arguments = json.loads(call.function.arguments)
    assert call.type == "function" and call.id.startswith("call_"), call
    if call.function.name == "get_weather":
        assert isinstance(arguments["city"], str) and arguments["unit"] in ("C", "F") and len(arguments) == 2, arguments
    else:
        assert choice == "required" and call.function.name == "now" and arguments == {}, call
    chunks = list(client.chat.completions.create(**asked, tool_choice=choice, parallel_tool_calls=False, max_tokens=200, stream=True))
    deltas = [delta for chunk in chunks for delta in chunk.choices[0].delta.tool_calls or []]
    assert {delta.index for delta in deltas} == {0} and deltas[0].id and deltas[0].type == "function"
    assert deltas[0].function.name == call.function.name and all(delta.id is None for delta in deltas[1:])
    assert "".join(delta.function.arguments for delta in deltas) == call.function.arguments and len(deltas) > 2
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
history = asked["messages"] + [message.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": call.id, "content": "It is 21 C and sunny in Paris."}]
after = client.chat.completions.create(**{**asked, "messages": history}, tool_choice="none", max_tokens=24)
assert after.choices[0].message.content and not after.choices[0].message.tool_calls, after
free = client.chat.completions.create(**asked, max_tokens=64)
assert free.choices[0].message.content or free.choices[0].message.tool_calls, free
with client.chat.completions.stream(**asked, tool_choice=named, max_tokens=200) as stream:
    kinds = {event.type for event in stream}
    final = stream.get_final_completion()
assert "tool_calls.function.arguments.done" in kinds and json.loads(final.choices[0].message.tool_calls[0].function.arguments), kinds

# Responses: whole, as typed events, bound to a form, with tools, and with a conversation of items.
question = dict(model="smollm2", input="What is the capital of France?", temperature=0, max_output_tokens=24)
response = client.responses.create(**question)
assert response.output_text == text and response.object == "response" and response.status in ("completed", "incomplete"), response
assert response.usage.input_tokens > 0 and response.usage.output_tokens <= 24 and response.store is False
events = list(client.responses.create(**question, stream=True))
assert [event.sequence_number for event in events] == list(range(len(events)))
assert [event.type for event in events[:4]] == ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]
assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == text
assert events[-1].type == f"response.{response.status}" and events[-1].response.output_text == text
parsed = client.responses.parse(**{**question, "max_output_tokens": 100}, text_format=City)
assert isinstance(parsed.output_parsed, City), parsed
tools = [{**tool["function"], "type": "function", "strict": False} for tool in asked["tools"]]
called = client.responses.create(**{**question, "input": "What is the weather in Paris?", "max_output_tokens": 200}, tools=tools, tool_choice={"type": "function", "name": "get_weather"})
assert called.status == "completed" and [item.type for item in called.output] == ["function_call"], called
assert json.loads(called.output[0].arguments)["unit"] in ("C", "F") and called.output[0].call_id.startswith("call_")
with client.responses.stream(**{**question, "input": "What is the weather in Paris?", "max_output_tokens": 200}, tools=tools, tool_choice="required", parallel_tool_calls=False) as stream:
    kinds = [event.type for event in stream]
    final = stream.get_final_response()
assert "response.function_call_arguments.done" in kinds and kinds[-1] == "response.completed" and final.output[0].type == "function_call", kinds
items = [{"role": "user", "content": "What is the weather in Paris?"}, called.output[0].model_dump(exclude_none=True),
         {"type": "function_call_output", "call_id": called.output[0].call_id, "output": "21 C, sunny"}]
assert client.responses.create(**{**question, "input": items}, instructions="Be brief.").output_text

# Errors are the client's own kinds.
def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")

error = refused(openai.BadRequestError, lambda: client.chat.completions.create(**{**ask, "temperature": -1}))
assert error.param == "temperature" and error.type == "invalid_request_error", error
error = refused(openai.BadRequestError, lambda: client.completions.create(model="smollm2", prompt="word " * 9000))
assert error.code == "context_length_exceeded" and "8192" in error.message and "9001" in error.message, error.message
error = refused(openai.BadRequestError, lambda: client.responses.create(**question, previous_response_id="resp_1"))
assert error.param == "previous_response_id", error
error = refused(openai.BadRequestError, lambda: client.responses.create(**question, store=True))
assert error.param == "store", error
error = refused(openai.BadRequestError, lambda: client.chat.completions.create(**{**asked, "tools": [{"type": "function", "function": {"name": "a b"}}]}))
assert error.param == "tools[0].function.name", error
error = refused(openai.NotFoundError, lambda: client.chat.completions.create(**{**ask, "model": "gpt-none"}))
assert error.code == "model_not_found"
refused(openai.AuthenticationError, lambda: OpenAI(base_url=base, api_key="wrong", max_retries=0).models.list())

# Streams that are left, and more than the server takes on at once.
for _ in range(5):
    stream = client.chat.completions.create(**{**ask, "messages": [{"role": "user", "content": "Tell a story."}]}, stream=True, extra_body={"ignore_eos": True})
    next(iter(stream))
    stream.close()
    # The server learns of it, and the place is free, a moment later.
    time.sleep(0.2)

async def many():
    several = AsyncOpenAI(base_url=base, api_key="client-key", max_retries=0, timeout=120)
    calls = [several.chat.completions.create(**ask, max_tokens=24) for _ in range(12)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    good = [result.choices[0].message.content for result in results if not isinstance(result, Exception)]
    bad = [result for result in results if isinstance(result, Exception)]
    assert good and set(good) == {text}, good
    assert bad and all(isinstance(error, openai.RateLimitError) and int(error.response.headers["retry-after"]) >= 1 for error in bad), bad
    patient = AsyncOpenAI(base_url=base, api_key="client-key", max_retries=12, timeout=120)
    answers = await asyncio.gather(*[patient.chat.completions.create(**ask, max_tokens=4) for _ in range(4)])
    assert len(answers) == 4

time.sleep(0.5)
asyncio.run(many())
PY

kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
pid=
[ "$status" = 0 ] || fail "exit code $status"
echo "openai client: all as expected"
