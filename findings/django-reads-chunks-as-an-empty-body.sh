#!/usr/bin/env bash
# Django 6.0.10, gunicorn 27.0.1: under WSGI a body that is sent in chunks is empty for the view, and no error says so.
#
# gunicorn decodes the chunks and sets `wsgi.input_terminated`, which says that the input ends by itself. Django reads as many
# bytes as Content-Length says, and takes a request without one for a request without a body: `request.body` is b"" and the
# answer 200. The same request with a Content-Length is read, and under ASGI both are.
set -euo pipefail

folder=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2> /dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "Django==6.0.10" "gunicorn==27.0.1"
cat > "$folder/orders.py" <<'PYTHON'
import django
from django.conf import settings
from django.http import JsonResponse
from django.urls import path


def view(request):
    return JsonResponse({"length": len(request.body), "terminated": request.META.get("wsgi.input_terminated")})


urlpatterns = [path("", view)]
settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="not a secret", ALLOWED_HOSTS=["*"])
django.setup()
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
PYTHON
cat > "$folder/ask.py" <<'PYTHON'
import http.client
import sys
import time

for body, headers in ((b"nine byte", {}), (iter([b"nine", b" byte"]), {"Transfer-Encoding": "chunked"})):
    for _ in range(100):
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
        try:
            connection.connect()
            break
        except OSError:
            time.sleep(0.1)
    connection.request("POST", "/", body, headers, encode_chunked="Transfer-Encoding" in headers)
    answer = connection.getresponse()
    print(answer.status, answer.read().decode())
PYTHON
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd "$folder" && exec venv/bin/gunicorn --bind "127.0.0.1:$port" --log-file "$folder/log" orders:application) &
server=$!
said=$("$folder/venv/bin/python" "$folder/ask.py" "$port") || { cat "$folder/log"; exit 1; }
echo "$said"
[ "$said" = '200 {"length": 9, "terminated": true}
200 {"length": 0, "terminated": true}' ]
