# Sourced by the scripts that drive a server by clients: a folder for files, `client` with the path of one of the programs that
# Scripts/clients installs, and `start_server`.
venturi=${1:-${VENTURI:-.build/release/venturi}}
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
fail() { echo "$1"; tail -n 40 "$folder/err"; exit 1; }

# client NAME: sets `client`, or fails.
client() {
  client=${VENTURI_HOME:-$HOME/.cache/venturi}/clients/venv/bin/$1
  [ -x "$client" ] || { echo "no $1 at $client: Scripts/clients installs it"; exit 1; }
}

# start_server ARGUMENTS: serves smollm2 with the key `client-key`; sets `pid`, and `url` once it is ready.
start_server() {
  : >"$folder/out"
  VENTURI_API_KEY=client-key "$venturi" serve --port 0 --json -m smollm2 "$@" >"$folder/out" 2>"$folder/err" &
  pid=$!
  for _ in $(seq 300); do
    url=$(sed -n 's/^{"url":"\([^"]*\)".*/\1/p' "$folder/out")
    [ -z "$url" ] || [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/health")" != 200 ] || return 0
    kill -0 "$pid" 2>/dev/null || fail 'the server ended'
    sleep 0.1
  done
  fail 'the server is not ready'
}
