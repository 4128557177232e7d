#!/usr/bin/env bash
# uvicorn 0.54.0: a start that fails ends it with 3, and with 0 when it has workers.
#
# The application raises in its lifespan's start. Alone, uvicorn exits with 3. With `--workers 2` its manager says "Application
# startup failed" for each, ends, and exits with 0: whoever restarts what fails takes that for the end of the work.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uvicorn==0.54.0"
cd "$folder"

cat > broken.py << 'EOF'
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
EOF

code_of() {
    local code=0
    timeout 60 venv/bin/uvicorn broken:app --port 18444 "$@" > log 2>&1 || code=$?
    echo "$code"
}

alone=$(code_of)
echo "without workers it exits with $alone"
test "$alone" = 3
workers=$(code_of --workers 2)
grep "Application startup failed" log | sort -u
echo "with two it exits with $workers"
test "$workers" = 0
