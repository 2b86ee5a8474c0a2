#!/bin/sh
# The web page in a real browser, against the real program and model.
# usage: 45-page.sh [PATH OF venturi]
set -eu
exec python3 "$(dirname "$0")/page/check_page.py" "${1:-${VENTURI:-.build/release/venturi}}"
