#!/bin/sh
# The load generator and the remote verbs against our own server on the default model, where it has been pulled.
# usage: 42-load.sh [PATH OF venturi]
set -eu
venturi=${1:-.build/release/venturi}
folder=$(mktemp -d)
server=
trap 'code=$?; [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"; exit $code' EXIT
"$venturi" ls --json | grep -q '"name":"smollm2"' || { echo "load: skipped, smollm2 has not been pulled"; exit 0; }
command -v python3 >/dev/null || { echo "load: skipped, there is no python3 to read JSON"; exit 0; }

# last 'EXPRESSION': true of the last line of $folder/out, read as `it`.
last() {
  tail -n 1 "$folder/out" | python3 -c "import json,sys; it=json.load(sys.stdin); assert $1, it" || { echo "failed: $1"; exit 1; }
}
# refused CODE ARGUMENTS...: ends with that code and says why.
refused() {
  expected=$1; shift
  code=0; "$venturi" "$@" --json >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  [ $code = "$expected" ] || { echo "failed: '$*' ended with $code"; cat "$folder/err"; exit 1; }
  last 'it["error"]["message"]'
}

# A server of its own, one for two loads.
"$venturi" bench serve -m smollm2 --clients 1,2 -p 24 -n 6 --requests 4 --warm-up 1 --slo ttft=1000s,itl=1000s --plots "$folder/plots" \
  --json >"$folder/out" 2>"$folder/err"
last '[run["load"] for run in it["runs"]] == ["1 client", "2 clients"]'
last 'all(run["answered"] == 4 and run["errors"] == {} and run["outputTokens"] == 24 and run["promptTokens"] == 96 for run in it["runs"])'
last 'all(run["otherPrompts"] == 0 and run["shortAnswers"] == 0 and run["goodShare"] == 1 for run in it["runs"])'
last 'all(0 < run[figure]["p50"] <= run[figure]["p90"] <= run[figure]["p99"] for run in it["runs"] for figure in ("timeToFirstToken", "interToken", "endToEnd"))'
last 'it["process"]["peakBytes"] > 10**7'
grep -q '<svg' "$folder/plots/throughput.svg"; grep -q '<svg' "$folder/plots/first-token.svg"

VENTURI_API_KEY=secret "$venturi" serve -m smollm2 --port 0 --json >"$folder/serve" 2>"$folder/serve.err" &
server=$!
for _ in $(seq 600); do [ -s "$folder/serve" ] && break; sleep 0.1; done
url=$(python3 -c "import json,sys; print(json.loads(open(sys.argv[1]).readline())['url'])" "$folder/serve")
for _ in $(seq 600); do
  "$venturi" run --server "$url" --api-key secret -n 1 hi >/dev/null 2>&1 && break
  sleep 0.1
done

# Chat and run, beside what the engine says itself.
refused 69 run --server "$url" hi
last '"key" in it["error"]["message"]'
export VENTURI_API_KEY=secret
"$venturi" run "The capital of France is" --temp 0 --max-tokens 6 --json >"$folder/own"
"$venturi" run --server "$url" "The capital of France is" --temp 0 --max-tokens 6 --json >"$folder/out"
last "it['text'] == json.load(open('$folder/own'))['text'] and it['usage']['completionTokens'] == 6 and it['finishReason'] == 'length'"
"$venturi" run --server="$url" --raw "The capital of France is" --temp 0 -n 2 >"$folder/out" 2>"$folder/err"
[ "$(cat "$folder/out")" = " Paris." ]; grep -q 'first token' "$folder/err"
printf 'Say hello.\n/stats\n/again\nWhat did you say?\n/exit\nnever\n' |
  "$venturi" chat --server "$url" --temp 0 -n 5 --json >"$folder/out" 2>"$folder/err"
[ "$(wc -l <"$folder/out")" = 3 ]; grep -q 'answer 5 tokens' "$folder/err"
last 'it["usage"]["promptTokens"] > 20 and it["finishReason"] == "length"'
printf '{"type": "integer"}' >"$folder/schema"
"$venturi" run --server "$url" --temp 0 -n 16 --json-schema "$folder/schema" --json "A number." >"$folder/out"
last 'isinstance(json.loads(it["text"]), int)'
refused 1 run --server "$url" --temp -1 hi
last '"temperature" in it["error"]["message"]'
refused 1 run --server "$url" -m no-such-model hi
refused 2 run --server "ftp://x" hi
refused 2 chat --server "$url" --threads 2
refused 69 run --server http://127.0.0.1:1 hi

