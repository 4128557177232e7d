#!/usr/bin/env bash
# uv 0.13.9: `uv run script.py` rewrites the script's lock when a variable like UV_RESOLUTION is set, and runs other versions.
#
# A script with inline metadata can have a lock beside it (script.py.lock), which `uv run` takes. One would expect that lock to
# hold wherever the script runs. With UV_RESOLUTION=lowest-direct in the environment, as in a job that tests lower bounds, plain
# `uv run` resolves anew, writes the lock over and runs what it found; without --quiet it says no more than "Resolved".
# Only `uv run --locked` refuses.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uv==0.13.9"
cd "$folder"
uv=venv/bin/uv

cat > script.py << 'EOF'
# /// script
# requires-python = ">=3.11"
# dependencies = ["idna>=3.6"]
# ///
import importlib.metadata

print("idna", importlib.metadata.version("idna"))
EOF
"$uv" lock --quiet --script script.py
cp script.py.lock locked
"$uv" run --quiet script.py > before
UV_RESOLUTION=lowest-direct "$uv" run --locked --quiet script.py > refused 2>&1 && locked=0 || locked=$?
cmp --silent script.py.lock locked && untouched=yes || untouched=no
UV_RESOLUTION=lowest-direct "$uv" run --quiet script.py > after 2> said
cmp --silent script.py.lock locked && same=yes || same=no

printf 'with its lock: %s\nwith the variable and --locked: exit %s, lock untouched: %s\nwith the variable: %s, lock the same: %s, said: "%s"\n' \
    "$(cat before)" "$locked" "$untouched" "$(cat after)" "$same" "$(cat said)"
[ "$locked" != 0 ] && [ "$untouched" = yes ] && [ "$same" = no ] && [ ! -s said ]
grep -q 'idna 3.6' after && ! grep -q 'idna 3.6$' before
