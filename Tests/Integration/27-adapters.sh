#!/bin/bash
# Adapters as users have them: beside a model, many in one server, and merged.
# usage: 27-adapters.sh [PATH OF venturi]
set -euo pipefail
venturi=${1:-${VENTURI:-.build/release/venturi}}
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
"$venturi" ls --json | grep -q '"name":"smollm2"' || { echo "adapters: skipped, smollm2 has not been pulled"; exit 0; }
command -v python3 >/dev/null || { echo "adapters: skipped, there is no python3 to write an adapter"; exit 0; }
fail() { echo "failed: $1"; tail -n 20 "$folder"/*.err 2>/dev/null; exit 1; }

# Two adapters of smollm2's v projections, rank 1: one that is all zeros, one that is not; and one of another model.
python3 - "$folder" <<'PYTHON'
import json, os, struct, sys
def adapter(name, value, width=576, out=192):
    folder = f"{sys.argv[1]}/adapters/{name}"
    os.makedirs(folder)
    tensors, data = {}, b""
    for layer in range(30):
        for part, shape, fill in [("A", [1, width], 0.02), ("B", [out, 1], value)]:
            raw = struct.pack("<f", fill) * (shape[0] * shape[1])
            tensors[f"base_model.model.model.layers.{layer}.self_attn.v_proj.lora_{part}.weight"] = dict(
                dtype="F32", shape=shape, data_offsets=[len(data), len(data) + len(raw)])
            data += raw
    header = json.dumps(tensors).encode()
    header += b" " * (-len(header) % 8)
    with open(folder + "/adapter_model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + data)
    with open(folder + "/adapter_config.json", "w") as file:
        json.dump(dict(peft_type="LORA", r=1, lora_alpha=1, bias="none", target_modules=["v_proj"]), file)
adapter("nothing", 0.0)
adapter("loud", 4.0)
PYTHON
run() { "$venturi" run -m smollm2 --raw -n 12 --temp 0 --no-profile "$@" "The capital of France is" 2>>"$folder/run.err"; }
plain=$(run)
[ "$(run --lora "$folder/adapters/nothing")" = "$plain" ] || fail 'an adapter of zeros changes the answer'
loud=$(run --lora "$folder/adapters/loud")
[ "$loud" != "$plain" ] || fail 'an adapter changes nothing'
[ "$(run --lora "$folder/adapters/loud:0")" = "$plain" ] || fail 'an adapter of scale 0 changes the answer'
code=0; "$venturi" run -m smollm2 --lora "$folder/none" x >"$folder/out" 2>&1 || code=$?
[ $code = 65 ] || [ $code = 69 ] || fail "an adapter that is not there ends with $code"
mkdir "$folder/odd"
cp "$folder/adapters/loud/adapter_model.safetensors" "$folder/odd"
sed 's/"bias": "none"/"bias": "all"/' "$folder/adapters/loud/adapter_config.json" >"$folder/odd/adapter_config.json"
code=0; "$venturi" run -m smollm2 --lora "$folder/odd" x >"$folder/out" 2>&1 || code=$?
[ $code = 65 ] && grep -q 'bias' "$folder/out" || fail "biases end with $code: $(cat "$folder/out")"

# Merged it answers as beside the weights; a quantised model is merged only where that is allowed.
code=0
"$venturi" quantize smollm2 "$folder/no.gguf" --type F16 --lora "$folder/adapters/loud" >"$folder/out" 2>&1 || code=$?
[ $code = 2 ] && [ ! -e "$folder/no.gguf" ] || fail "merging into quantised weights ends with $code"
"$venturi" quantize smollm2 "$folder/merged.gguf" --type F16 --allow-requantize --lora "$folder/adapters/nothing" >"$folder/out" 2>&1
"$venturi" quantize smollm2 "$folder/plain.gguf" --type F16 --allow-requantize >"$folder/out" 2>&1
# Requantising decodes and rounds alike, so an adapter of zeros leaves every byte.
cmp -s "$folder/merged.gguf" "$folder/plain.gguf" || fail 'merging zeros gives another model'

# What is trained here runs here, beside its own base only.
for _ in $(seq 40); do echo 'Water flows faster where a pipe is narrow, and its pressure falls.'; done >"$folder/text.txt"
"$venturi" train "$(dirname "$0")/../../examples/lora-smollm2.yaml" --out "$folder/run" --json --set data.pulled= \
  --set data.path="$folder/text.txt" --set data.length=32 --set data.validation=0.1 --set batch=1 --set steps=2 \
  --set peft.rank=2 --set evaluate.every= --set checkpoint.every= >"$folder/train.out" 2>"$folder/train.err" ||
  fail 'training an adapter'
run --lora "$folder/run/adapter" >"$folder/out" || fail 'an adapter that was trained here'
code=0; "$venturi" run -m "$folder/plain.gguf" --lora "$folder/run/adapter" x >"$folder/out" 2>&1 || code=$?
[ $code = 65 ] && grep -q 'digest' "$folder/out" || fail "an adapter of another base ends with $code"

# A server with both: chosen by the model's name.
: >"$folder/serve.out"
"$venturi" serve --port 0 --json -m smollm2 --adapters "$folder/adapters" >"$folder/serve.out" 2>"$folder/serve.err" &
pid=$!
for _ in $(seq 600); do
  url=$(sed -n 's/^{"url":"\([^"]*\)".*/\1/p' "$folder/serve.out")
  [ -n "$url" ] && [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/health")" = 200 ] && break
  sleep 0.1
done
ids=$(curl -sS "$url/v1/models" | python3 -c 'import json,sys; print(*[m["id"] for m in json.load(sys.stdin)["data"]])')
[ "$ids" = 'smollm2 smollm2:loud smollm2:nothing' ] || fail "models: $ids"
ask() {
  curl -sS --max-time 120 -H 'Content-Type: application/json' "$url/v1/completions" \
    -d "{\"model\":\"$1\",\"prompt\":\"The capital of France is\",\"max_tokens\":12,\"temperature\":0}"
}
text() { ask "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["choices"][0]["text"])'; }
for round in 1 2; do
  [ "$(text smollm2)" = "$plain" ] || fail 'the server without adapter'
  [ "$(text smollm2:loud)" = "$loud" ] || fail 'the server with an adapter'
  [ "$(text smollm2:nothing)" = "$plain" ] || fail 'the server with an adapter of zeros'
done
grep -q '"code":"model_not_found"' <(ask smollm2:none) || fail 'an adapter that is not there'
# In a pipe curl fails when grep has seen enough.
grep -q '^venturi_adapters 2' <(curl -sS "$url/metrics") || fail 'no figure of adapters'
kill "$pid"
wait "$pid" || fail "the server ended with $?"
pid=
echo "adapters: passed"
