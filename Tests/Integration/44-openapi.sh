#!/bin/bash
# The server against its own description as schemathesis reads it: requests that it makes up, right and wrong ones.
# usage: 44-openapi.sh [PATH OF venturi]
set -euo pipefail
. "$(dirname "$0")/server/start.sh"
client schemathesis
# A small context, so that answers without a bound are short.
start_server --embedder minilm --ctx-size 64 --max-choices 2

# What a schema accepts may still be too long for this context, or ask for a model that is none of the kind: that right
# requests are answered is tested where there are such models (ServerTests). Paths under two names are one.
cd "$folder"
timeout 300 "$client" run "$url/openapi.json" --header 'X-Api-Key: client-key' --phases fuzzing --max-examples 20 --seed 1 \
  --workers 2 --checks all --exclude-checks positive_data_acceptance --continue-on-failure --warnings off --no-color \
  --exclude-path-regex '^/(page/.*|figures|systems|plan|(chat/)?completions|responses|embeddings|rerank|models.*|v1/(tokenize|detokenize|apply-template|health))$' \
  >"$folder/report" 2>&1 || { cut -c1-400 "$folder/report" | tail -n 150; fail 'schemathesis found something'; }
cases=$(sed -n 's/^ *\([0-9]*\) generated.*/\1/p' "$folder/report")
[ "${cases:-0}" -ge 150 ] || { cut -c1-400 "$folder/report" | tail -n 40; fail "only ${cases:-0} cases"; }
metrics=$(curl -sS -H 'X-Api-Key: client-key' "$url/metrics")
grep -q '^venturi_requests_total{outcome="error"} 0' <<<"$metrics" || fail 'an error of its own'
kill -TERM "$pid"
wait "$pid" && status=0 || status=$?
pid=
[ "$status" = 0 ] || fail "exit code $status"
echo "openapi: $cases requests, all answered as described"
