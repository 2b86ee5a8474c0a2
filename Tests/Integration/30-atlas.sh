#!/bin/sh
# The catalogue and the reproductions from outside: shapes of JSON, exit codes, the store and what is written from it. Without
# peers, so that they must be absent; no time is asserted.
# usage: 30-atlas.sh [PATH OF venturi], with venturi-atlas beside it
set -eu
venturi=${1:-${VENTURI:-.build/release/venturi}}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export VENTURI_HOME="$folder/home" VENTURI_CONFIG="$folder/config" VENTURI_PEERS="$folder/none"
checks=0

# expect CODES ARGUMENT...: runs venturi, which must end with one of the codes (0 or 0,3).
expect() {
  wanted=",$1,"
  shift
  code=0
  "$venturi" "$@" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  checks=$((checks + 1))
  case $wanted in *",$code,"*) ;; *) echo "venturi $*: exit code $code, not $wanted"; cat "$folder/err"; exit 1 ;; esac
}
holds() { grep -q -- "$2" "$folder/$1" || { echo "no '$2' in $1:"; head -c 2000 "$folder/$1"; exit 1; }; checks=$((checks + 1)); }
json() { # json EXPRESSION: what Python says of the object `it`
  python3 -c 'import json,sys; it=json.load(open(sys.argv[1])); assert eval(sys.argv[2]), sys.argv[2]' "$folder/out" "$1" ||
    { head -c 2000 "$folder/out"; exit 1; }
  checks=$((checks + 1))
}

expect 0 systems list --json
json 'len(it) == 114 and [s["number"] for s in it] == list(range(1, 115))'
json 'all(set(s) >= {"number", "slug", "name", "family", "room", "state"} for s in it)'
json 'all(s["state"] in ("planned", "partial", "works") for s in it) and it[66]["state"] == "partial"'
expect 0 systems; holds out 'FlashAttention-2'
expect 0 systems show 67 --json; json 'it["slug"] == "flash-attention-2"'
expect 0 systems search "long context" --json; json '{71, 9, 8, 101} <= {s["number"] for s in it}'
expect 0 systems search zzzyzx --json; json 'it == []'
expect 2 systems show flash-atention-2; holds err "did you mean 'flash-attention-2'"
expect 0 --help; holds out 'reproduce'

expect 2 reproduce; expect 2 reproduce 115; expect 2 reproduce 67 --pairs=0 --json; json 'it["error"]["code"] == 2'
expect 69 reproduce 1 --json; json '"planned" in it["error"]["message"]'
expect 0 results --into "$folder/empty"; grep -q 'No system was reproduced' "$folder/empty/RESULTS.md"

# A busy machine may miss a target; what holds must hold, and nobody is beaten who is not there.
expect 0,3 reproduce 67 --quick --pairs 2 --json
json 'set(it) >= {"system", "checks", "measures", "predictions", "machine"} and it["quick"] is True'
json 'len(it["checks"]) >= 8 and all(c["passed"] is True for c in it["checks"])'
json 'all(set(m) >= {"name", "ours", "peer", "peerName", "ratio", "low", "high", "target", "met"} for m in it["measures"])'
json 'all(m["met"] is None and m["absent"] for m in it["measures"] if "PyTorch" in m["peerName"])'
json 'sum("PyTorch" in m["peerName"] for m in it["measures"]) == 3'
json 'len(it["predictions"]) >= 9 and all(abs(p["error"]) <= p["limit"] or not p["met"] for p in it["predictions"])'
json 'it["machine"]["processor"] and it["machine"]["threads"] >= 1'
holds err 'not measured'

expect 0 results --into "$folder/page" --json; json 'len(it["results"]) == 1 and len(it["systems"]) == 114'
[ -s "$folder/page/Results/067-time.svg" ]; [ -s "$folder/page/Results/results.json" ]
grep -q '^## 067 FlashAttention-2: partial' "$folder/page/RESULTS.md"; grep -q 'no headline' "$folder/page/RESULTS.md"

# A benchmark's table is kept too; what is none is refused.
"$venturi" bench gemm -m 8 -n 64 -k 64 --square 0 -t 1 --pairs 2 --json >"$folder/bench" 2>/dev/null
expect 0 results --record "$folder/bench"; expect 2 results --record "$folder/page/RESULTS.md"
expect 0 results --into "$folder/page"; grep -q '^## Benchmarks' "$folder/page/RESULTS.md"

printf 'not a database, but long enough to be taken for one by its size alone' >"$folder/bad.sqlite"
expect 1 results --store "$folder/bad.sqlite" --json; json 'it["error"]["type"] == "bad_store"'
expect 2 results --store '' --json; json '"--store" in it["error"]["message"]'
# SQLite's name for no file is a file's name here.
program=$(cd "$(dirname "$venturi")" && pwd)/$(basename "$venturi")
(cd "$folder" && "$program" results --store :memory: --into "$folder/page2" >/dev/null 2>&1); [ -s "$folder/:memory:" ]
expect 2 results --into '' --json; json '"--into" in it["error"]["message"]'
expect 2 reproduce 67 --quick --store ''; expect 2 reproduce 67 --quick --keep ''
expect 0 help reproduce; holds out 'venturi-atlas reproduce <system>'
# What cannot be kept is known at once; what is only read need not be writable.
code=0; "$venturi"-atlas results --into "$folder/page" >&- 2>"$folder/err" || code=$?
[ $code = 1 ] || { echo "a closed output: exit code $code instead of 1"; exit 1; }
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  reader=$folder/reader; mkdir "$reader" "$reader/out"; chmod 755 "$folder"; chmod 777 "$reader/out"
  cp "$VENTURI_HOME/results.sqlite" "$reader/store"; chmod 444 "$reader/store"
  other() { code=0; setpriv --reuid=65534 --regid=65534 --clear-groups "$venturi" "$@" >"$folder/out" 2>"$folder/err" || code=$?; }
  other results --store "$reader/store" --into "$reader/out"; [ $code = 0 ] || { cat "$folder/err"; exit 1; }
  other reproduce 67 --quick --json --store "$reader/store"
  [ $code = 69 ] || { echo "a store that is read only: exit code $code instead of 69"; exit 1; }
  json 'set(it) == {"error"}'
fi
expect 69 results --store "$folder"; expect 1 reproduce 67 --quick --store "$folder/bad.sqlite"
VENTURI_STORE="$folder/bad.sqlite" expect 1 results; holds err 'bad.sqlite'
echo "atlas: $checks checks passed"
