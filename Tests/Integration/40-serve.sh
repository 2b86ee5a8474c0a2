#!/bin/bash
# The server as its operator has it: the real program and model, driven with curl.
# usage: 40-serve.sh [PATH OF venturi]
set -euo pipefail
venturi=${1:-${VENTURI:-.build/release/venturi}}
folder=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
fail() { echo "$1"; tail -n 40 "$folder"/*.err 2>/dev/null; exit 1; }
unset VENTURI_API_KEY VENTURI_PORT VENTURI_HOST

# start NAME ARGUMENT...: starts a server and sets pid and url once it listens, whether its model is loaded or not.
start() {
  local name=$1
  shift
  : >"$folder/$name.out"
  "$venturi" serve --port 0 --json "$@" >"$folder/$name.out" 2>"$folder/$name.err" &
  pid=$!
  pids+=("$pid")
  local i
  for i in $(seq 300); do
    url=$(sed -n 's/^{"url":"\([^"]*\)".*/\1/p' "$folder/$name.out")
    [ -z "$url" ] || return 0
    kill -0 "$pid" 2>/dev/null || fail "$name ended"
    sleep 0.1
  done
  fail "$name does not listen"
}
# ready [CURL ARGUMENT...]: waits until the model is loaded; before that the server says that it is not.
ready() {
  local i code
  for i in $(seq 600); do
    code=$(curl -s -o "$folder/health" -w '%{http_code}' "$@" "$url/health")
    [ "$code" != 200 ] || return 0
    [ "$code" = 503 ] || fail "health says $code"
    grep -q '"code":"loading"' "$folder/health" || fail "health: $(cat "$folder/health")"
    sleep 0.1
  done
  fail 'the model is not loaded'
}
# post PATH BODY [CURL ARGUMENT...]
post() { local path=$1 body=$2; shift 2; curl -sS --max-time 120 -H 'Content-Type: application/json' -d "$body" "$@" "$url$path"; }
has() { grep -qF -- "$2" <<<"$1" || fail "no $2 in: $1"; }

printf 'default: {chance: 0.5, gain: 0.1}\ntasks:\n  capitals: {chance: 0.2, gain: 0.1}\n' >"$folder/budgets.yaml"
start plain -m smollm2 --embedder minilm --alias gpt-test --answer-budgets "$folder/budgets.yaml"
case $url in http://127.0.0.1:*) ;; *) fail "listens on $url" ;; esac
grep -q 'Only this machine reaches it' "$folder/plain.err" || fail 'does not say who reaches it'
ready
has "$(curl -sS "$url/v1/models")" '"n_ctx_train":8192'
has "$(curl -sS "$url/v1/models/smollm2")" '"n_params":134515008'

