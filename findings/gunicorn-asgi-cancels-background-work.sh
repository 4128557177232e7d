#!/usr/bin/env bash
# gunicorn 27.0.1: its ASGI worker cancels work that goes on after the response 3 s after the client closes its connection.
#
# A Starlette background task belongs to a response that the client has whole. Under uvicorn it runs to its end, whatever the
# client does. Under `gunicorn -k asgi` it is cancelled 3 s after the client has closed, as curl does at once; nothing is logged,
# and the access line, which is written only then, says 200. The setting is `asgi_disconnect_grace_period`.
set -euo pipefail

folder=$(mktemp -d)
servers=()
trap 'for pid in "${servers[@]}"; do kill "$pid" 2> /dev/null && wait "$pid" || true; done; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1" "uvicorn==0.54.0" "starlette==1.10.0"
cd "$folder"

cat > application.py << 'EOF'
import asyncio
import os

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def work() -> None:
    try:
        await asyncio.sleep(6)
        end = "finished"
    except asyncio.CancelledError:
        end = "cancelled"
    with open(os.environ["OUTCOME"], "w") as outcome:
        outcome.write(end)


async def hello(request):
    return PlainTextResponse("ok\n", background=BackgroundTask(work))


app = Starlette(routes=[Route("/", hello)])
EOF

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

outcome_under() { # NAME COMMAND...: how the work of one request ended
    local name=$1 port outcome=$folder/$1.outcome
    port=$(port)
    shift
    OUTCOME=$outcome HOME=$folder "${@//PORT/$port}" > "$name.log" 2>&1 &
    servers+=($!)
    curl --silent --fail --retry 60 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/" > "$name.answer"
    for _ in $(seq 60); do
        [ -s "$outcome" ] && break
        sleep 0.5
    done
    printf '%s: answer %s, background work %s\n' "$name" "$(cat "$name.answer")" "$(cat "$outcome")"
}

outcome_under uvicorn venv/bin/uvicorn --port PORT application:app
outcome_under gunicorn venv/bin/gunicorn --worker-class asgi --bind 127.0.0.1:PORT application:app
grep -i cancel gunicorn.log && said=1 || said=0
[ "$(cat uvicorn.outcome)" = finished ] && [ "$(cat gunicorn.outcome)" = cancelled ] && [ "$said" = 0 ]
