#!/bin/sh
# The command without a model: exit codes, one JSON object for every error, nothing but the answer on standard output.
# usage: 20-command.sh [PATH OF venturi]
set -eu
venturi=${1:-.build/release/venturi}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export VENTURI_HOME="$folder/home" VENTURI_CONFIG="$folder/config"
checks=0

# expect CODE ARGUMENT...: runs venturi, keeps its output in $folder/out and $folder/err.
expect() {
  wanted=$1
  shift
  code=0
  "$venturi" "$@" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
  checks=$((checks + 1))
  [ "$code" = "$wanted" ] || { echo "venturi $*: exit code $code instead of $wanted"; cat "$folder/err"; exit 1; }
}
holds() { grep -q -- "$2" "$folder/$1" || { echo "no '$2' in $1:"; cat "$folder/$1"; exit 1; }; checks=$((checks + 1)); }
silent() { [ ! -s "$folder/$1" ] || { echo "unexpected $1:"; cat "$folder/$1"; exit 1; }; checks=$((checks + 1)); }
json() { # one object on one line, which the command's own reader of JSON is tested to write; here a second opinion
  [ "$(wc -l <"$folder/out")" = 1 ] || { echo "not one line:"; cat "$folder/out"; exit 1; }
  if command -v python3 >/dev/null; then python3 -m json.tool "$folder/out" >/dev/null; fi
  checks=$((checks + 1))
}

expect 0 --version; holds out 'kernels: '; holds out 'Swift'; silent err
expect 0 --help; holds out 'SUBCOMMANDS'; silent err
for verb in run chat pull ls show rm tokenize doctor; do expect 0 "$verb" --help; holds out 'USAGE'; silent err; done
for verb in 'bench model' 'bench gemm' 'bench attention' 'eval perplexity' 'eval kl'; do
  # shellcheck disable=SC2086
  expect 0 $verb --help; holds out 'USAGE'
done
for shell in bash zsh fish; do expect 0 --generate-completion-script $shell; holds out 'tokenize'; done

expect 2 nonsense; silent out; holds err "nonsense"
expect 2 runn hello; silent out; holds err "did you mean 'run'"
expect 2 runn --json; json; holds out '"type":"usage"'
expect 2 run ''; silent out; holds err 'empty'
expect 2 run --temp warm hello; silent out; holds err "temp"
expect 2 run --json --temp warm hello; json; holds out '"code":2'
expect 2 run; holds err 'prompt'
expect 2 rm smollm2 --nonsense
VENTURI_THREADS=many expect 2 run hello; holds err 'VENTURI_THREADS'
echo 'nonsense = 1' >"$folder/config"; expect 2 ls; holds err 'line 1'; rm "$folder/config"

expect 69 run hello; silent out; holds err 'pull smollm2'
expect 69 run --json hello; json; holds out '"code":69'
expect 69 run -m "$folder/absent.gguf" --json hello; json; holds out '"code":69'
expect 69 rm absent --yes; silent out
expect 69 serve; holds err 'venturi-serve'
expect 69 cluster --json; json; holds out '"code":69'

printf 'not a model' >"$folder/bad.gguf"
for verb in 'run hello' 'tokenize hello' show; do
  # shellcheck disable=SC2086
  case $verb in show) expect 65 show "$folder/bad.gguf" --json ;; *) expect 65 $verb -m "$folder/bad.gguf" --json ;; esac
  json; holds out '"code":65'
done
holds out 'bad.gguf: '
expect 65 show "$folder"; holds err 'Is a directory'
code=0; "$venturi" ls --json >/dev/full 2>"$folder/err" || code=$?
[ $code = 1 ] || { echo "a lost answer: exit code $code instead of 1"; exit 1; }
holds err 'No space left'
: >"$folder/empty.gguf"; expect 65 show "$folder/empty.gguf"; silent out

expect 0 ls --json; json; holds out '"models":\[\]'
expect 0 doctor --json; json; holds out '"kernels"'
VENTURI_THREADS=2 expect 0 doctor --show-origin --json; json; holds out 'environment VENTURI_THREADS'
holds out '"temp":{"value":"0.8","origin":"default"}'
expect 0 bench attention --n 64 --heads 2 --d 16 --pairs 2 --against torch --json; json; holds out '"rows"'
expect 0 bench gemm -m 2 -n 16 -k 32 --square 16 --pairs 2 -t 1 --json; json; holds out '"test":"2x16x32^T"'; holds out '"oursPacked":{"median"'
expect 2 bench gemm --against abacus --json; json

# A sibling beside the program takes its verb, with the arguments after it.
mkdir "$folder/bin"
cp "$venturi" "$folder/bin/venturi"
printf '#!/bin/sh\necho "sibling $*"\nexit 7\n' >"$folder/bin/venturi-hello"
chmod +x "$folder/bin/venturi-hello"
venturi="$folder/bin/venturi"
expect 7 hello --there; holds out 'sibling --there'

[ "$checks" -ge 70 ] || { echo "only $checks checks ran"; exit 1; }
echo "command: $checks checks passed"
