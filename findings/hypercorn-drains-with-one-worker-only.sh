#!/usr/bin/env bash
# hypercorn 0.18.0: a request in flight at SIGTERM is answered with one worker, and cut off with two.
#
# With its default of one worker, hypercorn stops listening at SIGTERM, lets the request finish and ends. With `--workers 2`
# the same signal to the same parent process ends the worker in the middle of the request: the client gets an empty reply,
# and nothing is logged.
set -euo pipefail

folder=$(mktemp -d)
servers=()
trap 'for pid in "${servers[@]}"; do kill "$pid" 2> /dev/null && wait "$pid" || true; done; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "hypercorn==0.18.0" "starlette==1.10.0"
cd "$folder"

cat > application.py << 'EOF'
import asyncio
import os

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def hello(request):
    return PlainTextResponse("ok")


async def slow(request):
    open(os.environ["BEGAN"], "w").close()
    await asyncio.sleep(2)
    return PlainTextResponse("answered")


app = Starlette(routes=[Route("/", hello), Route("/slow", slow)])
EOF

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

answer_with() { # WORKERS: what a request of 2 s gets whose server is told to stop meanwhile
    local port server client code=0
    port=$(port)
    BEGAN=$folder/began.$1 venv/bin/hypercorn --workers "$1" --bind "127.0.0.1:$port" application:app > "$1.log" 2>&1 &
    server=$!
    servers+=("$server")
    curl --silent --fail --retry 60 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/" > /dev/null
    curl --silent "http://127.0.0.1:$port/slow" > "$1.answer" &
    client=$!
    until [ -e "began.$1" ]; do sleep 0.2; done
    kill "$server"
    wait "$client" || code=$?
    echo "$code" > "$1.code"
    printf '%s worker(s): curl %s, answer "%s"\n' "$1" "$code" "$(cat "$1.answer")"
}

answer_with 1
answer_with 2
[ "$(cat 1.answer)" = answered ] && [ "$(cat 1.code)" = 0 ] && [ "$(cat 2.code)" != 0 ] && [ ! -s 2.answer ]
