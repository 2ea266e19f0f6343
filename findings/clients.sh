# For the scripts beside this file: five npm WebSocket clients in a temporary folder, and what each makes of an answer to its
# handshake. It defines `answered HEAD`, where HEAD is a format of printf without the line Sec-WebSocket-Accept and without
# the empty line at the end, which are added; and `expect`, which compares its input with what was seen.

here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
  ws@8.18.0 undici@7.16.0 websocket@1.0.35 faye-websocket@0.11.4 websocket-driver@0.8.0 nodejs-websocket@1.7.2 >/dev/null
: > "$folder/seen"

answered() {
  # shellcheck disable=SC2059
  printf "$1" > "$folder/head"
  NODE_PATH="$folder/node_modules" node "$here/clients.js" "$folder/head" >> "$folder/seen"
}

expect() {
  cat > "$folder/expected"
  if ! diff -u "$folder/expected" "$folder/seen"; then
    echo "$0: this has changed" >&2
    exit 1
  fi
  echo "$0: as it was"
}
