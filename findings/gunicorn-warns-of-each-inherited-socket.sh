#!/usr/bin/env bash
# gunicorn 27.0.1: with warnings as errors, it prints a traceback for each socket that it inherits, and serves.
#
# It makes a socket object of the descriptor only to ask for its name, and leaves that to the collector: a ResourceWarning, which
# under `PYTHONWARNINGS=error` is printed as "Exception ignored" with a traceback. A log that must hold none fails for it.
set -euo pipefail

folder=$(mktemp -d)
trap 'kill $server 2> /dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1"
cd "$folder"

cat > hello.py << 'EOF'
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
EOF
# What systemd does: descriptor 3, and the number of the process that is to take it.
cat > activate.py << 'EOF'
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 18446))
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
EOF
PYTHONWARNINGS=error venv/bin/python activate.py venv/bin/gunicorn hello:app --no-control-socket > log 2>&1 &
server=$!
code=$(curl --silent --retry 60 --retry-connrefused --retry-delay 1 --output /dev/null --write-out '%{http_code}' http://127.0.0.1:18446/)
grep "ResourceWarning: unclosed <socket.socket" log
echo "a client is answered: $code"
test "$code" = 200