question='"messages":[{"role":"user","content":"What is the capital of France?"}],"temperature":0,"max_tokens":24'
whole=$(post /v1/chat/completions "{\"model\":\"smollm2\",$question}")
has "$whole" '"object":"chat.completion"'
has "$whole" 'The capital of France is Paris.'
has "$(post /v1/chat/completions "{\"model\":\"gpt-test\",$question}")" 'Paris'
has "$(post /chat/completions "{$question}")" 'Paris'
# Of answers that are all alike one is given, and all are counted: four for this task, as 0.2 · 0.8⁴ is the first gain below 0.1.
tokens() { sed -n 's/.*"completion_tokens":\([0-9]*\).*/\1/p' <<<"$1"; }
best=$(post /v1/chat/completions "{$question,\"best_of\":\"auto\",\"metadata\":{\"task\":\"capitals\"}}")
has "$best" 'The capital of France is Paris.'
[ "$(tokens "$best")" = $((4 * $(tokens "$whole"))) ] || fail "best_of: $best"
post /v1/chat/completions "{$question,\"stream\":true,\"stream_options\":{\"include_usage\":true}}" -N -D "$folder/head" >"$folder/stream"
grep -qi '^content-type: text/event-stream' "$folder/head" || fail 'no event stream'
[ "$(tail -n 2 "$folder/stream" | head -n 1)" = 'data: [DONE]' ] || fail 'no end of the stream'
[ "$(grep -c '"usage":null' "$folder/stream")" = $(($(grep -c '^data: ' "$folder/stream") - 2)) ] || fail 'usage before the end'
grep -q '"choices":\[\],"usage":{"prompt_tokens":' "$folder/stream" || fail 'no usage chunk'
said=$(sed -n 's/.*"delta":{"content":"\([^"]*\)"}.*/\1/p' "$folder/stream" | tr -d '\n')
has "$whole" "\"content\":\"$said\""
has "$(post /v1/completions '{"prompt":"The capital of France is","temperature":0,"max_tokens":3}')" '"text":" Paris'
grep -q '"cached_tokens":[1-9]' <(post /v1/completions '{"prompt":"The capital of France is","max_tokens":1}') || fail 'a prompt is computed twice'
has "$(post /v1/embeddings '{"model":"minilm","input":["one","two"]}')" '"index":1'
has "$(post /tokenize '{"content":"Hello there"}')" '"count":2'
has "$(post /apply-template '{"messages":[{"role":"user","content":"x"}]}')" '<|im_start|>user\nx<|im_end|>'
has "$(post /v1/chat/completions "{$question,\"response_format\":{\"type\":\"json_object\"}}")" '"content":"{'
long=$(printf 'word %.0s' $(seq 9000))
has "$(post /v1/completions "{\"prompt\":\"$long\"}")" 'context_length_exceeded'
has "$(post /v1/chat/completions '{"messages":1}')" '"param":"messages"'

# A client that leaves takes its work along.
post /v1/chat/completions '{"messages":[{"role":"user","content":"Tell a long story."}],"stream":true,"ignore_eos":true}' --max-time 1 >/dev/null 2>&1 || true
for i in $(seq 50); do
  metrics=$(curl -sS "$url/metrics")
  ! grep -q '^venturi_generations_running 0' <<<"$metrics" || break
  sleep 0.1
done
grep -q '^venturi_generations_running 0' <<<"$metrics" || fail 'goes on for nobody'
grep -q '^venturi_requests_total{outcome="client_gone"} 1' <<<"$metrics" || fail "not counted: $metrics"
grep -q '^venturi_kv_bytes' <<<"$metrics" || fail 'no memory of states'

# SIGTERM: what runs is answered, what comes is refused, and the exit code is 0.
post /v1/chat/completions '{"messages":[{"role":"user","content":"Count."}],"stream":true,"ignore_eos":true,"max_tokens":200}' -N >"$folder/last" &
reader=$!
for i in $(seq 100); do [ "$(wc -l <"$folder/last")" -lt 4 ] || break; sleep 0.05; done
kill -TERM "$pid"
sleep 0.2
code=$(curl -s -o "$folder/refused" -w '%{http_code}' "$url/v1/models" || true)
[ "$code" = 503 ] || [ "$code" = 000 ] || fail "answers $code while it shuts down"
wait "$reader" || fail 'the last answer was cut'
[ "$(tail -n 2 "$folder/last" | head -n 1)" = 'data: [DONE]' ] || fail 'the last answer has no end'
wait "$pid" && status=0 || status=$?
[ "$status" = 0 ] || fail "exit code $status after SIGTERM"

# Several models: the first from the start, the other when it is asked for, and each goes for the other.
tiny="$(dirname "$0")/../../Golden/tiny/q4_k_m.gguf.bin"
start several -m smollm2 -m "small one=$tiny" --alias gpt-test --max-loaded 1 --time-to-live 3 --prefix-cache off
ready
has "$(curl -sS "$url/v1/models/small%20one")" '"status":"unloaded","meta":null'
for model in 'small one' smollm2 'small one'; do
  has "$(post /v1/completions "{\"model\":\"$model\",\"prompt\":\"x\",\"max_tokens\":2}")" "\"model\":\"$model\""
done
has "$(post /v1/completions '{"model":"gpt-test","prompt":"The capital of France is","temperature":0,"max_tokens":1}')" '" Paris"'
has "$(post /v1/completions '{"model":"gpt-test","prompt":"The capital of France is","max_tokens":1}')" '"cached_tokens":0'
has "$(curl -sS "$url/v1/models/small%20one")" '"status":"unloaded","meta":{"n_ctx":512'
has "$(curl -sS "$url/metrics")" 'venturi_model_evictions_total{model="small one",reason="room"} 2'
has "$(post /v1/completions '{"model":"other","prompt":"x"}')" 'served here: smollm2, small one'
for i in $(seq 100); do
  ! grep -qF 'venturi_model_bytes{model="smollm2"} 0' <(curl -sS "$url/metrics") || break
  sleep 0.1
done
has "$(curl -sS "$url/v1/models/smollm2")" '"status":"unloaded","meta":{"n_ctx":8192'
[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/health")" = 200 ] || fail 'sick without its idle models'
has "$(post /v1/completions '{"prompt":"The capital of France is","temperature":0,"max_tokens":1}')" '" Paris"'
kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
[ "$status" = 0 ] || fail "exit code $status of the server of several models"

# Keys from the environment and a file; a second interrupt ends at once.
printf '# ours\nfrom-file\n' >"$folder/keys"
VENTURI_API_KEY=from-environment start keys -m smollm2 --api-key-file "$folder/keys" --drain-timeout 60 --log-json
ready
[ "$(curl -s -o /dev/null -w '%{http_code}' "$url/v1/models")" = 401 ] || fail 'answers without a key'
for key in from-file from-environment; do
  has "$(curl -sS -H "Authorization: Bearer $key" "$url/v1/models")" '"object":"list"'
  has "$(curl -sS -H "X-Api-Key: $key" "$url/v1/models")" '"object":"list"'
done
grep -q '^{"time":"[^"]*","level":"info","message":"request",' "$folder/keys.err" || fail 'no log of JSON'
! grep -q from- "$folder/keys.err" || fail 'the log tells keys'
curl -sN -H 'X-Api-Key: from-file' -d '{"messages":[{"role":"user","content":"Go on."}],"stream":true,"ignore_eos":true}' "$url/v1/chat/completions" >"$folder/cut" &
for i in $(seq 100); do [ ! -s "$folder/cut" ] || break; sleep 0.05; done
kill -INT "$pid"
sleep 0.3
kill -0 "$pid" 2>/dev/null || fail 'did not wait for its answer'
kill -INT "$pid"
wait "$pid" && status=0 || status=$?
[ "$status" = 130 ] || fail "exit code $status after two interrupts"

# TLS, and a warning where other machines reach the server.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext 'subjectAltName=IP:127.0.0.1' \
  -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
start tls -m smollm2 --host 0.0.0.0 --tls-certificate "$folder/certificate.pem" --tls-key "$folder/key.pem"
grep -q 'warning: every machine' "$folder/tls.err" || fail 'no warning without keys'
url=https://127.0.0.1:${url##*:}
ready --cacert "$folder/certificate.pem"
has "$(curl -sS --cacert "$folder/certificate.pem" "$url/v1/models")" '"object":"list"'
! curl -s "http://${url#https://}/v1/models" >/dev/null 2>&1 || fail 'answers without TLS'
port=${url##*:}

# What cannot be is said, with the documented exit codes.
refused() {
  local expected=$1 text=$2
  shift 2
  timeout 60 "$venturi" serve "$@" >"$folder/refused.out" 2>"$folder/refused.err" && status=0 || status=$?
  [ "$status" = "$expected" ] || fail "serve $*: exit code $status, not $expected"
  grep -qF -- "$text" "$folder/refused.err" || fail "serve $*: does not say '$text'"
}
refused 69 "$port" -m smollm2 --port "$port"
refused 69 'no-such-model' -m no-such-model --port 0
refused 69 'no.pem' -m smollm2 --port 0 --tls-certificate "$folder/no.pem" --tls-key "$folder/key.pem"
refused 2 'given together' --tls-key "$folder/key.pem"
refused 2 'port 70000' --port 70000
refused 2 'keys[0]' --api-key 'with space' --port 0
refused 2 'limits.choices 0' --max-choices 0 --port 0
printf 'default: {chance: 2}\n' >"$folder/budgets.yaml"
refused 2 'default.chance' --answer-budgets "$folder/budgets.yaml" --port 0
printf 'tasks:\n  sums: {chance: 0.2, celing: 1}\n' >"$folder/budgets.yaml"
refused 2 'tasks.sums.ceiling' --answer-budgets "$folder/budgets.yaml" --port 0
refused 65 'GGUF' -m "$0" --port 0
refused 69 'no-such-model' -m smollm2 -m no-such-model --port 0
refused 2 'NAME=MODEL' -m smollm2 -m other= --port 0
refused 2 'is the name of two models' -m smollm2 -m smollm2 --port 0
refused 2 'shelf.loaded 0' -m smollm2 --max-loaded 0 --port 0
refused 2 '2 models are loaded at the start' -m smollm2 --embedder minilm --max-loaded 1 --port 0
refused 2 'shelf.timeToLive -1' -m smollm2 --time-to-live=-1 --port 0
echo "serve: all as expected"
