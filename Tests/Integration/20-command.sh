#!/bin/sh
# The command without a model: exit codes, one JSON object for every error, nothing but the answer on standard output.
# usage: 20-command.sh [PATH OF venturi]
set -eu
venturi=${1:-.build/release/venturi}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export VENTURI_HOME="$folder/home" VENTURI_CONFIG="$folder/config"
checks=0

# expect CODE ARGUMENT...: runs venturi, keeps its output in $folder/out and $folder/err.
expect() {
  wanted=$1
  shift
  code=0
  "$venturi" "$@" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  checks=$((checks + 1))
  [ "$code" = "$wanted" ] || { echo "venturi $*: exit code $code instead of $wanted"; cat "$folder/err"; exit 1; }
}
holds() { grep -q -- "$2" "$folder/$1" || { echo "no '$2' in $1:"; cat "$folder/$1"; exit 1; }; checks=$((checks + 1)); }
silent() { [ ! -s "$folder/$1" ] || { echo "unexpected $1:"; cat "$folder/$1"; exit 1; }; checks=$((checks + 1)); }
json() { # one object on one line, which the command's own reader of JSON is tested to write; here a second opinion
  [ "$(wc -l <"$folder/out")" = 1 ] || { echo "not one line:"; cat "$folder/out"; exit 1; }
  if command -v python3 >/dev/null; then python3 -m json.tool "$folder/out" >/dev/null; fi
  checks=$((checks + 1))
}

expect 0 --version; holds out 'kernels: '; holds out 'Swift'; silent err
expect 0 --help; holds out 'SUBCOMMANDS'; silent err
for verb in run chat pull ls show rm tokenize embed profile plan doctor quantize; do expect 0 "$verb" --help; holds out 'USAGE'; silent err; done
for verb in 'bench model' 'bench gemm' 'bench attention' 'bench embed' 'eval perplexity' 'eval kl' 'eval onnx'; do
  # shellcheck disable=SC2086
  expect 0 $verb --help; holds out 'USAGE'
done
for shell in bash zsh fish; do expect 0 --generate-completion-script $shell; holds out 'tokenize'; done

expect 2 nonsense; silent out; holds err "nonsense"
expect 2 runn hello; silent out; holds err "did you mean 'run'"
expect 2 runn --json; json; holds out '"type":"usage"'
expect 2 run ''; silent out; holds err 'empty'
expect 2 run --temp warm hello; silent out; holds err "temp"
expect 2 run --json --temp warm hello; json; holds out '"code":2'
expect 2 run; holds err 'prompt'
expect 2 rm smollm2 --nonsense
VENTURI_THREADS=many expect 2 run hello; holds err 'VENTURI_THREADS'
echo 'nonsense = 1' >"$folder/config"; expect 2 ls; holds err 'line 1'; rm "$folder/config"

expect 2 embed hello --file lines; silent out; holds err '\-\-file'
expect 2 embed hello --output vectors.txt --json; json; holds out '"code":2'
expect 2 embed hello --pooling most; silent out; holds err 'pooling'
expect 69 embed hello; silent out; holds err 'pull minilm'

expect 69 run hello; silent out; holds err 'pull smollm2'
expect 69 run --json hello; json; holds out '"code":69'
expect 69 run -m "$folder/absent.gguf" --json hello; json; holds out '"code":69'
expect 69 show smolm2 --json; json; holds out "did you mean 'smollm2'"
expect 69 rm absent --yes; silent out
expect 69 cluster; holds err 'venturi-cluster'
expect 69 cluster --json; json; holds out '"code":69'

printf 'not a model' >"$folder/bad.gguf"
for verb in 'run hello' 'tokenize hello' show; do
  # shellcheck disable=SC2086
  case $verb in show) expect 65 show "$folder/bad.gguf" --json ;; *) expect 65 $verb -m "$folder/bad.gguf" --json ;; esac
  json; holds out '"code":65'
done
holds out 'bad.gguf: '
expect 65 show "$folder"; holds err 'config.json: there is no such file'
expect 65 show /dev/zero; holds err 'not a regular file'
expect 65 run -m /dev/null --json hello; json; holds out 'not a regular file'
VENTURI_KERNELS=mmx expect 2 doctor; silent out; holds err "VENTURI_KERNELS 'mmx'"; holds err reference
VENTURI_KERNELS=reference expect 0 doctor; holds out 'reference'
code=0; "$venturi" ls --json >/dev/full 2>"$folder/err" || code=$?
[ $code = 1 ] || { echo "a lost answer: exit code $code instead of 1"; exit 1; }
holds err 'No space left'
: >"$folder/empty.gguf"; expect 65 show "$folder/empty.gguf"; silent out

