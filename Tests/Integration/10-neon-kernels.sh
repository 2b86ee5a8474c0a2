#!/bin/sh
# Runs every fast kernel against its scalar twin, bit for bit: on this machine, and for AArch64 under qemu-user.
# Needs clang; for AArch64 also Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources/CVenturi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CLANG=${CLANG:-clang}

# check NAME FLAGS...: builds all of CVenturi with the test driver and runs it, under $EMULATOR where that is set.
check() {
  name=$1
  shift
  # shellcheck disable=SC2086
  "$CLANG" "$@" -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -I "$sources/include" \
    "$here"/kernels/*.c "$sources"/*.c -o "$work/$name" -lm
  echo "$name:"
  ${EMULATOR:-} "$work/$name"
}

# Side by side: most of the time is the compiler's, and it has one thread.
check native >"$work/native.log" 2>&1 &
native=$!
skipped=
if command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null; then
  EMULATOR=qemu-aarch64 check aarch64 --target=aarch64-linux-gnu -static
else
  echo "aarch64: skipped, the cross compiler's libraries or qemu-user are not installed" >&2
  skipped=${VENTURI_SKIP_STATUS:-77}
fi
code=0
wait "$native" || code=$?
cat "$work/native.log"
[ $code = 0 ] || exit $code
exit "${skipped:-0}"
