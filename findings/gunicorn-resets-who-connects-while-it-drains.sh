#!/usr/bin/env bash
# gunicorn 27.0.1: its threaded worker refuses nobody while it drains; who connects meanwhile waits, and is reset at the end.
#
# At SIGTERM it stops to accept, and closes its listener only after the last answer. Until then the kernel takes connections,
# and requests, that nobody reads. A proxy that is refused asks another server; after a reset it repeats no POST.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1"
cat > "$folder/slow.py" <<'PYTHON'
import time


def app(environ, start_response):
    time.sleep(3 if environ["PATH_INFO"] == "/slow" else 0)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
PYTHON
cat > "$folder/ask.py" <<'PYTHON'
import socket
import subprocess
import sys
import time


def send(path):
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return client


def answer(client):
    try:
        return "answered" if client.recv(4096).startswith(b"HTTP/1.1 200") else "closed"
    except ConnectionResetError:
        return "reset"


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8"]
server = subprocess.Popen([*command, "--no-control-socket", "slow:app"], stderr=subprocess.DEVNULL)
try:
    while True:
        try:
            answer(send("/"))
            break
        except ConnectionError:
            time.sleep(0.1)
    first = send("/slow")
    time.sleep(1)
    server.terminate()
    time.sleep(1)
    second = send("/")
    print(f"in flight at SIGTERM: {answer(first)}; connected a second later: {answer(second)}")
finally:
    server.terminate()
    server.wait(60)
PYTHON
said=$(cd "$folder" && "$folder/venv/bin/python" ask.py)
echo "$said"
[ "$said" = "in flight at SIGTERM: answered; connected a second later: reset" ]
