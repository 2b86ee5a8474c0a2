#!/bin/sh
# The command on the default model, where it has been pulled: shapes of the JSON, equal answers, interrupts.
# usage: 21-model.sh [PATH OF venturi]
set -eu
venturi=${1:-.build/release/venturi}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$venturi" ls --json | grep -q '"name":"smollm2"' || { echo "model: skipped, smollm2 has not been pulled"; exit 0; }
command -v python3 >/dev/null || { echo "model: skipped, there is no python3 to read JSON"; exit 0; }

# last 'EXPRESSION': true of the last line of $folder/out, read as `it`.
last() {
  tail -n 1 "$folder/out" | python3 -c "import json,sys; it=json.load(sys.stdin); assert $1, it" || { echo "failed: $1"; exit 1; }
}

"$venturi" tokenize --json "Hello world" >"$folder/out"; last 'it == {"ids": [19556, 905]}'
"$venturi" show --json >"$folder/out"; last 'it["architecture"] == "llama" and it["parameters"] > 10**8'

run() { "$venturi" run "The capital of France is" --temp 0 --max-tokens 6 --json "$@" >"$folder/out" 2>"$folder/err"; }
run --raw
last 'set(it) >= {"text", "tokens", "finishReason", "usage", "timings"}'
last 'len(it["tokens"]) == it["usage"]["completionTokens"] == 6 and it["usage"]["promptTokens"] == 5'
last 'set(it["timings"]) >= {"loadSeconds", "timeToFirstTokenSeconds", "promptTokensPerSecond", "generationTokensPerSecond", "peakBytes"}'
last '"Paris" in it["text"] and it["finishReason"] == "length"'
[ "$(wc -l <"$folder/out")" = 1 ] && [ ! -s "$folder/err" ]
tokens() { python3 -c "import json,sys; print(json.load(sys.stdin)['tokens'])" <"$folder/out"; }
first=$(tokens)
run --raw -t 1; [ "$(tokens)" = "$first" ]
run --raw -b 2; [ "$(tokens)" = "$first" ]
run --raw --lookup 4; [ "$(tokens)" = "$first" ]
run --raw --logprobs 3; last 'len(it["logprobs"]) == 6 and all(len(t["top"]) == 3 and t["logprob"] <= 0 for t in it["logprobs"])'
run --raw --stream; [ "$(wc -l <"$folder/out")" -gt 1 ]; last 'it["usage"]["completionTokens"] == 6'
run --temp -1 && exit 1; last 'it["error"]["code"] == 2 and "temperature" in it["error"]["message"]'
run --compute f32; last 'it["usage"]["promptTokens"] > 5'
"$venturi" run -n 4 -s 7 --json "Say hello" >"$folder/a"; "$venturi" run -n 4 -s 7 --json "Say hello" >"$folder/out"
python3 -c "import json,sys; a,b=[json.load(open(p)) for p in sys.argv[1:]]; assert a['tokens']==b['tokens']" "$folder/a" "$folder/out"
"$venturi" run -n 8 --json "Say hello" >"$folder/a"; last_seed=$(python3 -c "import json,sys; print(json.load(sys.stdin)['seed'])" <"$folder/a")
"$venturi" run -n 8 -s "$last_seed" --json "Say hello" >"$folder/out"
python3 -c "import json,sys; a,b=[json.load(open(p)) for p in sys.argv[1:]]; assert a['tokens']==b['tokens']" "$folder/a" "$folder/out"
"$venturi" run --raw -n 2 --temp 0 --logprobs 2 "The capital of France is" 2>"$folder/err" >"$folder/out"
grep -q '^" Paris" -[0-9.]*  *" Paris" -' "$folder/err"; [ "$(cat "$folder/out")" = " Paris." ]
[ "$("$venturi" run --raw -n 2 --temp 0 "The capital of France is" 2>/dev/null)" = " Paris." ]
printf 'The capital of France is' | "$venturi" run --raw -n 2 --temp 0 --json >"$folder/out"; last '"Paris" in it["text"]'

code=0; "$venturi" run --json -c 16 "a b c d e f g h i j k l m n o p q r s t u v w x y z" >"$folder/out" 2>/dev/null || code=$?
[ $code = 1 ]; last 'it["error"]["type"] == "context_length_exceeded"'

