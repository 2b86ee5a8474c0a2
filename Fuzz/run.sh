#!/bin/bash
# run.sh TARGET [RUNS] [FURTHER LIBFUZZER OPTIONS]: fuzz a target with libFuzzer and the address sanitizer. A target is a
# dictionary Fuzz/TARGET.dict and the Swift file of its name, whose imports say what is built. Starts from seeds made by
# code, and keeps what it learns in .build/fuzz/TARGET/corpus. A crash leaves its input in .build/fuzz/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:?usage: run.sh TARGET [RUNS] [FURTHER LIBFUZZER OPTIONS]}
runs=${2:-100000}
shift $(($# < 2 ? $# : 2))
name=$(basename "$(find Fuzz -iname "$target.swift")" .swift)
if [ ! -f "Fuzz/$target.dict" ] || [ -z "$name" ]; then
  echo "no target '$target'; there are $(basename -s .dict Fuzz/*.dict | paste -sd' ')" >&2
  exit 2
fi
built=.build/fuzz
folder=$built/$target
mkdir -p "$folder"/{corpus,seeds} "$built/c"

# module NAME SANITIZERS FILE…: compiles a target of the package, unless nothing of it is newer than the last time.
module() {
  local name=$1 sanitizers=$2
  shift 2
  objects+=("$built/$name.o")
  if [ -f "$built/$name.o" ] && [ -z "$(find "$@" -newer "$built/$name.o" -print -quit)" ] && [ -z "${changed:-}" ]; then
    return
  fi
  # What comes later may depend on it.
  changed=yes
  swiftc -O -wmo -swift-version 6 -package-name venturi -parse-as-library -sanitize="$sanitizers" -I "$built" \
    -I "$built/c" -module-name "$name" -emit-module -emit-module-path "$built/$name.swiftmodule" -c \
    -o "$built/$name.o" "$@"
}

# sources FOLDER: a target's Swift files.
sources() { find "Sources/$1" -name '*.swift' | sort; }

# The C kernels, which SwiftPM would make a module of.
kernels() {
  local clang file object
  clang=$(command -v clang || echo "$(dirname "$(command -v swift)")/clang")
  echo "module CVenturi { umbrella header \"$PWD/Sources/CVenturi/include/CVenturi.h\" export * }" \
    >"$built/c/module.modulemap"
  for file in Sources/CVenturi/*.c; do
    object=$built/c/$(basename "$file" .c).o
    objects+=("$object")
    if [ -f "$object" ] && [ -z "$(find Sources/CVenturi -newer "$object" -print -quit)" ]; then continue; fi
    "$clang" -std=c11 -O2 -fsanitize=fuzzer-no-link,address -ISources/CVenturi/include -ISources/CVenturi \
      -Wno-unused-command-line-argument -c -o "$object" "$file"
  done
}

objects=()
extra=()
length=8192
# Only what is under test is guided by coverage; the files' builders are not.
module NumericTypes fuzzer,address $(sources NumericTypes)
module Formats fuzzer,address $(sources Formats)
if grep -q '^import Inference' "Fuzz/$name.swift"; then
  kernels
  for part in Costs Tensors Text Layers Mixers Models Inference; do
    module "$part" fuzzer,address $(sources "$part")
  done
  length=16384
  extra=(Fuzz/GGUFImage+Small.swift)
elif grep -q '^import Graphs' "Fuzz/$name.swift"; then
  kernels
  for part in Costs Tensors Graphs; do module "$part" fuzzer,address $(sources "$part"); done
elif grep -q '^import Text' "Fuzz/$name.swift"; then
  module Text fuzzer,address $(sources Text)
fi
module VenturiTesting address Sources/VenturiTesting/*GGUF*.swift Sources/VenturiTesting/*Safetensors*.swift \
  Sources/VenturiTesting/TinyLlama{,+Vocabulary}.swift Sources/VenturiTesting/ONNX/*.swift

swiftc -O -swift-version 6 -package-name venturi -parse-as-library -sanitize=fuzzer,address -I "$built" -I "$built/c" \
  -module-name Harness -o "$folder/fuzz" Fuzz/Entry.swift "Fuzz/$name.swift" "${extra[@]}" "${objects[@]}" -lm -lpthread

# The toolchain's own crash reporter would wait for a terminal.
export SWIFT_BACKTRACE=enable=no
# Constant expressions of schemas are indirect enums, whose references carry bits that the leak checker does not know.
if [ "$target" = schema ]; then export ASAN_OPTIONS=detect_leaks=0; fi
rm -f "$folder"/seeds/*
VENTURI_FUZZ_SEEDS="$folder/seeds" "$folder/fuzz"
exec "$folder/fuzz" -runs="$runs" -max_len="$length" -timeout=10 -rss_limit_mb=1024 -dict="Fuzz/$target.dict" \
  -artifact_prefix="$folder/" -print_final_stats=1 "$@" "$folder/corpus" "$folder/seeds"
