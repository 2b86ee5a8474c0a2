#!/bin/sh
# `venturi quantize` on the default model, where it has been pulled: the file, the report, refusals, importance.
# usage: 23-quantize.sh [PATH OF venturi]
set -eu
venturi=${1:-.build/release/venturi}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$venturi" ls --json | grep -q '"name":"smollm2"' || { echo "quantize: skipped, smollm2 has not been pulled"; exit 0; }
command -v python3 >/dev/null || { echo "quantize: skipped, there is no python3 to read JSON"; exit 0; }

last() {
  tail -n 1 "$folder/out" | python3 -c "import json,sys; it=json.load(sys.stdin); assert $1, it" || { echo "failed: $1"; exit 1; }
}
quantize() { code=0; "$venturi" quantize "$@" --json >"$folder/out" 2>"$folder/err" || code=$?; }

# What is quantised already is quantised again only when that is allowed.
quantize smollm2 "$folder/no.gguf" --type Q8_0; [ $code = 2 ]; last '"allowed" in it["error"]["message"]'
[ ! -e "$folder/no.gguf" ]
quantize smollm2 --type Q4_K_M --allow-requantize --dry-run; [ $code = 0 ]
last 'it["path"] is None and len(it["tensors"]) == 272 and it["unsuited"] == 180'
quantize smollm2 "$folder/f16.gguf" --type F16 --allow-requantize; [ $code = 0 ]
last 'it["bitsPerWeight"] > 16 and it["types"][0]["type"] == "F16"'

# A result with its report, and importance learned from a text.
yes 'The people of the United States form a more perfect union and establish justice.' | head -n 60 >"$folder/text"
quantize "$folder/f16.gguf" "$folder/out.gguf" --type Q4_K_M --imatrix-text "$folder/text" \
  --write-imatrix "$folder/imatrix.gguf" --report --beside Q2_K --file "$folder/text" --windows 1
[ $code = 0 ]
last '[r["role"] for r in it["report"]["rows"]] == ["source", "result", "beside"]'
last 'all(1 < r["perplexity"] < 50 and r["decode"]["median"] > 0 and r["prefill"]["median"] > 0 for r in it["report"]["rows"])'
last '0 <= it["report"]["rows"][0]["kl"] < it["report"]["rows"][2]["kl"]'
last 'it["report"]["rows"][0]["bytes"] > it["report"]["rows"][1]["bytes"] == it["bytes"] > it["report"]["rows"][2]["bytes"]'
[ "$(wc -c <"$folder/out.gguf")" = "$(python3 -c "import json; print(json.load(open('$folder/out'))['bytes'])")" ]
cp "$folder/out.gguf" "$folder/first.gguf"
quantize "$folder/f16.gguf" "$folder/out.gguf" --type Q4_K_M --imatrix "$folder/imatrix.gguf" -t 1; [ $code = 0 ]
cmp -s "$folder/out.gguf" "$folder/first.gguf" || { echo "the importance file gave another model"; exit 1; }
"$venturi" run -m "$folder/out.gguf" --raw -n 8 --temp 0 --json "The capital of France is" >"$folder/out" 2>/dev/null
last '"Paris" in it["text"]'

# Nothing is written over the model, and nothing is left of what failed.
quantize "$folder/f16.gguf" "$folder/f16.gguf" --type Q4_0; [ $code = 2 ]
quantize "$folder/f16.gguf" "$folder/none/out.gguf" --type Q4_0; [ $code != 0 ]
quantize "$folder/f16.gguf" "$folder/out2.gguf" --type Q4_9; [ $code = 2 ]
quantize "$folder/f16.gguf" "$folder/out2.gguf" --type Q4_0 --tensor-type '(=Q8_0'; [ $code = 2 ]
quantize "$folder/f16.gguf" "$folder/out2.gguf" --type Q4_0 --imatrix "$folder/f16.gguf"; [ $code = 65 ]
[ ! -e "$folder/out2.gguf" ] && ! ls "$folder" | grep -q part
echo "quantize: passed"
