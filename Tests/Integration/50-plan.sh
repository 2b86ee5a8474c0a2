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
expect 0 finetune llama-2-7b --base nf4 --device h200 --json
it 'it["trained"] == 19988480 and it["devices"][0]["fits"] and it["weightBytes"] < 5e9'
expect 0 finetune llama-2-7b --method full; holds out 'fits'
expect 2 finetune llama-2-7b --target x_proj; holds err 'x_proj'
expect 2 finetune llama-2-7b --method full --base nf4; holds err 'base'
expect 2 finetune smollm2 --rank 193; holds err 'rank'
printf '{"hidden_size": 64, "num_attention_heads": 0, "num_hidden_layers": 1, "vocab_size": 10}' >"$folder/bad.json"
expect 2 memory "$folder/bad.json"; holds err 'hidden_size'
expect 0 inference llama-2-7b --device a100 --json; it 'it["plans"][0]["decodeBound"] == "memory" and it["plans"][0]["tokensPerSecond"] > 100'
expect 2 inference llama-2-7b --memory-share 1.5; holds err '1.5 of memory must lie above 0'
expect 2 inference llama-2-7b --device a100 --precision fp8; holds err 'does not compute in fp8'
expect 0 inference llama-2-7b --device a100 --device h100 --sweep batch=1,8,64 --plot "$folder/plan.svg" --json
it '[row["batch"] for row in it["plans"]] == [1, 1, 8, 8, 64, 64]'
grep -q '<svg' "$folder/plan.svg" || fail "there is to be a picture"
expect 2 inference llama-2-7b --sweep heads=1,2; holds err "'heads' is none of"
expect 2 inference llama-2-7b --sweep batch=1.5; holds err 'no whole number'
expect 0 validate --json; it 'it["evidence"]["count"] > 10 and all(row["published"] for paper in it["papers"] for row in paper["rows"])'
expect 0 validate --markdown; holds out '^## 067 FlashAttention-2'
# The documentation's page has every number that there is; `venturi plan validate --markdown` writes it anew.
page=$(dirname "$0")/../../Sources/Venturi/Venturi.docc/PlannerValidation.md
rows() { awk -F'|' 'NF > 7 { print $2, $3 }' "$1"; }
rows "$page" >"$folder/page"; rows "$folder/out" >"$folder/now"
[ "$(wc -l <"$folder/page")" -gt 100 ] && cmp -s "$folder/page" "$folder/now" || fail "PlannerValidation.md has other numbers"
# A model's own file says its sizes, and a report of measurements calibrates this machine.
file=$("$venturi" ls --json | python3 -c 'import json,sys; print(next((row["path"] for row in json.load(sys.stdin)["models"] if row["name"] == "smollm2"), ""))')
if [ -n "$file" ]; then
  expect 0 memory "$file" --json; it 'it["parameters"] == 134515008 and it["stateBytesPerToken"] == 23040'
  python3 - "$file" >"$folder/report.json" <<'PYTHON'
import json, sys
tests = {"pp512": 700, "tg32": 250, "pp512 @ d512": 600, "tg32 @ d512": 210, "pp512 @ d1024": 500, "tg32 @ d1024": 180}
ceilings = {"f32GFLOPs": 190, "int8GOPs": 380, "int4GOPs": 450, "bestReadGBs": 28}
print(json.dumps({
    "model": sys.argv[1], "ceilings": [{name: {"median": value} for name, value in ceilings.items()}],
    "rows": [{"test": test, "threads": 2, "ours": {"median": rate}} for test, rate in tests.items()]}))
PYTHON
  name=$(basename "$file" .gguf)
  expect 0 calibrate "$folder/report.json" --fit "$name pp512" --fit "$name tg32 @" --json
  it 'it["fitted"]["count"] == 5 and it["heldOut"]["count"] == 1 and 0 < it["products"] < 1 and 0 < it["memory"] <= 1'
  expect 2 calibrate "$folder/report.json" --fit "$name tg32"; holds err 'want at least as many'
