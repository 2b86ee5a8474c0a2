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
# A service, simulated: repeatable, with a trace, split in two pools, from recorded requests.
expect 0 serve llama-2-7b --device a100 --rate 2 --seconds 30 --ttft 1000 --trace "$folder/trace.json" --json
it 'it["answered"] == it["arrived"] > 30 and it["attainment"] > 0.9 and it["unfinished"] == 0'
it '0 < it["ttftSeconds"]["p50"] <= it["ttftSeconds"]["p99"] and 0 < it["utilization"] <= 1'
cp "$folder/out" "$folder/first"
expect 0 serve llama-2-7b --device a100 --rate 2 --seconds 30 --ttft 1000 --json
cmp -s "$folder/out" "$folder/first" || fail "the same seed gives another answer"
python3 -c "import json; assert len(json.load(open('$folder/trace.json'))['traceEvents']) > 100" || fail "there is no trace"
expect 0 serve llama-2-7b --device a100 --prompts 1 --tokens 1 --rate 1 --seconds 20; holds out 'states moved'
printf 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,100,5\n2023-11-16 18:17:05.47,200,1\n' >"$folder/trace.csv"
expect 0 serve llama-2-7b --device a100 --requests "$folder/trace.csv" --json; it 'it["answered"] == 2 and 1.5 < it["seconds"] < 3'
printf '1,2\n' >"$folder/bad.csv"
expect 2 serve llama-2-7b --requests "$folder/bad.csv"; holds err 'line 1'
expect 2 serve llama-2-7b --rate -1; holds err 'rate'
expect 2 serve llama-2-70b --device l4; holds err 'needs'
expect 2 serve llama-2-7b --device a100 --machines 0; holds err 'machines'
expect 0 splitwise --design ha --prompts 25 --tokens 15 --rate 70 --seconds 20 --json
it 'it["promiseKept"] in (True, False) and len(it["promise"]) == 9 and it["transfers"] > 1000'
expect 0 splitwise --design hh --sizes coding --rate 5 --seconds 10 --most 4 --json; it 'it["designs"][0]["prompts"] > 0'
expect 2 splitwise --design aa --prompts 3; holds err 'tokens'
# The authors' example and answer.
printf '{"gpu_info": {"A10G": {"cost": 1.01, "tputs": [[2, 1], [5, 2]]}, "A100-80GB": {"cost": 3.67, "tputs": [[20, 20], [40, 20]]}}, "workload_distribution": [[0.2, 0.1], [0.5, 0.2]], "total_request_rate": 30.0, "slice_factor": 1}' >"$folder/service.json"
expect 0 fleet --config "$folder/service.json" --json
it 'it["counts"] == {"A10G": 3, "A100-80GB": 1} and abs(it["cost"] - 6.7) < 1e-9 and it["gap"] == 0'
expect 0 fleet --profile-from-model llama-2-7b --slo 0.12 --rate 4 --simulate 30s --json; it 'it["simulated"]["attainment"] > 0.5'
sed 's/"cost": 1.01/"cost": -1/' "$folder/service.json" >"$folder/bad.json"
expect 2 fleet --config "$folder/bad.json"; holds err 'A10G.cost'
sed 's/slice_factor/slices/' "$folder/service.json" >"$folder/bad.json"
expect 2 fleet --config "$folder/bad.json"; holds err 'slices'

expect 0 deepseek --json; it 'len(it["rows"]) == 37 and all(row["met"] for row in it["rows"])'
expect 0 deepseek --table kv; holds out '70.27'
expect 2 deepseek --table cost; holds err 'cost'
expect 0 kv deepseek-v3 --json; it 'it["stateBytesPerToken"] == 70272 and it["parameters"] == 671026419200'
printf '{"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 3, "vocab_size": 10, "kv_lora_rank": 16,
  "q_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8, "n_routed_experts": 4,
  "num_experts_per_tok": 2, "moe_intermediate_size": 32, "first_k_dense_replace": 1}' >"$folder/latent.json"
