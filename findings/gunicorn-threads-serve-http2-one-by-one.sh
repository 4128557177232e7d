#!/usr/bin/env bash
# gunicorn 27.0.1: its threaded worker serves the requests of one HTTP/2 connection one after another, however many threads it has.
#
# A browser opens one connection of HTTP/2 where it opened six of HTTP/1.1, so turning HTTP/2 on makes a page slower.
# Two requests meet at a barrier here: they are both answered on two connections, and neither on one.
set -euo pipefail

folder=$(mktemp -d)
trap 'kill $server 2> /dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1" "h2==4.3.0"
cd "$folder"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2> /dev/null

cat > meet.py << 'EOF'
import threading

barriers = {"/one": threading.Barrier(2), "/two": threading.Barrier(2)}


def app(environ, start_response):
    try:
        if environ["PATH_INFO"] in barriers:
            barriers[environ["PATH_INFO"]].wait(10)
        status = "200 OK"
    except threading.BrokenBarrierError:
        status = "504 Gateway Timeout"
    start_response(status, [("Content-Length", "0")])
    return [b""]
EOF
venv/bin/gunicorn meet:app --worker-class gthread --threads 4 --bind 127.0.0.1:18444 --certfile cert.pem --keyfile key.pem \
    --http-protocols h2,h1 --no-control-socket > log 2>&1 &
server=$!
until curl --silent --insecure --http2 https://127.0.0.1:18444/ > /dev/null; do sleep 0.2; done

both() { # path, options: the statuses of two requests at once
    path=https://127.0.0.1:18444/$1
    shift
    curl --silent --insecure --http2 --parallel "$@" --write-out '%{http_code} ' --output /dev/null "$path" --output /dev/null "$path" 2> /dev/null
}
two=$(both two --parallel-immediate)
one=$(both one)
echo "on two connections: $two"
echo "on one connection:  $one"
test "$two" = "200 200 "
test "$one" = "504 504 "
