#!/usr/bin/env bash
# gunicorn 27.0.1, granian 2.8.9: at SIGTERM gunicorn's ASGI worker and granian drop an open WebSocket without a close frame.
#
# uvicorn 0.54.0 sends 1012 (service restart), so that a client knows to come back, and hypercorn 0.18.0 sends 1011. gunicorn
# 27.0.1's ASGI worker waits for its whole graceful timeout and then drops the connection; granian 2.8.9 drops it at once.
# Both stop in an orderly way and exit with 0; a client cannot tell that from a broken network (1006).
set -euo pipefail

folder=$(mktemp -d)
servers=()
trap 'for pid in "${servers[@]}"; do kill "$pid" 2> /dev/null && wait "$pid" || true; done; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1" "uvicorn==0.54.0" "granian==2.8.9" "hypercorn==0.18.0" \
    "starlette==1.10.0" "websockets==17.4"
cd "$folder"

cat > application.py << 'EOF'
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect


async def listen(socket):
    await socket.accept()
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        pass


app = Starlette(routes=[WebSocketRoute("/", listen)])
EOF
cat > client.py << 'EOF'
"""Open a WebSocket, end the server by its id, print the code that the server closed with."""
import os
import signal
import sys
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def opened():
    for _ in range(120):
        try:
            return connect(f"ws://127.0.0.1:{sys.argv[1]}/")
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the server does not answer")


with opened() as socket:
    os.kill(int(sys.argv[2]), signal.SIGTERM)
    try:
        socket.recv(timeout=60)
    except ConnectionClosed as closed:
        print(closed.rcvd.code if closed.rcvd else "no close frame")
EOF

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

end_of_socket_under() { # NAME COMMAND...
    local name=$1 port
    port=$(port)
    shift
    HOME=$folder "${@//PORT/$port}" > "$name.log" 2>&1 &
    servers+=($!)
    venv/bin/python client.py "$port" $! > "$name.end"
    printf '%s: %s\n' "$name" "$(cat "$name.end")"
}

end_of_socket_under uvicorn venv/bin/uvicorn --port PORT application:app
end_of_socket_under gunicorn venv/bin/gunicorn --worker-class asgi --graceful-timeout 3 --bind 127.0.0.1:PORT application:app
end_of_socket_under granian venv/bin/granian --interface asgi --port PORT application:app
end_of_socket_under hypercorn venv/bin/hypercorn --bind 127.0.0.1:PORT application:app
[ "$(cat uvicorn.end)" = 1012 ] && [ "$(cat hypercorn.end)" = 1011 ]
for name in gunicorn granian; do [ "$(cat "$name.end")" = "no close frame" ]; done
