#!/bin/sh
# Artillery's engine for WebSockets: `send` waits for no answer, and a user whose flow has ended closes its socket, so that a server
# which needs 700 ms for an answer looks as fast as any (sessions of some milliseconds, no latency in the report). And the path of the
# socket is the target's: a `path` of the scenario, which its HTTP engine has as `url`, is taken without a word, and not used.
# Installing it loads a browser, too, unless PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD is set.
# Seen with artillery 2.0.34 on Node 20.20 in November 2026:
#> asked for: /intarget 6 times
#> answered in time: 0 of 12
#> a session shorter than an answer: yes
#> latencies in the report: 0
set -eu
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --loglevel=error \
  artillery@2.0.34 ws@8.18.0 >/dev/null

cat > "$folder/server.js" <<'END'
const { WebSocketServer } = require('ws');
const fs = require('fs');
const seen = process.argv[2];
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => fs.writeFileSync(seen + '.port', `${server.address().port}`));
server.on('connection', (socket, request) => {
  fs.appendFileSync(seen, `path ${request.url}\n`);
  socket.on('message', (data) => setTimeout(() => {
    fs.appendFileSync(seen, socket.readyState === 1 ? 'answered\n' : 'gone\n');
    if (socket.readyState === 1) socket.send(data);
  }, 700));
});
END
: > "$folder/log"
NODE_PATH="$folder/node_modules" node "$folder/server.js" "$folder/log" &
server=$!
while [ ! -s "$folder/log.port" ]; do sleep 0.1; done
cat > "$folder/test.yml" <<END
config:
  target: "ws://127.0.0.1:$(cat "$folder/log.port")/intarget"
  phases: [{duration: 3, arrivalRate: 2}]
scenarios:
  - engine: ws
    path: "/inscenario"
    flow: [{send: "hello"}, {send: "again"}]
END
ARTILLERY_DISABLE_TELEMETRY=true "$folder/node_modules/.bin/artillery" run "$folder/test.yml" > "$folder/report"
while [ "$(grep -c -e answered -e gone "$folder/log")" -lt 12 ]; do sleep 0.1; done
sed -n '/Summary report/,$p' "$folder/report" > "$folder/summary"
{
  sed -n 's/^path //p' "$folder/log" | sort | uniq -c | awk '{print "asked for: " $2 " " $1 " times"}'
  echo "answered in time: $(grep -c answered "$folder/log" || true) of 12"
  awk '$1 == "median:" {print "a session shorter than an answer: " ($NF < 700 ? "yes" : "no"); exit}' "$folder/summary"
  echo "latencies in the report: $(grep -c -e latency -e response_time "$folder/summary" || true)"
} > "$folder/seen"
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
