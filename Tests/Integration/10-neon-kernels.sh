#!/bin/sh
# Runs every fast kernel against its scalar twin, bit for bit: on this machine, and for AArch64 under qemu-user.
# Needs clang; for AArch64 also Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources/CVenturi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CLANG=${CLANG:-clang}

build() { # build NAME FLAGS...: all of CVenturi with the test driver
  name=$1
  shift
  # shellcheck disable=SC2086
  "$CLANG" "$@" -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -I "$sources/include" \
    "$here"/kernels/*.c "$sources"/*.c -o "$work/$name" -lm
}

build native
echo "native:"
"$work/native"

if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
  echo "aarch64: skipped, the cross compiler's libraries or qemu-user are not installed" >&2
  exit "${VENTURI_SKIP_STATUS:-77}"
fi
build aarch64 --target=aarch64-linux-gnu -static
echo "aarch64 under qemu:"
qemu-aarch64 "$work/aarch64"
