#!/usr/bin/env bash
# gunicorn 27.0.1: its ASGI worker serves an application whose lifespan's start has raised, and logs nothing of it.
#
# `--asgi-lifespan auto`, the default, takes an exception for "this application has no lifespan". What the start was to prepare is
# missing, and each request finds that out. uvicorn 0.54.0, whose default has the same name, at least logs that the lifespan
# "appears unsupported".
set -euo pipefail

folder=$(mktemp -d)
trap 'kill $server 2> /dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1" "uvicorn==0.54.0"
cd "$folder"

cat > broken.py << 'EOF'
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        raise ConnectionError("the database is not there")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
EOF
venv/bin/gunicorn broken:app --worker-class asgi --bind 127.0.0.1:18445 --no-control-socket > log 2>&1 &
server=$!
code=$(curl --silent --retry 60 --retry-connrefused --retry-delay 1 --output /dev/null --write-out '%{http_code}' http://127.0.0.1:18445/)
cat log
echo "a client is answered: $code"
test "$code" = 200
if grep "the database is not there" log; then exit 1; fi
kill "$server"
wait "$server" || true

venv/bin/uvicorn broken:app --port 18445 > log 2>&1 &
server=$!
curl --silent --retry 60 --retry-connrefused --retry-delay 1 --output /dev/null http://127.0.0.1:18445/
grep "appears unsupported" log