fi
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
# Closed forms: long contexts, test-time compute, runs of reinforcement learning, pipelines, one stack, convolutional nets.
expect 0 long-context yi-34b --device a100 --gib --count paper --context 4k,50k --json
it '[row["users"] for row in it["contexts"]] == [17, 1] and abs(it["contexts"][1]["prefillSeconds"] - 14.47) < 0.01'
expect 0 long-context yi-34b --device a100 --context 50k --csv "$folder/long.csv"; holds out 'does not fit'
grep -q '^50000,12288000000' "$folder/long.csv" || fail 'the sweep has no row of 50,000 tokens'
expect 2 long-context yi-34b --device l4; holds err 'more than'
expect 2 long-context yi-34b --tokens-kept 0; holds err 'tokensKept'
expect 0 long-context smollm2 --device host --weights 0.7 --context 512,2k --host-link 0.5 --json
it 'it["precision"] == "int4" and it["linkBytesPerSecond"] == 5e8 and it["contexts"][0]["users"] > 1 and it["contexts"][1]["prefillSeconds"] > 0'
expect 2 long-context yi-34b --device host --weights 8 --reserve 1e6 --json; it '"more than" in it["error"]["message"]'
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
expect 2 pipeline sweep cms-run5 --over Intermediate.reduction=20:400:11 --threads 0; holds err '--threads'
expect 0 pipeline sweep cms-run5 --over Intermediate.reduction=20:400:101 --over 'Inner Tracker.bytes=5e5:2.5e6:101' --json
it 'it["places"] == 10201 and len(it["front"]) > 1'
for threads in 1 2; do
  expect 0 pipeline sweep cms-run5 --over Intermediate.reduction=20:400:11 --over 'Inner Tracker.bytes=5e5:2.5e6:7' --threads $threads --json
  cp "$folder/out" "$folder/sweep$threads"
done
cmp -s "$folder/sweep1" "$folder/sweep2" || fail "a sweep depends on the number of threads"
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
expect 2 idealized measure --grid 5,4; holds err 'ascend'
expect 2 idealized measure --grid default --answer 1; holds err 'output'
if "$venturi" ls --json | grep -q '"name":"smollm2"'; then
  expect 0 idealized measure --grid 4,64 --answer 5 --repeat 1 --out "$folder/measured.json" --json
  it 'len(it["knots"]) == 2 and it["tokenSeconds"] > 0 and it["profilingSeconds"] > 0 and it["measured"]["runs"] == 2'
  expect 0 idealized cost "$folder/measured.json" --workload "$folder/pairs.csv" --devices 8 --price 1.1 --json
  it 'it[0]["seconds"] > 0 and it[0]["dollars"] > 0'