expect 0 kv "$folder/latent.json" --json; it 'it["stateBytesPerToken"] == 2 * 3 * (16 + 4)'
printf '{"hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 3, "vocab_size": 10, "num_local_experts": 4,
  "num_experts_per_tok": 9, "intermediate_size": 8}' >"$folder/bad.json"
expect 2 kv "$folder/bad.json"; holds err 'active'
expect 0 topology --type mpft --ports 64 --planes 8 --json; it '(it["endpoints"], it["switches"]) == (16384, 768)'
expect 2 topology --type ft2 --ports 9; holds err 'ports'
expect 0 ep-decode --width 7000 --json; it 'abs(it["secondsPerToken"] / 14.757e-3 - 1) < 1e-3'
expect 2 ep-decode llama-2-7b; holds err 'experts'
expect 2 ep-decode --bandwidth 0; holds err 'bandwidth'

expect 0 parallel gpt-1t --devices 3072 --batch 3072 --matrices --top 3 --json
it 'it["examined"] > 5000 and len(it["layouts"]) == 3 and it["layouts"][0]["tensor"] == 8'
expect 0 parallel gpt-1t --devices 3072 --batch 3072 --matrices --layout t=8,p=64,d=6 --json
it 'abs(it["layouts"][0]["hardwareTeraflops"] / 163 - 1) < 0.15'
expect 0 parallel gpt-22b --devices 40 --batch 40 --why-not; holds out 'no multiple of'
expect 2 parallel gpt-1t --devices 3072 --batch 3072 --layout t=8,p=64,d=5; holds err '3072'
expect 2 parallel gpt-1t --devices 3072 --batch 3072 --layout t=8,p=x; holds err "'x'"
expect 2 parallel gpt-1t --devices 3072 --batch 3072 --layout t=3,p=1024,d=1; holds err 'heads'
expect 2 parallel deepseek-v3 --devices 8 --batch 8; holds err 'experts'
expect 2 parallel gpt-22b --devices 0 --batch 8; holds err 'devices'
printf 'device: h100\ntiers:\n- {devices: 8, bandwidth: 450}\n- {bandwidth: 50, latency: 4}\nproducts: 0.6\n' >"$folder/own.yaml"
expect 0 parallel gpt-22b --cluster "$folder/own.yaml" --devices 64 --batch 128 --json; it 'it["layouts"]'
printf 'device: h100\ntiers: [{devices: 8, bandwidth: -1}]\n' >"$folder/bad.yaml"
expect 2 parallel gpt-22b --cluster "$folder/bad.yaml" --devices 8 --batch 8; holds err 'bandwidth'
expect 2 parallel gpt-22b --cluster fugaku --devices 8 --batch 8; holds err 'fugaku'

expect 0 tune --budget 60 --log "$folder/tune.json" --json; it 'it["trials"] == 60 and it["teraflops"] > 0'
expect 0 tune --budget 80 --log "$folder/tune.json" --json; it 'it["trials"] == 80'
expect 0 sensitivity "$folder/tune.json" --json; it 'len(it["sensitivities"]) == 8'
printf 'model: gpt-22b\ncluster: selene\nnodes: 1\nspace: {tensor: [8], microbatch: [1, 2]}\n' >"$folder/space.yaml"
expect 0 tune --space "$folder/space.yaml" --json; it 'it["trials"] == 2'
expect 2 tune --space "$folder/space.yaml" --log "$folder/tune.json"; holds err 'space'
printf 'model: gpt-1t\ncluster: selene\nspace: {tensor: [8]}\n' >"$folder/full.yaml"
expect 2 tune --space "$folder/full.yaml"; holds err 'feasible'
expect 2 sensitivity "$folder/none.json"; holds err 'none.json'
expect 0 scale gpt-1t --strong --layout t=8,p=64,d=1 --copies 2,6 --batch 8016 --json
it '0.9 < it["points"][1]["efficiency"] < 1'
expect 2 scale gpt-1t --layout t=8,p=64,d=1 --batch 8; holds err 'weak'
echo "plan: $checks checks passed"
