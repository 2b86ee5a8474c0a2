#!/bin/sh
# `venturi plan`: what it answers, as text and as JSON, and what it refuses.
# usage: 50-plan.sh [PATH OF venturi], with venturi-plan beside it
set -eu
venturi=${1:-${VENTURI:-.build/release/venturi}}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export VENTURI_CONFIG="$folder/config"
command -v python3 >/dev/null || { echo "plan: skipped, there is no python3 to read JSON"; exit 0; }
checks=0

fail() { echo "plan: $1"; cat "$folder/out" "$folder/err"; exit 1; }
expect() { # expect CODE ARGUMENTS…
  want=$1; shift; code=0
  "$venturi" plan "$@" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  [ "$code" = "$want" ] || fail "'plan $*' ended with $code, not $want"
  checks=$((checks + 1))
}
holds() { grep -q -- "$2" "$folder/$1" || fail "$1 does not hold '$2'"; }
it() { # it EXPRESSION: what Python says of the answer's object
  python3 -c "import json,sys; it=json.load(open('$folder/out')); assert $1, it" || fail "not so: $1"
}

expect 0 devices --json; it 'any(row["name"] == "A100-SXM-80GB" for row in it["devices"])'
expect 0 memory llama-2-70b --device a100 --context 4096 --batch 4 --json
it 'it["parameters"] == 68976648192 and it["stateBytesPerToken"] == 327680 and not it["devices"][0]["fits"]'
expect 0 memory llama-2-7b; holds out 'most sequences'
expect 2 memory llama-2-7q --json; it '"Llama-2-7B" in it["error"]["message"]'
expect 2 memory llama-2-7b --batch 0; holds err 'sequences'
expect 2 memory llama-2-7b --device b1000; holds err 'b1000'
printf '{"hidden_size": 64, "num_attention_heads": 0, "num_hidden_layers": 1, "vocab_size": 10}' >"$folder/bad.json"
expect 2 memory "$folder/bad.json"; holds err 'hidden_size'
expect 0 inference llama-2-7b --device a100 --json; it 'it["plans"][0]["decodeBound"] == "memory" and it["plans"][0]["tokensPerSecond"] > 100'
expect 2 inference llama-2-7b --efficiency 0.5; holds err 'no pair of fractions'
expect 2 inference llama-2-7b --device a100 --precision fp8; holds err 'does not compute in fp8'
expect 0 inference llama-2-7b --device a100 --device h100 --sweep batch=1,8,64 --plot "$folder/plan.svg" --json
it '[row["batch"] for row in it["plans"]] == [1, 1, 8, 8, 64, 64]'
grep -q '<svg' "$folder/plan.svg" || fail "there is to be a picture"
expect 2 inference llama-2-7b --sweep heads=1,2; holds err "'heads' is none of"
expect 2 inference llama-2-7b --sweep batch=1.5; holds err 'no whole number'
expect 0 validate --json; it 'it["evidence"]["count"] > 10 and all(row["published"] for paper in it["papers"] for row in paper["rows"])'
expect 0 validate --markdown; holds out '^## 067 FlashAttention-2'
expect 2 calibrate "$folder/bad.json" --fit Q8_0; holds err 'bad.json: model'
expect 2 calibrate "$folder/bad.json"; holds err 'fit'
echo "plan: $checks checks passed"
