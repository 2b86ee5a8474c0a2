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
# Closed forms: long contexts, test-time compute, runs of reinforcement learning, pipelines, one stack, convolutional nets.
expect 0 long-context yi-34b --device a100 --gib --count paper --context 4k,50k --json
it '[row["users"] for row in it["contexts"]] == [17, 1] and abs(it["contexts"][1]["prefillSeconds"] - 14.47) < 0.01'
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
python3 -c 'print("compute,rate"); [print(f"{c},{0.2 + 0.41 / (1 + (3000 / c) ** 1.5)}") for c in (100 * 1.15 ** i for i in range(40))]' \
  >"$folder/run.csv"
expect 0 rl-fit "$folder/run.csv" --initial 0.2 --half --power-law --json
it 'abs(it[0]["ceiling"] - 0.61) < 0.005 and abs(it[0]["rate"] - it[0]["measured"]) < 0.03'
expect 2 rl-fit "$folder/run.csv" --initial 0.9; holds err 'initial'
expect 0 pipeline run cms-run5 --json; it 'abs(it["watts"] / 51.6e6 - 1) < 0.1 and len(it["nodes"]) == 26'
cat >"$folder/chain.yaml" <<'END'
nodes:
  - {name: source, bytes: 1000, rate_hz: 1e6}
  - {name: filter, reduction: 10, classifier: {kind: fixed, true_negative: 0.95, false_negative: 0.2}, operations_per_byte: 1, joules_per_operation: 1e-9}
  - {name: storage}
links:
  - {from: source, to: filter, joules_per_bit: 1e-12}
  - {from: filter, to: storage}
END
expect 0 pipeline run "$folder/chain.yaml" --json; it 'abs(it["watts"] - 1.008) < 1e-9 and abs(it["f1"] - 160 / 225) < 1e-5'
expect 0 pipeline sweep cms-run5 --over Intermediate.reduction=20:400:101 --over 'Inner Tracker.bytes=5e5:2.5e6:101' --json
it 'it["places"] == 10201 and len(it["front"]) > 1'
expect 0 pipeline gradients cms-run5 --json; it 'it[0]["parameter"] == "Intermediate.skill"'
expect 0 pipeline compare cms-run5 cms-run5-gpu --json; it 'it[0]["name"] == "cms-run5-gpu"'
sed 's/reduction: 10/reduction: 0.5/' "$folder/chain.yaml" >"$folder/low.yaml"
expect 2 pipeline run "$folder/low.yaml"; holds err 'reduction'
sed 's/to: storage/to: filter/' "$folder/chain.yaml" >"$folder/cycle.yaml"; expect 2 pipeline run "$folder/cycle.yaml"
python3 -c 'print("prompt,output,seconds"); [print(f"{p},{o},{0.01 + 1e-4 * p + 0.005 * (o - 1)}") for p in (1, 256, 1024) for o in (1, 33)]' \
  >"$folder/log.csv"
expect 0 idealized fit "$folder/log.csv" --out "$folder/profile.json" --json
it 'abs(it["tokenSeconds"] - 0.005) < 1e-6 and len(it["knots"]) == 3'
printf 'prompt,output\n256,11\n' >"$folder/pairs.csv"
expect 0 idealized cost "$folder/profile.json=0.5" --workload "$folder/pairs.csv" --devices 8 --price 1.1 --json
it 'abs(it[0]["seconds"] - 0.0856) < 1e-6 and abs(it[0]["dollars"] - 0.0856 * 8 * 1.1 / 3600) < 1e-9'
expect 0 idealized stack llama-2-70b --json; it 'it["devices"] == 2 and 0.05 < it["prompts"][0]["promptSeconds"] < 0.12'
printf 'prompt,output,seconds\n5,5,1\n' >"$folder/one.csv"; expect 2 idealized fit "$folder/one.csv"; holds err 'slope'
expect 0 scale-convnet RegNetY-4.0GF --by 4 --strategy dWr --json
it 'abs(it[1]["multiplyAdds"] / it[0]["multiplyAdds"] / 4 - 1) <= 0.02 and it[1]["activations"] < 2.6 * it[0]["activations"]'
expect 2 scale-convnet RegNetY-4.0GF --strategy fast:2; holds err 'alpha'
expect 2 scale-convnet nothing; expect 2 scale-convnet resnet-50 --by 0; holds err 'by'
echo "plan: $checks checks passed"
