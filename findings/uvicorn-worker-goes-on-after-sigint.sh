#!/usr/bin/env bash
# uvicorn-worker 0.4.0 under gunicorn 27.0.1: SIGINT and SIGQUIT do not stop a worker, not even one that has nothing to do.
#
# gunicorn documents both as a quick shutdown. Its manager passes SIGQUIT on; the worker takes note of it in a place that
# uvicorn does not look at, goes on, and is killed when the graceful timeout is over. A sync worker ends at once.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1" "uvicorn==0.54.0" "uvicorn-worker==0.4.0"
cat > "$folder/apps.py" <<'PYTHON'
import sys

print("imported", file=sys.stderr, flush=True)


async def asgi(scope, receive, send):
    raise RuntimeError("nobody asks")


def wsgi(environ, start_response):
    raise RuntimeError("nobody asks")
PYTHON
cat > "$folder/stop.py" <<'PYTHON'
import signal
import subprocess
import sys

GRACEFUL = "6"  # seconds
READY = {"sync": "imported", "uvicorn_worker.UvicornWorker": "Application startup complete"}

for kind, application in (("sync", "apps:wsgi"), ("uvicorn_worker.UvicornWorker", "apps:asgi")):
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--no-control-socket"]
    command += ["--worker-class", kind, "--graceful-timeout", GRACEFUL, application]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    lines = []
    for line in server.stderr:
        lines.append(line)
        if READY[kind] in line:
            server.send_signal(signal.SIGINT)
            break
    lines += server.stderr.readlines()
    server.wait(60)
    killed = any("SIGKILL" in line for line in lines)
    print(f"{kind}: {'killed' if killed else 'ends by itself'}")
PYTHON
said=$(cd "$folder" && "$folder/venv/bin/python" stop.py)
echo "$said"
[ "$said" = "sync: ends by itself
uvicorn_worker.UvicornWorker: killed" ]
