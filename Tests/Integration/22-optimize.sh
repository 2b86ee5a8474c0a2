#!/bin/sh
# `optimize` on the default model, where it has been pulled: planted handicaps are found, the profile is written and loaded.
# No time is asserted: a handicap is one that costs a multiple, or it is enough that the choice is not slower.
# usage: 22-optimize.sh [PATH OF venturi]
set -eu
venturi=${1:-${VENTURI:-.build/release/venturi}}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$venturi" ls --json | grep -q '"name":"smollm2"' || { echo "optimize: skipped, smollm2 has not been pulled"; exit 0; }
command -v python3 >/dev/null || { echo "optimize: skipped, there is no python3 to read JSON"; exit 0; }

# The model by a link in a folder of our own: what is written lands there.
file=$("$venturi" show smollm2 --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["path"])')
ln -s "$file" "$folder/model.gguf"
model=$folder/model.gguf
profile=$model.profile.json

# last 'EXPRESSION': true of the last line of $folder/out, read as `it`.
last() {
  tail -n 1 "$folder/out" | python3 -c "import json,sys; it=json.load(sys.stdin); lever=lambda n: [l for l in it['levers'] if l['name'] == n][0]; settings=it.get('chosen', {}).get('settings', {}); assert $1, it" || { echo "failed: $1"; exit 1; }
}
optimize() { timeout 300 "$venturi" optimize "$model" --json --pairs 3 "$@" >"$folder/out" 2>"$folder/err" || { cat "$folder/out" "$folder/err"; exit 1; }; }

# Predictions alone: nothing is measured or written, and an interrupt is one.
code=0; timeout -s INT 0.5 "$venturi" optimize "$model" --for decode@64 --dry-run --json >"$folder/out" || code=$?
[ $code = 124 ] || { echo "an interrupt: exit code $code of timeout instead of 124"; exit 1; }
python3 -c 'import json,sys; assert json.load(open(sys.argv[1]))["error"]["code"] == 130' "$folder/out"
optimize --for decode@64 --dry-run
last 'it["levers"] and all(l["measured"] is None and l["predicted"] > 0 for l in it["levers"]) and it["profile"] is None'
[ ! -e "$profile" ]

# A chunk of two tokens, and f32 where some perplexity may be given for speed: both cost a multiple. The defaults are chosen where the
# lever that was is a little slower than they are; where the machine is busy, the budget may be over before the choice is verified.
for budget in 60s 240s; do
  optimize --for prefill@128 -b 2 --budget $budget
  (last 'it["verified"]') >/dev/null 2>&1 && break
done
last 'settings["stepTokens"] > 2 and (it["chosen"]["name"] == "default" or it["gain"]["low"] > 1)'
last 'all(set(l) >= {"name", "predicted", "measured", "quality"} for l in it["levers"])'
last 'any(l["measured"] and l["error"] is not None and l["quality"]["same"] for l in it["levers"])'
optimize --for decode --compute f32 --max-ppl 5% --texts explanation --budget 60s
last 'settings["compute"] == "fast" and lever("compute fast")["quality"]["perplexity"] > 1'
# Without leave to cost quality it stays: what was begun with, or what is exact.
optimize --for decode --compute f32 --texts explanation --budget 20s
last 'settings["compute"] == "f32" or it["chosen"]["name"] == "default" or lever("compute fast")["quality"]["change"] <= 0'

# Too few or too many threads, guesses that do not help: what takes the handicap away is tried, and what is chosen was measured
# again or is what was begun with. The lever's name stands before its case; %s is the number of processors.
processors=$(nproc)
for case in 'threads %s:--for prefill@128 -t 1' "threads %s:--for decode -t $((2 * processors))" 'lookup 0:--for decode --lookup 32 --texts explanation,story'; do
  if [ "$processors" = 1 ] && [ "${case%% -t 1}" != "$case" ]; then continue; fi
  # Where the machine is slow or busy, the budget is over before the lever's turn: then it is given more.
  tried="lever('${case%%:*}'.replace('%s', str(it['machine']['processors'])))['measured'] is not None"
  for budget in 60s 240s; do
    # shellcheck disable=SC2086
    optimize ${case#*:} --budget $budget
    (last "$tried") >/dev/null 2>&1 && break
  done
  last "$tried"
  last 'it["chosen"]["name"] in ("start", "default") or it["gain"]["low"] > 1 or not it["verified"]'
done

# The profile takes effect: in `run`, unless a flag, the environment or --no-profile says otherwise.
python3 - "$profile" <<'PY'
import json, sys
path = sys.argv[1]
profile = json.load(open(path))
assert profile["format"] == "venturi-profile-1" and profile["machine"]["processors"] > 0, profile
profile["settings"] = {"lookup": 4, "stepTokens": 64}
json.dump(profile, open(path, "w"))
PY
run() { "$venturi" run -m "$model" --raw --temp 0 -n 24 --ignore-eos --json "one two three one two three one two three one" "$@" >"$folder/out" 2>"$folder/err"; }
run; last 'it["profile"].endswith(".profile.json") and it["usage"]["draftedTokens"] > 0'; cp "$folder/out" "$folder/with"
run --no-profile; last 'it["profile"] is None and it["usage"]["draftedTokens"] == 0'
python3 -c "import json,sys; a,b=[json.load(open(p)) for p in sys.argv[1:]]; assert a['tokens']==b['tokens']" "$folder/with" "$folder/out"
run --lookup 0; last 'it["profile"] and it["usage"]["draftedTokens"] == 0'
VENTURI_LOOKUP=0 run; last 'it["usage"]["draftedTokens"] == 0'
VENTURI_NO_PROFILE=1 run; last 'it["profile"] is None'
cp "$profile" "$folder/elsewhere.json"; run --profile "$folder/elsewhere.json"; last 'it["profile"].endswith("elsewhere.json")'

# A profile of another machine is passed over with a note; a damaged one is an error that names the field.
sed 's/"kernels": *"[a-z0-9]*"/"kernels": "abacus"/' "$folder/elsewhere.json" >"$profile"
run; last 'it["profile"] is None'; grep -q 'abacus' "$folder/err"
sed 's/"stepTokens": *64/"stepTokens": 1e99/' "$folder/elsewhere.json" >"$profile"
run && exit 1; last 'it["error"]["type"] == "bad_profile" and "settings.stepTokens" in it["error"]["message"]'
rm "$profile"

# An interrupt ends the search with what was found: a whole profile, and no half of one.
python3 - "$venturi" "$model" <<'PY'
import json, os, signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "optimize", sys.argv[2], "--for", "decode", "--pairs", "1000", "--budget", "1h", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
time.sleep(14)
p.send_signal(signal.SIGINT)
out, _ = p.communicate(timeout=60)
assert p.returncode == 130, p.returncode
it = json.loads(out.splitlines()[-1])
if "error" in it:  # a slow machine: the search had not begun
  assert it["error"]["type"] == "interrupted", it
  it = {"ending": "interrupted", "profile": None}
assert it["ending"] == "interrupted", it
# Where nothing was found, nothing is written.
assert it["profile"] is None or json.load(open(it["profile"]))["goal"] == "decode@0", it
assert os.path.exists(sys.argv[2] + ".profile.json") == (it["profile"] is not None), it
left = sorted(os.listdir(os.path.dirname(sys.argv[2])))
assert not [n for n in left if n.endswith(".part")], left
PY
echo "optimize: passed"
