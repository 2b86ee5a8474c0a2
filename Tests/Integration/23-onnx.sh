#!/bin/sh
# The conformance cases of the onnx package, all of them: no claimed case fails, and `show` tells what is in a file.
# usage: 23-onnx.sh [PATH OF venturi]; the cases are fetched by `make cases`.
set -eu
venturi=${1:-.build/release/venturi}
cases="${VENTURI_HOME:-$HOME/.cache/venturi}/cases/onnx"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

[ -d "$cases/node" ] || { echo "no cases in $cases: make cases"; exit 1; }
"$venturi" eval onnx --cases "$cases" --json >"$folder/out" || { cat "$folder/out"; exit 1; }
member() { grep -o "\"$1\":[0-9]*" "$folder/out" | head -n 1 | cut -d: -f2; }
found=$(($(member passed) + $(member failed) + $(member skipped)))
[ "$found" -ge 1600 ] || { echo "only $found cases"; exit 1; }
[ "$(member failed)" = 0 ] || { echo "$(member failed) cases failed"; exit 1; }
[ "$(member claimedOps)" -ge 150 ] || { echo "only $(member claimedOps) operators claimed"; exit 1; }

# A folder without cases is no success.
mkdir "$folder/empty"
code=0
"$venturi" eval onnx --cases "$folder/empty" --json >"$folder/few" 2>/dev/null || code=$?
[ "$code" = 1 ] && grep -q too_few_cases "$folder/few" || { echo "an empty folder: exit code $code"; exit 1; }

"$venturi" show "$cases/light/light_squeezenet.onnx" --json >"$folder/show"
for word in '"format":"onnx"' '"Conv":26' '"inputs":\[{"name":"data_0"' '"missingOps":\[\]'; do
  grep -q "$word" "$folder/show" || { echo "no $word in:"; cat "$folder/show"; exit 1; }
done
printf 'not a model' >"$folder/bad.onnx"
code=0
"$venturi" show "$folder/bad.onnx" --json >"$folder/bad" 2>/dev/null || code=$?
[ "$code" = 65 ] || { echo "a bad file: exit code $code"; exit 1; }
echo "onnx: $found cases, $(member passed) passed, $(member skipped) skipped, $(member claimedOps) operators claimed"
