#!/usr/bin/env bash
# gunicorn 27.0.1: when a request outlives the graceful timeout, its ASGI worker never runs the lifespan's end.
#
# A lifespan closes what the application opened: a pool, a queue, a file. uvicorn 0.54.0 with a graceful timeout of 2 s cancels
# the request that is too long and then runs the lifespan's end. `gunicorn -k asgi --graceful-timeout 2` ends the worker with
# the request, and what comes after `yield` is not run, although the worker received SIGTERM and had those 2 s.
set -euo pipefail

folder=$(mktemp -d)
servers=()
trap 'for pid in "${servers[@]}"; do kill "$pid" 2> /dev/null && wait "$pid" || true; done; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1" "uvicorn==0.54.0" "starlette==1.10.0"
cd "$folder"

cat > application.py << 'EOF'
import asyncio
import contextlib
import os

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


def note(line):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(line + "\n")


@contextlib.asynccontextmanager
async def lifespan(app):
    note("begin")
    yield
    note("end")


async def hello(request):
    return PlainTextResponse("ok")


async def long(request):
    note("request")
    await asyncio.sleep(30)
    return PlainTextResponse("ok")


app = Starlette(routes=[Route("/", hello), Route("/long", long)], lifespan=lifespan)
EOF

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

notes_under() { # NAME COMMAND...: stop the server while it answers a request of 30 s
    local name=$1 port server client
    port=$(port)
    shift
    NOTES=$folder/$name.notes HOME=$folder "${@//PORT/$port}" > "$name.log" 2>&1 &
    server=$!
    servers+=("$server")
    curl --silent --fail --retry 60 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/" > /dev/null
    curl --silent "http://127.0.0.1:$port/long" > /dev/null &
    client=$!
    until grep -q request "$name.notes"; do sleep 0.2; done
    kill "$server"
    wait "$server" || true
    wait "$client" || true
    printf '%s: %s\n' "$name" "$(tr '\n' ' ' < "$name.notes")"
}

notes_under uvicorn venv/bin/uvicorn --timeout-graceful-shutdown 2 --port PORT application:app
notes_under gunicorn venv/bin/gunicorn --worker-class asgi --graceful-timeout 2 --bind 127.0.0.1:PORT application:app
[ "$(tail -n 1 uvicorn.notes)" = end ] && [ "$(tail -n 1 gunicorn.notes)" = request ]
