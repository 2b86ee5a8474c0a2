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
# Closed forms: long contexts, test-time compute.
expect 0 long-context yi-34b --device a100 --gib --count paper --context 4k,50k --json
it '[row["users"] for row in it["contexts"]] == [18, 1] and abs(it["contexts"][1]["prefillSeconds"] - 14.34) < 0.01'
expect 0 long-context yi-34b --device a100 --context 50k --sweep "$folder/long.csv"; holds out 'does not fit'
grep -q '^50000,12288000000' "$folder/long.csv" || fail 'the sweep has no row of 50,000 tokens'
expect 2 long-context yi-34b --device l4; holds err 'more than'
expect 2 long-context yi-34b --tokens-kept 0; holds err 'tokensKept'
expect 0 test-time saturation --chance 0.3 --epsilon 0.01 --rethink-chance 0.1 --json
it 'it["saturation"] == 10 and len(it["strategies"]) > 5'
printf 'n,score\n1,0.2\n2,0.36\n4,0.5904\n8,0.83222784\n' >"$folder/curve.csv"
expect 0 test-time saturation --curve "$folder/curve.csv" --json
it 'abs(it["chance"] - 0.2) < 1e-6 and abs(it["ceiling"] - 1) < 1e-6'
expect 2 test-time saturation --chance 0.3 --epsilon 0; holds err 'gain'
expect 2 test-time saturation; holds err 'curve'
expect 0 test-time cost qwen3-0.6b --trials 1,32 --length 4k,16k --sparse block:16x64+128 --json
it 'len(it["rows"]) == 4 and it["intensity"] == 562.5 and all(0 < row["attentionShare"] < 1 for row in it["rows"])'
expect 2 test-time cost qwen3-0.6b --sparse block:16; holds err 'sparse'
printf '{"model":"Qwen3-0.6B","question":1,"length":900,"correct":true}\n{"model":"Qwen3-4B","question":1,"length":800,"correct":false}\n' \
  >"$folder/answers.jsonl"
expect 0 test-time frontier "$folder/answers.jsonl" --trials 1 --length 1k --json; it 'it[-1]["model"] == "Qwen3-0.6B"'
expect 2 test-time frontier "$folder/curve.csv"; holds err 'line 1'
echo "plan: $checks checks passed"
