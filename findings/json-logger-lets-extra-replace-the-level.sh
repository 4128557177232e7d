#!/usr/bin/env bash
# python-json-logger 4.2.0: a field in `extra`, or a key of a message that is a dict, replaces the record's own level and time.
#
# logging itself refuses `extra` that would overwrite an attribute of the record ("Attempt to overwrite 'message' in LogRecord").
# The JSON formatter renames fields (`levelname` to `level` is the usual way) after that check, and lets `extra` win:
# an ERROR is written as "level": "debug", and whoever filters on the level does not see it. Nothing warns.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "python-json-logger==4.2.0"
cd "$folder"

cat > show.py << 'EOF'
import logging
import sys

from pythonjsonlogger.json import JsonFormatter

handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonFormatter("{asctime}{levelname}{message}", style="{", rename_fields={"levelname": "level"}))
logger = logging.getLogger("orders")
logger.addHandler(handler)
logger.error("payment failed", extra={"level": "gold"})
logger.error({"event": "payment failed", "asctime": "last week"})
EOF
venv/bin/python show.py | tee seen
python3 - << 'EOF'
import json

first, second = (json.loads(line) for line in open("seen"))
assert first["level"] == "gold", first
assert second["asctime"] == "last week", second
EOF
