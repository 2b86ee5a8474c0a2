#!/bin/bash
# run.sh [RUNS] [FURTHER LIBFUZZER OPTIONS]: fuzz the GGUF parser with libFuzzer and the address sanitizer.
# Starts from seeds made by code, and keeps what it learns in .build/fuzz/corpus. A crash leaves its input there, too.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-100000}
shift || true
folder=.build/fuzz
mkdir -p "$folder/corpus" "$folder/seeds"

# module NAME SANITIZERS FILE…
module() {
  local name=$1 sanitizers=$2
  shift 2
  swiftc -O -wmo -swift-version 6 -package-name venturi -parse-as-library -sanitize="$sanitizers" -I "$folder" \
    -module-name "$name" -emit-module -emit-module-path "$folder/$name.swiftmodule" -c -o "$folder/$name.o" "$@"
}

# Only what is under test is guided by coverage; the files' builders are not.
module Numerics fuzzer,address Sources/Numerics/*.swift
module Formats fuzzer,address Sources/Formats/*.swift
module VenturiTesting address Sources/VenturiTesting/*GGUF*.swift Sources/VenturiTesting/TinyLlama*.swift
swiftc -O -swift-version 6 -package-name venturi -parse-as-library -sanitize=fuzzer,address -I "$folder" \
  -module-name Harness -o "$folder/gguf" Fuzz/Harness.swift "$folder"/{VenturiTesting,Formats,Numerics}.o -lm

# The toolchain's own crash reporter would wait for a terminal.
export SWIFT_BACKTRACE=enable=no
rm -f "$folder"/seeds/*
VENTURI_FUZZ_SEEDS="$folder/seeds" "$folder/gguf"
exec "$folder/gguf" -runs="$runs" -max_len=8192 -timeout=10 -rss_limit_mb=512 -dict=Fuzz/gguf.dict \
  -artifact_prefix="$folder/" -print_final_stats=1 "$@" "$folder/corpus" "$folder/seeds"
