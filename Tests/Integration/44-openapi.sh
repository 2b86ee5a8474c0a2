#!/bin/bash
# The server against its own description as schemathesis reads it: requests that it makes up, right and wrong ones.
# usage: 44-openapi.sh [PATH OF venturi]
set -euo pipefail
venturi=${1:-${VENTURI:-.build/release/venturi}}
schemathesis="${VENTURI_HOME:-$HOME/.cache/venturi}/clients/venv/bin/schemathesis"
[ -x "$schemathesis" ] || { echo "no schemathesis at $schemathesis: Scripts/clients installs it"; exit 1; }
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
fail() { echo "$1"; tail -n 40 "$folder/err"; exit 1; }

# A small context, so that answers without a bound are short.
VENTURI_API_KEY=key "$venturi" serve --port 0 --json -m smollm2 --embedder minilm --ctx-size 64 --max-choices 2 \
  >"$folder/out" 2>"$folder/err" &
pid=$!
for _ in $(seq 300); do
  url=$(sed -n 's/^{"url":"\([^"]*\)".*/\1/p' "$folder/out")
  [ -z "$url" ] || [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/health")" != 200 ] || break
  kill -0 "$pid" 2>/dev/null || fail 'the server ended'
  sleep 0.1
done

# What a schema accepts may still be too long for this context, or ask for a model that is none of the kind: that right
# requests are answered is tested where there are such models (ServerTests). Paths under two names are one.
cd "$folder"
timeout 300 "$schemathesis" run "$url/openapi.json" --header 'X-Api-Key: key' --phases fuzzing --max-examples 20 --seed 1 \
  --workers 2 --checks all --exclude-checks positive_data_acceptance --continue-on-failure --warnings off --no-color \
  --exclude-path-regex '^/(page/.*|figures|systems|(chat/)?completions|responses|embeddings|rerank|models.*|v1/(tokenize|detokenize|apply-template|health))$' \
  >"$folder/report" 2>&1 || { cut -c1-400 "$folder/report" | tail -n 150; fail 'schemathesis found something'; }
cases=$(sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$folder/report")
[ "${cases:-0}" -ge 150 ] || { cut -c1-400 "$folder/report" | tail -n 40; fail "only ${cases:-0} cases"; }
metrics=$(curl -sS -H 'X-Api-Key: key' "$url/metrics")
grep -q '^venturi_requests_total{outcome="error"} 0' <<<"$metrics" || fail 'an error of its own'
kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
pid=
[ "$status" = 0 ] || fail "exit code $status"
echo "openapi: $cases requests, all answered as described"
