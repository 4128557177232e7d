#!/usr/bin/env bash
# Django 6.0.10: when an ASGI server cancels a request, its `async` view is not cancelled and goes on by itself.
#
# A server cancels the task of a request whose time to finish is over. Django's handler ends at once; the view runs in a task
# of its own that nobody awaits, so its `finally` comes after everything that the server waits for. When a client leaves, the
# same view is cancelled and waited for.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "Django==6.0.10"
cat > "$folder/cancel.py" <<'PYTHON'
import asyncio

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

said = []


async def view(request):
    started.set()
    try:
        await asyncio.wait_for(gate.wait(), 30)
        said.append("the view goes on")
    except asyncio.CancelledError:
        said.append("the view is cancelled")
        raise
    return HttpResponse("done")


urlpatterns = [path("", view)]
settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="not a secret", ALLOWED_HOSTS=["*"])
django.setup()
SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "server": ("localhost", 80)}


async def main():
    global gate, started
    from django.core.asgi import get_asgi_application

    application = get_asgi_application()
    for way in ("the server cancels", "the client leaves"):
        gate, started, left = asyncio.Event(), asyncio.Event(), asyncio.Event()
        parts = [{"type": "http.request", "body": b""}]

        async def receive():
            if parts:
                return parts.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            pass

        request = asyncio.create_task(application(dict(SCOPE), receive, send))
        await asyncio.wait_for(started.wait(), 30)
        said.append(way)
        request.cancel() if way == "the server cancels" else left.set()
        await asyncio.wait([request], timeout=30)
        said.append("the request has ended")
        gate.set()
        await asyncio.sleep(0.5)
    print("; ".join(said))


asyncio.run(main())
PYTHON
said=$(cd "$folder" && venv/bin/python cancel.py 2> "$folder/errors") || { cat "$folder/errors"; exit 1; }
echo "$said"
[ "$said" = "the server cancels; the request has ended; the view goes on; the client leaves; the view is cancelled; the request has ended" ]
