#!/bin/sh
# What the server does when it is told to stop, when files, the disk and the system's calls fail, and when its models come and go.
# usage: 47-robust.sh [PATH OF venturi]
set -eu
exec python3 "$(dirname "$0")/robust/robust.py" "${1:-${VENTURI:-.build/release/venturi}}"
