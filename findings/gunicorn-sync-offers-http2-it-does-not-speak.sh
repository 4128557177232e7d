#!/usr/bin/env bash
# gunicorn 27.0.1: its sync worker says that it falls back to HTTP/1.1, and still offers HTTP/2 to TLS clients, which get no answer.
#
# With `--http-protocols h2,h1` the worker logs "HTTP/2 is not supported by the sync worker … Falling back to HTTP/1.1 only".
# ALPN keeps offering h2 all the same. Whoever takes it, as browsers and curl do, sends an HTTP/2 preface to an HTTP/1.1 parser.
set -euo pipefail

folder=$(mktemp -d)
trap 'kill $server 2> /dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "gunicorn==27.0.1" "h2==4.3.0"
cd "$folder"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2> /dev/null

cat > hello.py << 'EOF'
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
EOF
venv/bin/gunicorn hello:app --worker-class sync --bind 127.0.0.1:18443 --certfile cert.pem --keyfile key.pem \
    --http-protocols h2,h1 --no-control-socket > log 2>&1 &
server=$!
until curl --silent --insecure --http1.1 https://127.0.0.1:18443/ > /dev/null; do sleep 0.2; done

grep "Falling back to HTTP/1.1 only" log
offered=$(openssl s_client -connect 127.0.0.1:18443 -alpn h2,http/1.1 < /dev/null 2> /dev/null | grep "ALPN protocol")
echo "$offered"
code=$(curl --silent --insecure --http2 --max-time 10 --output /dev/null --write-out '%{http_code}' https://127.0.0.1:18443/ || true)
echo "a client of HTTP/2 is answered: $code"
test "$offered" = "ALPN protocol: h2"
test "$code" = "000"
