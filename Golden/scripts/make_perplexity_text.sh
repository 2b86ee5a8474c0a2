#!/bin/sh
# Writes the perplexity text: the US Constitution followed by the Declaration of Independence, of Debian's miscfiles.
# usage: make_perplexity_text.sh OUT      (54,675 bytes; `apt-get install miscfiles` first)
set -eu
for f in us-constitution us-declaration; do
  if [ -f "/usr/share/state/$f.gz" ]; then gzip -dc "/usr/share/state/$f.gz"; else cat "/usr/share/state/$f"; fi
done >"$1"
[ "$(wc -c <"$1")" -eq 54675 ] || { echo "unexpected size of $1: another version of miscfiles?" >&2; exit 1; }
