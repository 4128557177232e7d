#!/usr/bin/env bash
# uvicorn 0.54.0: after SIGTTOU its manager hears no signal until the worker that goes has answered its last request.
#
# With `--workers 2`, SIGTTOU takes one worker away: the manager waits for that process, however long its requests take. SIGTERM,
# SIGHUP and the death of another worker are met only afterwards. Without SIGTTOU the same SIGTERM is heard at once.
set -euo pipefail

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server" && wait "$server" || true; } 2> /dev/null; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uvicorn==0.54.0"
cd "$folder"

cat > application.py << 'EOF'
import asyncio


async def app(scope, receive, send):
    if scope["type"] == "http":
        await asyncio.sleep(0 if scope["path"] == "/" else 12)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
EOF

hear() { # PORT, SIGNALS...: sets `heard` to how often SIGTERM, the last of them, is said to be received 3 s later
    local port=$1
    shift
    : > log
    venv/bin/uvicorn application:app --port "$port" --workers 2 > log 2>&1 &
    server=$!
    curl --silent --fail --retry 60 --retry-connrefused --retry-delay 1 --output /dev/null "http://127.0.0.1:$port/"
    until [ "$(grep -c "Application startup\|Started server process" log)" -ge 2 ]; do sleep 0.2; done
    for _ in 1 2 3 4 5 6 7 8; do curl --silent --output /dev/null "http://127.0.0.1:$port/slow" & done
    sleep 2
    for name in "$@"; do
        kill -s "$name" "$server"
        sleep 1.5
    done
    sleep 1.5
    heard=$(grep -c "Received SIGTERM" log || true)
    wait "$server" || true
    server=
}

hear 18461 TERM
echo "3 s after SIGTERM: received $heard time(s)"
test "$heard" = 1
hear 18462 TTOU TERM
echo "3 s after SIGTERM, with SIGTTOU before it: received $heard time(s)"
test "$heard" = 0
