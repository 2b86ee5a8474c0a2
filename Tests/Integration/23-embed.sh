#!/bin/sh
# Embeddings by the command, with the real MiniLM: single texts, files of lines, both kinds of output.
# usage: 23-embed.sh [PATH OF venturi]
set -eu
venturi=${1:-.build/release/venturi}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "$1"; cat "$folder/err" 2>/dev/null; exit 1; }

"$venturi" embed --json "Water flows downhill." >"$folder/one" 2>"$folder/err" || fail 'embed failed'
[ ! -s "$folder/err" ] || fail 'unexpected notes'
grep -q '^{"embedding":\[' "$folder/one" || fail 'no embedding'
[ "$(wc -l <"$folder/one")" = 1 ] || fail 'not one line'
[ "$(tr -cd , <"$folder/one" | wc -c)" = 384 ] || fail 'not 384 numbers'

# Lines, an empty one, and one beyond the model's 256 tokens.
{
  echo 'Water flows downhill.'
  echo
  i=0
  while [ $i -lt 300 ]; do printf 'narrow '; i=$((i + 1)); done
  echo
  echo 'Das Wasser fließt.'
} >"$folder/lines"
for kind in npy jsonl; do
  "$venturi" embed --file "$folder/lines" --output "$folder/out.$kind" --json >"$folder/report" 2>"$folder/err" ||
    fail "embed to $kind failed"
  grep -q '"count":4,"dimension":384,"truncated":\[2\]' "$folder/report" || fail "report: $(cat "$folder/report")"
  grep -q 'text 3 has more than 256 tokens' "$folder/err" || fail 'nothing said of the text that was cut'
done
[ "$(wc -c <"$folder/out.npy")" = $((128 + 4 * 384 * 4)) ] || fail 'size of the npy file'
[ "$(wc -l <"$folder/out.jsonl")" = 4 ] || fail 'lines of the jsonl file'
cat "$folder/lines" | "$venturi" embed >"$folder/stdin" 2>"$folder/err" || fail 'embed of standard input failed'
[ "$(wc -l <"$folder/stdin")" = 4 ] || fail 'lines of standard output'
if command -v python3 >/dev/null; then
  python3 - "$folder" <<'PY'
import json, struct, sys
folder = sys.argv[1]
one = json.load(open(folder + "/one"))["embedding"]
rows = [json.loads(line) for line in open(folder + "/out.jsonl")]
assert [row["index"] for row in rows] == [0, 1, 2, 3] and rows[1]["tokens"] == 2, rows
data = open(folder + "/out.npy", "rb").read()
assert data[:8] == b"\x93NUMPY\x01\x00" and b"'shape': (4, 384)" in data[:128]
values = struct.unpack("<1536f", data[128:])
single = lambda numbers: [struct.unpack("<f", struct.pack("<f", x))[0] for x in numbers]
for index, row in enumerate(rows):
    assert single(row["embedding"]) == list(values[index * 384:(index + 1) * 384]), index
    assert abs(sum(x * x for x in row["embedding"]) - 1) < 1e-5
assert single(one) == list(values[:384]), "alone and in company"
lines = [json.loads(line) for line in open(folder + "/stdin")]
assert lines == [row["embedding"] for row in rows]
PY
fi
# What is there already stays as it is when the work fails.
echo before >"$folder/kept.npy"
if "$venturi" embed -m "$folder/nothing" --file "$folder/lines" --output "$folder/kept.npy" >"$folder/report" 2>&1; then
  fail 'a model that is not there was loaded'
fi
[ "$(cat "$folder/kept.npy")" = before ] || fail 'the old file is gone'
echo "embed: all as expected"
