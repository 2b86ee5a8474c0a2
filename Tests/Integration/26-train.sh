#!/bin/sh
# `venturi train`: runs that are killed at any moment and resumed are the uninterrupted one; Ctrl-C; what is refused.
# usage: 26-train.sh [PATH OF venturi], with venturi-train beside it
set -eu
venturi=${1:-${VENTURI:-.build/release/venturi}}
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export VENTURI_CONFIG="$folder/config"
command -v python3 >/dev/null || { echo "train: skipped, there is no python3 to read JSON"; exit 0; }

fail() { echo "train: $1"; cat "$folder/err"; exit 1; }
train() { code=0; "$venturi" train "$@" --json >"$folder/out" 2>"$folder/err" </dev/null || code=$?; }
last() { # last EXPRESSION: what Python says of the last line's object
  tail -n 1 "$folder/out" | python3 -c "import json,sys; it=json.load(sys.stdin); assert $1, it" || fail "not so: $1"
}
losses() { # losses FOLDER: the log without what depends on the time
  python3 - "$1/metrics.jsonl" <<'PYTHON'
import json, sys
timed = ("samplesPerSecond", "targetsPerSecond", "peakBytes")
for line in open(sys.argv[1]):
    print(json.dumps({k: v for k, v in json.loads(line).items() if k not in timed}))
PYTHON
}
same() { # same FOLDER: it is as the uninterrupted run left its own
  losses "$folder/whole" >"$folder/a"; losses "$1" >"$folder/b"
  cmp -s "$folder/a" "$folder/b" || { diff "$folder/a" "$folder/b" | head -n 5; fail "$1 has another log"; }
  for file in "$folder"/whole/step-00000060/*.safetensors; do
    cmp -s "$file" "$1/step-00000060/$(basename "$file")" || fail "$1 has another $(basename "$file")"
  done
}

python3 - >"$folder/points.csv" <<'PYTHON'
import random
random.seed(3)
print("x,y,z,side")
for _ in range(300):
    x, y, z = (random.gauss(0, 1) for _ in range(3))
    print(f"{x:.4f},{y:.4f},{z:.4f},{'in' if x * x + y * y < 1 else 'out'}")
PYTHON
cat >"$folder/run.yaml" <<YAML
model: {kind: mlp, hidden: [64, 64], dropout: 0.1}
data: {kind: csv, path: $folder/points.csv, label: side, validation: 0.2}
optimizer: {kind: adamw, rate: 1e-2}
schedule: {kind: cosine, warmUp: 5}
average: {decay: 0.9, warmUp: true}
batch: 16
accumulate: 2
clip: 1
seed: 5
steps: 60
log: {every: 1}
evaluate: {every: 10}
checkpoint: {every: 1, keep: 2}
YAML
run="$folder/run.yaml"

train "$run" --out "$folder/whole"; [ $code = 0 ] || fail "exit code $code"
last 'it["steps"] == 60 and it["reason"] == "finished" and it["validation"]["accuracy"] > 0.7'
last 'it["seconds"] > 0 and it["samplesPerSecond"] > 0 and it["trainLoss"] > 0 and it["peakBytes"] > 1 << 20'
last 'it["checkpoint"].endswith("/whole/step-00000060")'
last '0 < it["neededBytes"] < it["peakBytes"]'
grep -q '^needs .* of weights' "$folder/err" || fail "the memory that is needed is to be told first"
train "$run" --out "$folder/small" --memory-limit 20K; [ $code = 69 ] || fail "exit code $code for too little memory"
train "$run" --out "$folder/large" --set 'model.hidden=[65536, 65000]' --memory-limit 1G
[ $code = 69 ] && [ ! -e "$folder/large" ] || fail "exit code $code for thousands of millions of weights"
grep -q 'bytes of memory where 1073741824 are available' "$folder/out" "$folder/err" || fail "need and limit are to be told"
[ "$(ls "$folder/whole" | grep -c '^step-')" = 2 ] || fail "two checkpoints are to be kept"
train "$run" --out "$folder/one" -t 1; [ $code = 0 ]; same "$folder/one"

# Killed at any moment, again and again; each resumption begins where a whole checkpoint is.
python3 - "$venturi" "$run" "$folder/killed" >"$folder/kills" 2>"$folder/err" <<'PYTHON' || fail "a killed run was not resumed"
import random, subprocess, sys, time
random.seed(11)
call = [sys.argv[1], "train", sys.argv[2], "--out", sys.argv[3], "--resume", "--json"]

def steps():  # that the log tells of
    try:
        with open(sys.argv[3] + "/metrics.jsonl", "rb") as log:
            return log.read().count(b'"loss"')
    except FileNotFoundError:
        return 0

kills = 0
for run in range(400):
    # The first before there is anything; the others some steps on, however fast the machine is.
    wanted = 0 if run == 0 else steps() + random.randint(3, 10)
    process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None and steps() < wanted:
        time.sleep(0.001)
    time.sleep(random.uniform(0, 0.01))
    if process.poll() is None:
        process.kill()
        kills += 1
    _, err = process.communicate()
    if process.returncode == 0:
        break
    assert process.returncode == -9, err
else:
    sys.exit("no run came to its end")
print(kills)
PYTHON
[ "$(cat "$folder/kills")" -ge 3 ] || fail "only $(cat "$folder/kills") kills"
same "$folder/killed"
ls "$folder/killed" | grep -v -e '^step-[0-9]*$' -e '^metrics.jsonl$' -e '^loss.svg$' >"$folder/err" && fail "something is left over"

# Ctrl-C saves and ends with 130.
python3 - "$venturi" "$run" "$folder/stopped" 2>"$folder/err" <<'PYTHON' || fail "Ctrl-C"
import json, os, signal, subprocess, sys, time
call = [sys.argv[1], "train", sys.argv[2], "--out", sys.argv[3], "--json", "--set", "steps=60000000", "--set", "schedule={kind: constant}", "--set", "checkpoint.every=100000000"]
process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
log = sys.argv[3] + "/metrics.jsonl"
while not (os.path.exists(log) and os.path.getsize(log) > 2000): time.sleep(0.02)
process.send_signal(signal.SIGINT)
out, err = process.communicate(timeout=60)
it = json.loads(out.splitlines()[-1])
assert process.returncode == 130 and it["reason"] == "cancelled" and 0 < it["steps"] < 60000000, (process.returncode, out, err)
assert os.path.exists(it["checkpoint"] + "/checkpoint.json")
PYTHON

# A damaged checkpoint is passed over and named.
cp -r "$folder/whole" "$folder/damaged"
printf 'x' | dd of="$folder/damaged/step-00000060/optimizer-00001-of-00001.safetensors" bs=1 seek=500 conv=notrunc 2>/dev/null
train "$run" --out "$folder/damaged" --resume; [ $code = 0 ] || fail "exit code $code"
grep -q 'step-00000060/optimizer-00001-of-00001.safetensors is damaged' "$folder/err" || fail "the shard is not named"
same "$folder/damaged"

refused() { # refused CODE TEXT ARGUMENT...
  wanted=$1; text=$2; shift 2
  train "$@"
  [ $code = "$wanted" ] || fail "$*: exit code $code, not $wanted"
  grep -q -- "$text" "$folder/err" || fail "$*: no '$text'"
  last '"error" in it'
}
refused 2 'resume it, or give another folder' "$run" --out "$folder/whole"
refused 2 "its optimizer.rate is 0.01, that of this run 0.02" "$run" --out "$folder/whole" --resume --set optimizer.rate=0.02
refused 2 "did you mean 'optimizer.rate'" "$run" --out "$folder/no" --set optimizer.raet=1
refused 2 'batch is 0, expected a whole number' "$run" --out "$folder/no" --set batch=0
refused 2 'model.kind is gpt, expected mlp' "$run" --out "$folder/no" --set 'model={kind: gpt}'
refused 69 'none.yaml' "$folder/none.yaml"
refused 69 'none.csv' "$run" --out "$folder/no" --set data.path="$folder/none.csv"
refused 65 'nowhere' "$run" --out "$folder/no" --set data.label=nowhere
[ ! -e "$folder/no" ] || fail "a refused run has left a folder"
refused 1 'of step [0-9]* is' "$run" --out "$folder/burst" --set optimizer='{kind: sgd, rate: 1000000}' --set clip= --set schedule=

# The examples, a few steps of them.
if "$venturi" ls --json >/dev/null 2>&1 && [ -d "${VENTURI_HOME:-$HOME/.cache/venturi}/data/fashion-mnist" ]; then
  train "$examples/fashion-mnist.yaml" --out "$folder/images" --set data.limit=256 --set epochs= --set steps=12 \
    --set batch=32 --set model.hidden=[32] --set schedule.warmUp=2
  [ $code = 0 ] || fail "fashion-mnist.yaml: exit code $code"
  last 'it["steps"] == 12 and set(it["validation"]) == {"accuracy", "loss"}'
fi
train "$examples/gpt-small.yaml" --out "$folder/text" --set data.path="$examples/gpt-small.yaml" --set steps=6 \
  --set data.length=16 --set model.layers=1 --set model.width=16 --set model.heads=2 --set schedule.warmUp=1
[ $code = 0 ] || fail "gpt-small.yaml: exit code $code"
last 'it["steps"] == 6 and it["targetsPerSecond"] > it["samplesPerSecond"] and it["validation"]["loss"] > 1'

# Rules without backpropagation, on a stack of layers and the pulled digits.
if [ -d "${VENTURI_HOME:-$HOME/.cache/venturi}/data/digits" ]; then
  for rule in bp mf ff cafo; do
    train "$examples/mono-forward.yaml" --out "$folder/$rule" --set rule=$rule --set model.hidden='[32, 32]' --set epochs=2
    [ $code = 0 ] || fail "rule $rule: exit code $code"
    last 'it["steps"] > 20 and 0 <= it["validation"]["accuracy"] <= 1'
  done
fi

# Adapters of a frozen model: a run that stops and goes on is the uninterrupted one, and its adapter is written as PEFT has it.
golden=$(cd "$examples/../Golden/tiny" && pwd)/q4_k_m.gguf.bin
adapt() { # adapt FOLDER ARGUMENT...
  place=$1; shift
  train "$examples/lora-smollm2.yaml" --out "$place" --set model.model="$golden" --set data.pulled= \
    --set data.path="$examples/gpt-small.yaml" --set data.tokenizer="$golden" --set data.length=16 \
    --set data.validation=0.2 --set schedule='{kind: constant}' --set steps=6 --set checkpoint.every=1 "$@"
}
adapt "$folder/lora"; [ $code = 0 ] || fail "lora-smollm2.yaml: exit code $code"
last 'it["steps"] == 6 and it["validation"]["loss"] > 1 and it["peakBytes"] > 1 << 20'
adapt "$folder/lora-twice" --set steps=3; [ $code = 0 ] || fail "lora, first half: exit code $code"
adapt "$folder/lora-twice" --resume; [ $code = 0 ] || fail "lora, second half: exit code $code"
for file in step-00000006/parameters-00001-of-00001.safetensors adapter/adapter_model.safetensors; do
  cmp -s "$folder/lora/$file" "$folder/lora-twice/$file" || fail "another $file after an interruption"
done
python3 - "$folder/lora/adapter" <<'PYTHON' || fail "the adapter is not what it should be"
import json, struct, sys
config = json.load(open(sys.argv[1] + "/adapter_config.json"))
assert config["peft_type"] == "LORA" and config["r"] == 8 and config["lora_alpha"] == 16, config
assert len(config["venturi_base_hash"]) == 64, config  # 27-adapters has it accepted and refused
file = open(sys.argv[1] + "/adapter_model.safetensors", "rb")
header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
names = [name for name in header if name != "__metadata__"]
assert len(names) == 2 * 7 * 2, names
assert header["base_model.model.model.layers.1.mlp.down_proj.lora_A.weight"]["shape"] == [8, 512]
PYTHON
python3 - >"$folder/questions.jsonl" <<'PYTHON'
import json
for index in range(40):
    print(json.dumps({"prompt": f"Is {index} even? Answer:", "answer": " yes" if index % 2 == 0 else " no"}))
PYTHON
ask() { # ask FOLDER ARGUMENT...
  place=$1; shift
  adapt "$place" --set data="{kind: instructions, path: $folder/questions.jsonl, tokenizer: $golden, length: 48, validation: 0.2}" "$@"
}
ask "$folder/asked"; [ $code = 0 ] || fail "instructions: exit code $code"
last 'it["steps"] == 6 and 0 <= it["validation"]["accuracy"] <= 1'
ask "$folder/no-answer" --set data.answer=reply && [ $code = 65 ] || fail "instructions without answers: exit code $code"
grep -q "no field 'reply'" "$folder/err" || fail "the field is not named"
code=0
refused 2 'its peft.rank is 8, that of this run 4' "$examples/lora-smollm2.yaml" --out "$folder/lora" --resume \
  --set model.model="$golden" --set data.pulled= --set data.path="$examples/gpt-small.yaml" \
  --set data.tokenizer="$golden" --set data.length=16 --set data.validation=0.2 --set schedule='{kind: constant}' \
  --set peft.rank=4
adapt "$folder/whole-model" --set peft=; [ $code = 0 ] || fail "without peft: exit code $code"
last '0 < it["neededBytes"] < it["peakBytes"]'
[ ! -e "$folder/whole-model/adapter" ] || fail "a run of all weights has an adapter"
for method in rslora lora+ dora vera adalora ia3 ssf bitfit fisher serial parallel mam ladder prefix prompt; do
  adapt "$folder/$method" --set peft="{method: $method}" --set steps=2
  [ $code = 0 ] || fail "$method: exit code $code"
  # What is found by looking at data cannot be rehearsed.
  if [ $method = fisher ]; then last 'it["neededBytes"] is None'; else last '0 < it["neededBytes"] < it["peakBytes"]'; fi
done
adapt "$folder/qlora" --set peft.base=nf4; [ $code = 0 ] || fail "nf4: exit code $code"
adapt "$folder/loftq" --set peft.base=nf4 --set peft.loftq=2; [ $code = 0 ] || fail "loftq: exit code $code"
python3 - "$folder/loftq/adapter" <<'PYTHON' || fail "LoftQ's adapter is not of the model as it was"
import json, sys
config = json.load(open(sys.argv[1] + "/adapter_config.json"))
assert config["r"] == 16 and config["lora_alpha"] == 32, config  # what it began with is taken off in 8 ranks more
PYTHON
echo "train: passed"
