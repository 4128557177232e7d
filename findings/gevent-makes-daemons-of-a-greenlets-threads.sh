#!/usr/bin/env bash
# gevent 26.9.0: with its patched `threading`, a thread that is started in a greenlet is a daemon; elsewhere it is not.
#
# A thread takes `daemon` from the one that makes it. Python knows a greenlet as a dummy thread, and those are daemons, so
# what a request's handler starts is cut when the process ends, where the same code without gevent is waited for.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gevent==26.9.0"
cat > "$folder/threads.py" <<'PYTHON'
from gevent import monkey

monkey.patch_all()

import threading

import gevent


def kind():
    return "a daemon" if threading.Thread(target=int).daemon else "waited for"


print("started by the main thread:", kind())
print("started in a greenlet:", gevent.spawn(kind).get())
PYTHON
said=$("$folder/venv/bin/python" "$folder/threads.py")
echo "$said"
[ "$said" = "started by the main thread: waited for
started in a greenlet: a daemon" ]