# Answers that must be something, and what cannot be asked for.
cat >"$folder/schema" <<'JSON'
{"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0, "maximum": 120}}, "required": ["name", "age"]}
JSON
for drawing in "--temp 0" "-s 3" "--temp 0 --lookup 4"; do
  "$venturi" run --json $drawing --json-schema "$folder/schema" "Describe a person." >"$folder/out"
  last 'it["finishReason"] == "stop" and list(json.loads(it["text"])) == ["name", "age"] and 0 <= json.loads(it["text"])["age"] <= 120'
done
printf 'root ::= "yes" | "no"\n' >"$folder/grammar"
"$venturi" run --json --grammar "$folder/grammar" "Is water wet?" >"$folder/out"; last 'it["text"] in ("yes", "no")'
printf 'Is water wet?\nSurely?\n' | "$venturi" chat --json --grammar "$folder/grammar" >"$folder/out" 2>/dev/null
[ "$(wc -l <"$folder/out")" = 2 ]; last 'it["text"] in ("yes", "no")'
printf '{"type": "string", "contains": 1}' >"$folder/schema"
code=0; "$venturi" run --json --json-schema "$folder/schema" "x" >"$folder/out" 2>/dev/null || code=$?
[ $code = 2 ]; last '"contains" in it["error"]["message"] and "#" in it["error"]["message"]'
printf 'root ::= root "a"' >"$folder/grammar"
code=0; "$venturi" run --json --grammar "$folder/grammar" "x" >"$folder/out" 2>/dev/null || code=$?
[ $code = 2 ]; last '"root" in it["error"]["message"]'

# An interrupt stops the answer and gives what is there.
python3 - "$venturi" "$folder/out" <<'PY'
import signal, subprocess, sys, json
p = subprocess.Popen([sys.argv[1], "run", "--raw", "-n", "4000", "--ignore-eos", "--json", "--stream", "Once"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
assert p.stdout.readline()
p.send_signal(signal.SIGINT)
lines = p.stdout.read().splitlines()
assert p.wait(60) == 130, p.returncode
assert json.loads(lines[-1])["finishReason"] == "cancelled"
PY

# Elsewhere it ends the program, which says so.
python3 - "$venturi" <<'PY'
import signal, subprocess, sys, json
p = subprocess.Popen([sys.argv[1], "bench", "model", "-t", "1", "--pairs", "1000", "-p", "16", "-n", "0", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
try: p.communicate(timeout=2)
except subprocess.TimeoutExpired: pass
p.send_signal(signal.SIGINT)
out, _ = p.communicate(timeout=60)
assert p.returncode == 130, p.returncode
assert json.loads(out.splitlines()[-1])["error"] == {"message": "interrupted", "type": "interrupted", "code": 130}
PY
"$venturi" run -c 99999 -n 1 --json hi >"$folder/out" 2>"$folder/err"; last 'it["usage"]["completionTokens"] == 1'; grep -q 'at most 8192' "$folder/err"

yes 'The people of the United States form a more perfect union and establish justice.' | head -n 60 >"$folder/text"
"$venturi" eval perplexity --file "$folder/text" --windows 1 --json >"$folder/out"; last 'it["tokens"] == 255 and 1 < it["perplexity"] < 50'
"$venturi" eval kl --file "$folder/text" --windows 1 --json >"$folder/out"; last 'it["positions"] == 255 and 0 <= it["kl"] < 0.5'
printf 'short' >"$folder/text"; code=0; "$venturi" eval perplexity --file "$folder/text" --json >"$folder/out" 2>/dev/null || code=$?
[ $code = 2 ]; last 'it["error"]["code"] == 2'

"$venturi" bench model -p 16 -n 4 --depth 0,32 --pairs 2 -t 1 --resume "$folder/cells" --json >"$folder/out" 2>/dev/null
last '[r["test"] for r in it["rows"]] == ["pp16", "tg4", "pp16 @ d32", "tg4 @ d32"]'
last 'all(set(r) >= {"threads", "ours", "peers", "ratio", "ceiling", "share"} for r in it["rows"])'
cp "$folder/out" "$folder/a"
"$venturi" bench model -p 16 -n 4 --depth 0,32 --pairs 2 -t 1 --resume "$folder/cells" --json >"$folder/out" 2>/dev/null
cmp -s "$folder/a" "$folder/out" || { echo "a finished table was measured anew"; exit 1; }

"$venturi" profile -p 32 -n 8 --depth 0,64 -t 1 --seconds 0.2 --trace "$folder/trace" --json >"$folder/out" 2>/dev/null
last '[(p["test"], p["phase"]) for p in it["phases"]] == [("pp32", "prefill"), ("tg1", "decode"), ("tg1 @ d64", "decode")]'
last 'all(set(o) >= {"name", "calls", "seconds", "share", "flops", "gbs", "rooflineSeconds", "achieved", "bound"} for p in it["phases"] for o in p["operators"])'
last 'all({o["bound"] for o in p["operators"]} <= {"compute", "memory", "overhead"} and p["accounted"] > 0 for p in it["phases"])'
last 'all(any(o["name"] == "mixer q,k,v linear" and o["calls"] == 30 for o in p["operators"]) for p in it["phases"])'
# Two operations for each weight and row, but the embedding: 106,168,320 weights in layers, 49,152·576 in the head for one row.
last 'sum(o["flops"] for o in it["phases"][0]["operators"] if o["name"].endswith("linear")) == 2 * (32 * 106168320 + 49152 * 576)'
# 4·64 operations for each of 9 heads and each key that a query sees, in 30 layers.
last 'sum(o["flops"] for o in it["phases"][0]["operators"] if o["name"] == "mixer attention") == 4 * 64 * 9 * 30 * (32 * 33 // 2)'
last 'sum(o["flops"] for o in it["phases"][2]["operators"] if o["name"] == "mixer attention") == 4 * 64 * 9 * 30 * 65'
last '1 <= len(it["opportunities"]) <= 3 and all(set(o) >= {"phase", "limit", "secondsAboveRoofline", "advice"} for o in it["opportunities"])'
cp "$folder/trace" "$folder/out"; last 'sum(e["ph"] == "X" and e["cat"] != "step" for e in it["traceEvents"]) > 1000'

# Lines of standard input are a conversation.
printf 'Say hi.\n/stats\nAgain.\n' | "$venturi" chat --json -n 4 --temp 0 >"$folder/out" 2>/dev/null
[ "$(wc -l <"$folder/out")" = 2 ]; last 'it["cachedTokens"] > 0'
echo "model: passed"
