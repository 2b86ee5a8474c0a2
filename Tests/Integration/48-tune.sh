#!/bin/sh
# `venturi tune serve`, `venturi bench landscape` and `venturi serve --tuned` on the default model, where it has been pulled.
# usage: 48-tune.sh [PATH OF venturi], with venturi-serve beside it
set -eu
venturi=${1:-${VENTURI:-.build/release/venturi}}
folder=$(mktemp -d)
server=
trap 'code=$?; [ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"; exit $code' EXIT
export VENTURI_CONFIG="$folder/config"
"$venturi" ls --json | grep -q '"name":"smollm2"' || { echo "tune: skipped, smollm2 has not been pulled"; exit 0; }
command -v python3 >/dev/null || { echo "tune: skipped, there is no python3 to read JSON"; exit 0; }

fail() { echo "tune: $1"; cat "$folder/out" "$folder/err"; exit 1; }
expect() { # expect CODE ARGUMENTS…
  want=$1; shift; code=0
  "$venturi" "$@" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  [ "$code" = "$want" ] || fail "'$*' ended with $code, not $want"
}
it() { python3 -c "import json,sys; it=json.load(open('$folder/out')); assert $1, it" || fail "not so: $1"; }
holds() { grep -q -- "$2" "$folder/$1" || fail "$1 does not hold '$2'"; }

printf '{"prompt_tokens": 20, "output_tokens": 3}\n{"prompt": "Why is water quick in narrows?", "max_tokens": 3}\n' >"$folder/w.jsonl"
echo '{"batch": [1, 2], "threads": [1], "chunk": [32, 64]}' >"$folder/space.json"
tune() { expect 0 tune serve -m smollm2 --workload "$folder/w.jsonl" --space "$folder/space.json" --log "$folder/log.json" --seed 3 "$@" --json; }

# A search that is stopped and goes on is the same as one that was not; the same again measures nothing.
tune --method tpe --trials 2
it 'len(it["trials"]) == 2 and it["points"] == 4 and it["measuredNow"] > 2'
first=$(cat "$folder/out")
tune --method tpe --trials 4 --out "$folder/best.json"
echo "$first" >"$folder/first"
it '[t["settings"] for t in it["trials"][:2]] == [t["settings"] for t in json.load(open("'"$folder/first"'"))["trials"]]'
it 'len(it["trials"]) == 4 and all(t["value"] > 0 and t["problem"] is None for t in it["trials"])'
it 'it["own"]["tokensPerSecond"] > 0 and len(it["secondSample"]["best"]) == 3 and "ranks" in it["absent"]'
tune --method tpe --trials 4
it 'it["measuredNow"] == 0'
tune --method halving --trials 6 --prior
it '{t["part"] for t in it["trials"]} >= {0.125, 1.0} and it["prediction"][0]["threads"] == 1'
# A trial that takes too long is killed and counts as nothing; without the engine's own settings there is nothing to compare with.
expect 1 tune serve -m smollm2 --workload "$folder/w.jsonl" --space "$folder/space.json" --fresh --trials 1 --trial-timeout 0.001 --json
it '"killed" in it["error"]["message"] or "did not answer" in it["error"]["message"]'

# The map: matrix, picture, and what is said of it.
expect 0 bench landscape --x batch=1,2 --y chunk=32,64 --set threads=1 --repeat 2 --predict --workload "$folder/w.jsonl" \
  --log "$folder/log.json" --csv "$folder/map.csv" --svg "$folder/map.svg" --json
it 'len(it["values"]) == 4 and all(len(r) == 2 for r in it["repetitions"]) and len(it["predicted"]) == 4 and it["mostInfluential"]'
[ "$(wc -l <"$folder/map.csv")" = 3 ] || fail 'the matrix has other lines'
grep -q '<svg' "$folder/map.svg" || fail 'no picture'
expect 0 bench landscape --x batch=1,2 --y chunk=32,64 --set threads=1 --repeat 2 --workload "$folder/w.jsonl" --log "$folder/log.json"
holds out 'most influential'; holds out 'local maxima beyond noise'

# What is no setting, space, workload or file is refused with the reason.
echo '{"batch": [1], "ranks": [1, 2]}' >"$folder/ranks.json"
expect 2 tune serve --space "$folder/ranks.json" --json; it '"one process" in it["error"]["message"]'
expect 2 bench landscape --x page-size --y threads; holds err 'one piece'
expect 2 bench landscape --x batch=0,1 --y threads; holds err 'batch'
expect 2 bench landscape --x batch --y batch; holds err 'twice'
expect 2 tune serve --trials 0; holds err 'trials'
echo '{"prompt": ""}' >"$folder/bad.jsonl"
expect 2 tune serve --workload "$folder/bad.jsonl" --json; it '"line 1" in it["error"]["message"]'

# A server with the settings that were found; another model's are refused.
"$venturi" serve -m smollm2 --tuned "$folder/best.json" --port 0 --json >"$folder/serve" 2>"$folder/serve.err" &
server=$!
for _ in $(seq 600); do [ -s "$folder/serve" ] && break; sleep 0.1; done
url=$(python3 -c "import json,sys; print(json.loads(open(sys.argv[1]).readline())['url'])" "$folder/serve")
for _ in $(seq 600); do
  expect_code=0; "$venturi" run --server "$url" -n 2 hi >"$folder/out" 2>"$folder/err" || expect_code=$?
  [ $expect_code = 0 ] && break
  sleep 0.1
done
[ $expect_code = 0 ] || fail 'the tuned server does not answer'
kill "$server"; wait "$server" || true; server=
sed 's/"digest": "[0-9a-f]*"/"digest": "00"/' "$folder/best.json" >"$folder/other.json"
expect 2 serve -m smollm2 --tuned "$folder/other.json" --port 0; holds err 'another model'
echo '{}' >"$folder/none.json"
expect 65 serve -m smollm2 --tuned "$folder/none.json" --port 0; holds err 'format'
echo "tune: searches, a map, refusals and a tuned server are as they should be"
