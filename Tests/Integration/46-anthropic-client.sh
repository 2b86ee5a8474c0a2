#!/bin/bash
# The server as the official Python client of Anthropic's interface has it, on the real model.
# usage: 46-anthropic-client.sh [PATH OF venturi]
set -euo pipefail
. "$(dirname "$0")/server/start.sh"
client python
start_server

"$client" - "$url" <<'PY' || fail 'the client is not content'
import sys
import anthropic
from anthropic import Anthropic

client = Anthropic(base_url=sys.argv[1], api_key="client-key", max_retries=0, timeout=120)
ask = dict(model="smollm2", max_tokens=24, messages=[{"role": "user", "content": "What is the capital of France?"}], extra_body={"temperature": 0})

# Whole, and the same as a stream.
whole = client.messages.create(**ask)
text = whole.content[0].text
assert "Paris" in text and whole.type == "message" and whole.role == "assistant" and len(whole.content) == 1, whole
assert whole.stop_reason in ("end_turn", "max_tokens") and whole.stop_sequence is None
assert whole.usage.input_tokens + whole.usage.cache_read_input_tokens > 0 and whole.usage.output_tokens <= 24
events = list(client.messages.create(**ask, stream=True))
kinds = [event.type for event in events]
assert kinds[:2] == ["message_start", "content_block_start"] and kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"], kinds
assert "".join(event.delta.text for event in events if event.type == "content_block_delta") == text
assert events[-2].delta.stop_reason == whole.stop_reason and events[-2].usage.output_tokens == whole.usage.output_tokens
with client.messages.stream(**ask, system="You answer in one sentence.") as stream:
    said = "".join(stream.text_stream)
    final = stream.get_final_message()
assert said == final.content[0].text and final.usage.output_tokens > 0
stopped = client.messages.create(**ask, stop_sequences=["Paris"])
assert stopped.stop_reason == "stop_sequence" and stopped.stop_sequence == "Paris" and "Paris" not in stopped.content[0].text

# Tools.
tools = [{"name": "get_weather", "description": "The weather in a city.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"enum": ["C", "F"]}}, "required": ["city", "unit"]}}]
asked = {**ask, "max_tokens": 200, "messages": [{"role": "user", "content": "What is the weather in Paris?"}], "tools": tools}
for choice in ({"type": "any", "disable_parallel_tool_use": True}, {"type": "tool", "name": "get_weather"}):
    called = client.messages.create(**asked, tool_choice=choice)
    assert called.stop_reason == "tool_use" and [block.type for block in called.content] == ["tool_use"], called
    use = called.content[0]
    assert use.name == "get_weather" and isinstance(use.input["city"], str) and use.input["unit"] in ("C", "F"), use
    with client.messages.stream(**asked, tool_choice=choice) as stream:
        final = stream.get_final_message()
    assert final.content[0].input == use.input and final.stop_reason == "tool_use", final
result = {"type": "tool_result", "tool_use_id": use.id, "content": "21 C, sunny"}
history = asked["messages"] + [{"role": "assistant", "content": called.content}, {"role": "user", "content": [result]}]
after = client.messages.create(**{**asked, "messages": history}, tool_choice={"type": "none"})
assert after.content[0].type == "text", after

# Errors are the client's own kinds.
def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")

error = refused(anthropic.BadRequestError, lambda: client.messages.create(**{**ask, "extra_body": {"temperature": -1}}))
assert error.body["error"]["type"] == "invalid_request_error" and error.body["error"]["message"].startswith("temperature"), error.body
error = refused(anthropic.NotFoundError, lambda: client.messages.create(**{**ask, "model": "none"}))
assert error.body["error"]["type"] == "not_found_error"
stranger = Anthropic(base_url=sys.argv[1], api_key="wrong", max_retries=0)
assert refused(anthropic.AuthenticationError, lambda: stranger.messages.create(**ask)).body["error"]["type"] == "authentication_error"
PY

kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
pid=
[ "$status" = 0 ] || fail "exit code $status"
echo "anthropic client: all as expected"