fi
printf 'prompt,output,seconds\n5,5,1\n' >"$folder/one.csv"; expect 2 idealized fit "$folder/one.csv"; holds err 'slope'
expect 0 scale-convnet RegNetY-4.0GF --by 4 --strategy dWr --json
it 'abs(it[1]["multiplyAdds"] / it[0]["multiplyAdds"] / 4 - 1) <= 0.02 and it[1]["activations"] < 2.6 * it[0]["activations"]'
expect 2 scale-convnet RegNetY-4.0GF --strategy fast:2; holds err 'alpha'
expect 2 scale-convnet nothing; expect 2 scale-convnet resnet-50 --by 0; holds err 'by'
# Weights that stream to the device, beside the scheduler; sums that overlap with blocks.
expect 0 moe-offload --model mixtral-8x7b --device a40 --bio 19.5 --cpu-bw 150 --kv-gb 70 --prompt 98 --gen 32 --json
it 'abs(it["streamSeconds"] / 4.8 - 1) < 0.02 and 0.8 < it["deviceUtilization"] < 1 and len(it["gains"]) == 4'
expect 0 moe-offload --gen 128 --requests 5000 --simulate --json
it 'it["simulated"]["preemptions"] > 0 and abs(it["throughput"] / it["simulated"]["throughput"] - 1) < 0.1'
it 'it["binding"] == ["link", "stateMemory"] or it["binding"] == ["stateMemory", "link"]'
expect 0 moe-offload --model dbrx --kv-gb 210; holds out 'bound by'
expect 2 moe-offload --cpu-bw 10; holds err 'processorBandwidth'
expect 2 moe-offload --kv-gb 0.1 --prompt 5000; holds err 'more than'
expect 2 moe-offload --gen 0; holds err 'answer'
expect 0 ladder llama-3-70b --devices 8 --json
it 'it["rows"][0]["speedup"] == 1 and 1.2 < it["rows"][1]["speedup"] < it["rows"][4]["speedup"] and it["rows"][1]["hidden"] > 0.9'
expect 0 ladder llama-3-8b --devices 4 --range 16-32 --indirect; holds out 'times standard'
expect 2 ladder llama-3-70b --devices 3; holds err 'devices'
expect 2 ladder llama-3-8b --range 16-33; holds err 'ladder'
expect 2 ladder mixtral-8x7b; holds err 'not dense'
expect 0 attention-io --n 1024 --d 128 --cache 1024 --json
it 'it["best"] == "products" and it["bound"] == 1024 ** 2 * 128 / 32 and len(it["rows"]) == 5'
it 'min(row["words"] for row in it["rows"]) == it["rows"][4]["words"] and all(row["residentWords"] <= 1024 for row in it["rows"])'
expect 0 attention-io --n 1024 --d 64 --level 20m:1; holds out 'best: flash'
expect 2 attention-io --cache 2; holds err 'memory'
expect 2 attention-io --d 0; holds err 'width'
expect 2 attention-io --level 20m; holds err 'level'
expect 0 weave --tokens 512,16384 --json
it 'it["rows"][0]["first"] is None and it["rows"][0]["seconds"]["weave"] == it["rows"][0]["seconds"]["fuse"]'
it '1.2 < it["rows"][1]["gain"] < 1.4 and it["rows"][1]["seconds"]["weave"] < it["rows"][1]["seconds"]["silent"]'
expect 0 weave llama-3-8b --devices 2 --tokens 4k; holds out 'times faster'
expect 2 weave --devices 3; holds err 'devices'
expect 2 weave --tokens 0; holds err 'tokens'
expect 2 weave dbrx; holds err 'not dense'
# Prompts and tokens side by side on one device, beside a scheduler that mixes them.
expect 0 nexus --device l20 --model qwen2.5-3b --workload long-data --rate 1 --seconds 60 --json
it '[row["name"] for row in it["schedulers"]] == ["nexus", "chunked"] and it["stateTokens"] > 500000'
it 'it["schedulers"][0]["tbtP95Seconds"] < it["schedulers"][1]["tbtP95Seconds"] and it["schedulers"][0]["mostState"] <= 1'
expect 0 nexus --model qwen2.5-14b --workload mixed --rate 0.5 --seconds 30 --static 40 --fcfs; holds out '0 switches in 0 decisions'
expect 2 nexus --static 100; holds err 'fixed'
expect 2 nexus --alpha 0.5; holds err 'promptSlack'
expect 2 nexus --rate nan; holds err 'rate'
expect 2 nexus --model mixtral-8x7b; holds err 'not dense'
expect 2 nexus --workload short; holds err 'workload'
printf '65536 900,800\n700 12000' >"$folder/lengths"
expect 0 zeppelin --lengths "$folder/lengths" --nodes 2 --capacity 16384 --json
it 'it["tokens"] == 79936 and it["gain"] > 1 and sum(row["tokens"] for row in it["devices"]) == 79936 and len(it["devices"]) == 16'
it 'it["placements"][0]["sequence"] == 0 and it["placements"][0]["zone"] != "local"'
expect 0 zeppelin --lengths "$folder/lengths" --nodes 1 --capacity 16384 --without routing,queues; holds out 'times faster'
expect 2 zeppelin --lengths "$folder/lengths" --capacity 1000; holds err 'lengths'
expect 2 zeppelin --lengths "$folder/lengths" --without rings; holds err 'rings'
echo x >"$folder/lengths"; expect 2 zeppelin --lengths "$folder/lengths"; holds err "'x'"
# Flows on a fabric, hashed and planned, before and after a spine fails.
expect 0 fabric --json
it 'it["maximumLoad"] == 1 and abs(it["meanBandwidth"] / it["lineRate"] - 1) < 0.01 and len(it["links"]) == 512 and len(it["jobs"]) == 8'
expect 0 fabric --policy ecmp --seeds 3 --json
it 'len(it["seeds"]) == 3 and it["meanBandwidth"] < it["lineRate"] / 1.3 and it["maximumLoad"] > 1'
expect 0 fabric --policy ecmp --fail-spine 2; holds out 'flows moved'; holds out 'spine 7'
printf 'nodes: 4\ncards: 1\nnodes_per_group: 1\nuplinks: 2\nport_gbits: 100\n' >"$folder/fabric.yaml"
printf '[{"name": "a", "nodes": [0, 2, 3], "megabytes": 100, "ranks": 24}]\n' >"$folder/jobs.json"
expect 0 fabric --topology "$folder/fabric.yaml" --jobs "$folder/jobs.json" --json
it 'abs(it["jobs"][0]["operations"][0] - 1e8 * 2 * 23 / 24 / 25e9) < 1e-6 and it["leaves"] == 8'
sed 's/24/25/' "$folder/jobs.json" >"$folder/ranks.json"
expect 2 fabric --topology "$folder/fabric.yaml" --jobs "$folder/ranks.json"; holds err 'jobs\[0\].ranks'
expect 2 fabric --topology "$folder/fabric.yaml" --fail-spine 0 --fail-spine 1; holds err 'catalogue'
expect 2 fabric --fail-spine 8; holds err 'spine'
expect 2 fabric --seeds 2; holds err 'seeds'
# Techniques of training on a node.
expect 0 dissect llama-2-7b --grid N,F+Z2,F+R+Z3+O,F+QL --json
it '[row["fits"] for row in it["cells"]] == [False, True, True, True] and it["cells"][1]["scaling"] > 0.5'
expect 0 dissect llama-2-7b --cluster rtx4090 --grid F+R+Z3; holds out 'RTX-4090'
expect 2 dissect llama-2-7b --grid F+X; holds err "'X'"
expect 2 dissect llama-2-7b --grid Q; holds err 'frozen'
expect 2 dissect llama-2-7b --cluster tpu; holds err 'cluster'
echo "plan: $checks checks passed"
