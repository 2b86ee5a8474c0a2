#!/bin/sh
# Remakes every golden fixture with the pinned peers (setup.sh first). About half an hour on two cores.
# usage: golden.sh [STEP...]     steps: tokenizer quants quantizers logprobs chat tiny perplexity (default: all)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../../Golden
scripts=$golden/scripts
home=${VENTURI_PEERS:-$HOME/.cache/venturi/peers}
python=$home/venv/bin/python
worker=$home/bin/llama_worker
model() { echo "$home/models/smollm2-135m-instruct-$1.gguf"; }
types="q4_1 q4_0 q8_0 q4_k_m q6_k f16"
unset OPENBLAS_CORETYPE

step_tokenizer() {
  "$python" "$scripts/make_tokenizer.py" "$(model q4_1)" "$worker" "$golden/tokenizer"
  vocabularies=${VENTURI_HOME:-$HOME/.cache/venturi}/cases/vocabularies
  "$python" "$scripts/make_families.py" "$vocabularies" "$worker" "$golden/tokenizer" gpt-2 llama-bpe qwen2 qwen35 starcoder \
    refact command-r falcon mpt deepseek-coder llama-spm phi-3 baichuan gemma-4 nomic-bert-moe >"$golden/tokenizer/families.json"
  "$python" "$scripts/make_tokenizer_json.py" "$golden/tokenizer" "$golden/tokenizer/json" "$vocabularies"
}
step_quants() {
  "$python" "$scripts/make_quant_checksums.py" "$home/build/llama.cpp/bin/libggml-base.so" "$golden/quants.json"
}
step_quantizers() {
  "$python" "$scripts/make_quantizers.py" "$home/build/llama.cpp/bin/libggml-base.so" "$golden/quantizers.bin"
  "$python" "$scripts/make_recipes.py" "$home/build/llama.cpp/bin/llama-quantize" "$golden/recipes.json"
}
step_chat() { "$python" "$scripts/make_chat_template.py" "$(model q4_1)" "$worker" "$golden/chat-template.json"; }
step_logprobs() {
  mkdir -p "$golden/logprobs"
  for type in $types; do
    count=5
    [ $type != q4_1 ] || count=20
    "$python" "$scripts/make_logprobs.py" "$(model $type)" "$worker" "$golden/logprobs/$type.json" $count
  done
}
step_tiny() {
  source=$home/models/tiny-f16.gguf
  mkdir -p "$golden/tiny"
  "$python" "$here/make_random_llama.py" "$(model q4_1)" "$source" --shape tiny
  for type in Q4_K_M Q5_K_S; do
    lower=$(echo $type | tr A-Z a-z)
    "$home/build/llama.cpp/bin/llama-quantize" "$source" "$golden/tiny/$lower.gguf.bin" $type 1 >&2
    "$python" "$scripts/make_logprobs.py" "$golden/tiny/$lower.gguf.bin" "$worker" "$golden/tiny/$lower.json" 5
  done
}
step_perplexity() {
  mkdir -p "$home/reference"
  rm -f "$golden/perplexity.json"
  for type in $types; do
    dump=$home/reference/smollm2-135m-instruct-$type.logp
    "$python" "$scripts/make_perplexity.py" "$(model $type)" "$worker" "$home/constitution.txt" "$golden/perplexity.json" "$dump" 8
    "$python" "$scripts/measure_kl.py" "$(model $type)" "$worker" "$dump" "$home/constitution.txt" "$golden/perplexity.json"
    # Its reader of GGUF files does not take the K types of this model's "Q4_K_M" (Q5_0).
    [ $type = q4_k_m ] || "$python" "$scripts/measure_openvino.py" "$(model $type)" "$worker" "$home/constitution.txt" "$golden/perplexity.json" 8
  done
}

step_architectures() {
  HF_HUB_OFFLINE=1 "$python" "$scripts/make_architectures.py" "$golden/architectures" >&2
}

# peft without what it would bring along, beside the pinned packages.
step_adapters() {
  "$python" -m pip install --quiet --no-deps peft==0.21.2 accelerate==1.15.0 psutil==7.2.2 packaging==26.4
  HF_HUB_OFFLINE=1 "$python" "$scripts/make_adapters.py" "$golden/architectures" "$golden/adapters" >&2
}

step_npy() { "$python" "$scripts/make_npy.py" "$golden/npy"; }

step_embeddings() { "$python" "$scripts/make_embeddings.py" "$home/models/minilm" "$golden/embeddings" 64; }

step_images() { "$python" "$scripts/make_images.py" "$golden/images"; }

step_optimizers() { "$python" "$scripts/make_optimizers.py" "$golden"; }

step_modules() { "$python" "$scripts/make_modules.py" "$golden"; }

# Solvers of integer programs, beside the pinned packages.
step_planner() {
  "$python" -m pip install --quiet scipy==1.17.1 PuLP==3.3.2
  "$python" "$scripts/make_planner.py" "$golden/planner.json"
}

# Another tuner, beside the pinned packages.
step_tuner() {
  "$python" -m pip install --quiet scipy==1.17.1 hyperopt==0.3.0 'setuptools<81'
  "$python" "$scripts/make_tuner.py" "$golden/tuner.json"
}

[ $# -gt 0 ] || set -- tokenizer quants quantizers logprobs chat tiny perplexity architectures adapters embeddings npy images optimizers modules planner tuner
for step; do
  printf 'golden: %s\n' "$step" >&2
  "step_$step"
done