# Ctrl-C stops the answer, and what has come stays.
"$venturi" run --server "$url" --raw --temp 0 -n 4000 --json --stream "1 2 3 4 5 6 7 8 9 10 11 12" >"$folder/out" 2>"$folder/err" & run=$!
for _ in $(seq 300); do [ -s "$folder/out" ] && break; sleep 0.1; done
kill -INT $run; code=0; wait $run || code=$?
[ $code = 130 ]; last 'it["finishReason"] == "cancelled" and it["text"].startswith(" 1")'

# A running server: tokens by its /tokenize, chat, arrivals at random and as recorded, a prefix that all prompts share.
"$venturi" bench serve --server "$url" --chat --rate 20 --requests 6 -p 16-24 -n lognormal:4:0.5:2-8 --warm-up 0 --json >"$folder/out" 2>/dev/null
last 'it["runs"][0]["answered"] == 6 and it["runs"][0]["sentLate"]["n"] == 6'
"$venturi" bench serve --server "$url" --shared-prefix 64 -p 80 -n 2 --clients 1 --requests 4 --warm-up 1 --json >"$folder/out" 2>/dev/null
last 'it["runs"][0]["promptTokens"] == 320 and it["runs"][0]["cachedTokens"] >= 0 and it["runs"][0]["otherPrompts"] == 0'
printf '{"arrival": 0, "prompt_tokens": 20, "output_tokens": 3}\n{"arrival": 0.1, "prompt_tokens": 30, "output_tokens": 2}\n' >"$folder/trace"
"$venturi" bench serve --server "$url" --trace "$folder/trace" --warm-up 0 --json >"$folder/out" 2>/dev/null
last 'it["runs"][0]["answered"] == 2 and it["runs"][0]["promptTokens"] == 50 and it["runs"][0]["outputTokens"] == 5'
echo nonsense >"$folder/trace"
refused 2 bench serve --server "$url" --trace "$folder/trace"
last '"line 1" in it["error"]["message"]'
refused 2 bench serve --server "$url" --trace "$folder/trace" --rate 1
refused 2 bench serve --slo ttft=5 --server "$url"
refused 69 bench serve --server http://127.0.0.1:1
refused 1 bench serve --server "$url" --api-key wrong -m smollm2 --served-model smollm2 --requests 2
last '"http_401" in it["error"]["message"]'

# Both verbs say which program they need.
mkdir "$folder/alone"; cp "$venturi" "$folder/alone/venturi"
for call in "bench serve" "chat --server http://x" "run --server http://x hi"; do
  # shellcheck disable=SC2086
  code=0; PATH=/usr/bin:/bin "$folder/alone/venturi" $call >/dev/null 2>"$folder/err" || code=$?
  [ $code = 69 ]; grep -q 'venturi-serve' "$folder/err"
done
# An encrypted server whose certificate must be named.
if command -v openssl >/dev/null; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext 'subjectAltName=IP:127.0.0.1' \
    -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
  "$venturi" serve -m smollm2 --port 0 --json --tls-certificate "$folder/certificate.pem" --tls-key "$folder/key.pem" \
    >"$folder/tls" 2>"$folder/tls.err" & tls=$!
  for _ in $(seq 600); do [ -s "$folder/tls" ] && break; sleep 0.1; done
  encrypted=$(python3 -c "import json,sys; print(json.loads(open(sys.argv[1]).readline())['url'])" "$folder/tls")
  code=0
  for _ in $(seq 600); do
    "$venturi" run --server "$encrypted" --server-certificate "$folder/certificate.pem" -n 1 hi >/dev/null 2>"$folder/err" && break
    sleep 0.1
  done
  refused 69 run --server "$encrypted" -n 1 hi
  last '"not trusted" in it["error"]["message"]'
  "$venturi" bench serve --server "$encrypted" --server-certificate "$folder/certificate.pem" -p 12 -n 2 --requests 2 --json >"$folder/out" 2>/dev/null ||
    { kill $tls; exit 1; }
  last 'it["runs"][0]["answered"] == 2'
  kill $tls; wait $tls
fi
kill "$server"; code=0; wait "$server" || code=$?; server=
[ $code = 0 ]
echo "load: passed"