# What is closed stays closed: no file that is opened later is written to in its place.
code=0; "$venturi" doctor >&- 2>"$folder/err" || code=$?
[ $code = 1 ] || { echo "a closed output: exit code $code instead of 1"; exit 1; }
holds err 'Bad file descriptor'
for closed in 0 2; do
  eval "\"\$venturi\" ls --json $closed>&-" >"$folder/out"; json
done

# A small model: what is wrong with the call is refused by name, and what does not fit is not loaded.
model="$folder/tiny.gguf"
cp "$(dirname "$0")/../../Golden/tiny/q4_k_m.gguf.bin" "$model"
expect 0 run -m "$model" --raw -n 4 --temp 0 --json hello; json; holds out '"finishReason":"length"'
# refused NAME ARGUMENT...: exit code 2, and the message names the setting.
refused() {
  named=$1
  shift
  expect 2 run -m "$model" --raw --json hello "$@"; json; holds out '"code":2'; holds out "$named"
}
for value in nan inf -1 1001; do refused temperature --temp=$value; done
for value in nan 0 1.5; do refused topP --top-p=$value; done
for value in nan 1.5 -0.5; do refused minP --min-p=$value; done
for value in nan 0 inf; do refused repeatPenalty --repeat-penalty=$value; done
code=0; "$venturi" run -m "$model" --raw -n 1 hello >&- 2>"$folder/err" </dev/null || code=$?
[ $code = 1 ] || { echo "an answer to a closed output: exit code $code instead of 1"; exit 1; }
holds err 'Bad file descriptor'
expect 0 run -m "$model" --raw -n 1 --temp 0 hello; holds err 'answer 1 token ·'
expect 2 eval perplexity -m "$model" --file "$0" -b 4; holds err "Unknown option '-b'"
expect 2 tokenize -m "$model" --file "$folder" --json; json; holds out 'Is a directory'
expect 2 eval perplexity -m "$model" --file "$folder" --json; json; holds out 'Is a directory'
expect 0 show "$model"; holds out 'of workspace'
expect 0 show "$model" --json; json; holds out '"step":[0-9]'; holds out '"total":[0-9]'
refused topK --top-k=-1
refused penaltyWindow --repeat-last-n=-2
refused presencePenalty --presence-penalty=inf
refused frequencyPenalty --frequency-penalty=nan
refused max-tokens --max-tokens=0
refused max-tokens --max-tokens=99999999999999999999
refused logitBias --logit-bias=300000000+1
refused logit-bias --logit-bias=3+nan
refused lookup --lookup=33
refused logProbabilities --logprobs=-1
refused logProbabilities --logprobs=99999999
refused threads --threads=0
refused threads --threads=100000
refused stepTokens --batch-size=0
refused ctx-size --ctx-size=-1
refused memory-limit --memory-limit=0
refused seed --seed=-2
set --; while [ $# -lt 10000 ]; do set -- "$@" --stop=a --stop=b --stop=c --stop=d --stop=e --stop=f --stop=g --stop=h; done
refused 'stop 10000 strings' "$@"
refused stop --stop=
refused 'stop\[1\]' --stop=a --stop="$(head -c 1025 /dev/zero | tr '\0' a)"
# A profile of a small model: both phases, and a trace that is one object.
expect 0 profile "$model" -p 20 -n 4 --depth 0,8 -t 1 --seconds 0 --trace "$folder/trace.json" --json; json
holds out '"test":"pp20"'; holds out '"test":"tg1 @ d8"'; holds out '"name":"mlp gate,up linear"'; holds out '"opportunities":\[{"phase"'
holds trace.json '"traceEvents":\['; holds trace.json '"ph":"X"'; mv "$folder/trace.json" "$folder/out"; json
expect 0 profile -m "$model" -p 0 -n 2 -t 1 --seconds 0 --layers; holds out 'between operators'; holds out 'largest opportunities'
# What was measured is said even where it cannot be written; what can't be a path is refused before.
expect 69 optimize "$model" --for prefill@32 -t 1 --pairs 3 --budget 2s --write "$model/none" --json
json; holds out '"levers":\['; holds out '"profile":null,"error":{'
expect 2 optimize "$model" --write '' --json; json; holds out '--write'
expect 2 profile "$model" -p 0 -n 0 --json; json; holds out 'n-gen'
expect 2 profile "$model" --depth 999999 --json; json; holds out 'context holds'
expect 2 profile "$model" --seconds=-1 --json; json; holds out 'seconds'
expect 65 profile "$folder/bad.gguf" --json; json; holds out 'bad.gguf: '
expect 69 profile absent --json; json
# What is large but sound is taken: the context is the limit.
expect 0 run -m "$model" --raw -n 9223372036854775807 --ignore-eos --ctx-size 40 --top-k 9223372036854775807 --json hello
json; holds out '"finishReason":"length"'
expect 1 run -m "$model" --raw --ctx-size 3 --json 'hello hello hello'; json; holds out 'context_length_exceeded'
expect 69 run -m "$model" --raw --memory-limit 1K --json hello; json; holds out '"type":"out_of_memory"'; holds out 'are available'
if command -v python3 >/dev/null; then
python3 - "$model" "$folder" <<'PY'
import sys
data, folder = bytearray(open(sys.argv[1], "rb").read()), sys.argv[2]
def patched(name, key, width, value):
    copy = bytearray(data)
    at = copy.index(key) + len(key) + 4
    copy[at:at + width] = value.to_bytes(width, "little")
    open(f"{folder}/{name}.gguf", "wb").write(copy)
patched("heads", b"llama.attention.head_count", 4, 0)
patched("context", b"llama.context_length", 4, 1 << 24)
patched("eos", b"tokenizer.ggml.eos_token_id", 4, 1 << 31)
open(f"{folder}/cut.gguf", "wb").write(data[:len(data) // 2])
PY
for bad in 'heads llama.attention.head_count' 'eos tokenizer.ggml.eos_token_id' 'cut (offset)'; do
  expect 65 run -m "$folder/${bad%% *}.gguf" --raw --json hello; json; holds out '"code":65'; holds out "${bad#* }"; holds out '(byte [0-9]'
done
# 2^24 tokens of context need more than this limit; a shorter context does not.
expect 69 run -m "$folder/context.gguf" --raw --memory-limit 1G --json hello; json; holds out 'out_of_memory'
expect 0 run -m "$folder/context.gguf" --raw --memory-limit 1G --ctx-size 64 -n 2 --json hello; json
# The process's own limit counts as well as the machine's memory.
(ulimit -v 2000000 && expect 69 run -m "$folder/context.gguf" --raw --json hello && holds out 'out_of_memory')
available=$(grep -o 'where [0-9]*' "$folder/out"); [ "${available#where }" -lt 2048000000 ]; checks=$((checks + 1))
# An interrupt ends an answer with 130.
python3 - "$venturi" "$folder/context.gguf" <<'PY'
import json, signal, subprocess, sys
p = subprocess.Popen([sys.argv[1], "run", "-m", sys.argv[2], "--raw", "-c", "200000", "-n", "190000", "--ignore-eos",
                      "--json", "--stream", "a"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
assert p.stdout.readline()
p.send_signal(signal.SIGINT)
lines = p.stdout.read().splitlines()
assert p.wait(60) == 130, p.returncode
assert json.loads(lines[-1])["finishReason"] == "cancelled"
PY
checks=$((checks + 1))
fi

expect 0 ls --json; json; holds out '"models":\[\]'
expect 0 plan devices --json; json; holds out '"A100-SXM-80GB"'
expect 0 plan devices h100; holds out 'compute.bf16'; expect 2 plan devices H10O; holds err 'did you mean'
expect 0 doctor --json; json; holds out '"kernels"'
VENTURI_THREADS=2 expect 0 doctor --show-origin --json; json; holds out 'environment VENTURI_THREADS'
holds out '"temp":{"value":"0.8","origin":"default"}'
expect 0 bench attention --n 64 --heads 2 --d 16 --pairs 2 --against torch --json; json; holds out '"rows"'
expect 0 bench gemm -m 2 -n 16 -k 32 --square 16 --pairs 2 -t 1 --json; json; holds out '"test":"2x16x32^T"'; holds out '"oursPacked":{"median"'
expect 2 bench gemm --against abacus --json; json
expect 0 bench dissect --model 30m --grid F,Q,Z2 --length 32 --steps 1 -t 1 --trace "$folder/trace" --json; json
holds out '"cell":"F"'; holds out '"cell":"Z2","reason"'; holds out 'largest bottleneck of F'
holds trace '"cat":"module"'
expect 2 bench dissect --model 30m --grid Q --json; json; holds out 'cannot_dissect'
expect 2 bench dissect --model 30m --grid F,X; holds err "'X'"
expect 2 bench dissect --model 30m --rows 0; holds err 'rows'

# A sibling beside the program takes its verb, with the arguments after it.
mkdir "$folder/bin"
cp "$venturi" "$folder/bin/venturi"
printf '#!/bin/sh\necho "sibling $*"\nexit 7\n' >"$folder/bin/venturi-hello"
chmod +x "$folder/bin/venturi-hello"
venturi="$folder/bin/venturi"
expect 7 hello --there; holds out 'sibling --there'

[ "$checks" -ge 275 ] || { echo "only $checks checks ran"; exit 1; }
echo "command: $checks checks passed"
