#!/usr/bin/env bash
# gunicorn 27.0.1: a client that does not close a connection whose end was announced holds up a whole threaded worker for 2 s.
#
# The request has been answered, and other threads are free. The worker waits for the client's end in its main thread, which
# also accepts connections and hands requests to threads, so the clients' waits add up.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1"
cat > "$folder/hello.py" <<'PYTHON'
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
PYTHON
cat > "$folder/ask.py" <<'PYTHON'
import socket
import subprocess
import sys
import time

CLIENTS = 3


def ask():
    """An answer in full, on a connection that stays open at this end."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = b""
    while not said.endswith(b"hello"):
        said += client.recv(4096)
    return client


def seconds_after(clients):
    began = time.monotonic()
    ask().close()
    for client in clients:
        client.close()
    return time.monotonic() - began


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8"]
server = subprocess.Popen([*command, "--no-control-socket", "hello:app"], stderr=subprocess.DEVNULL)
try:
    while True:
        try:
            ask().close()
            break
        except ConnectionError:
            time.sleep(0.1)
    time.sleep(1)
    quick, held = seconds_after([]), seconds_after([ask() for _ in range(CLIENTS)])
finally:
    server.terminate()
    server.wait(60)
print(f"a request waits: {'for nothing' if quick < 1 else 'long'} when clients close, {'1.5 s and more' if held > 1.5 else 'for nothing'} when {CLIENTS} do not")
PYTHON
said=$(cd "$folder" && "$folder/venv/bin/python" ask.py)
echo "$said"
[ "$said" = "a request waits: for nothing when clients close, 1.5 s and more when 3 do not" ]
