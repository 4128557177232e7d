#!/usr/bin/env bash
# CPython 3.12 to 3.15, setproctitle 1.3.7: with a space in its name, a niced process of one thread is told that it is multi-threaded.
#
# At each `os.fork()` Python reads the number of threads from /proc/self/stat, as its 20th word. The second field there is the
# process's name in parentheses, which may have spaces: each shifts what follows, and with one the 20th word is the niceness. A
# server that is called "gunicorn: master" or "my server", started by `nice -n 5`, then warns at each fork, and where warnings are
# errors `os.fork()` raises after the child was started. It takes a Python of 3.12 or later: the newest that uv finds, or $PYTHON.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uv==0.13.9"
uv="$folder/venv/bin/uv"
python=${PYTHON:-$("$uv" python find --no-project '>=3.12')}
"$uv" venv --quiet --python "$python" "$folder/newer"
"$uv" pip install --quiet --python "$folder/newer" "setproctitle==1.3.7"
cd "$folder"

cat > fork.py << 'EOF'
import os
import sys
import warnings

import setproctitle

setproctitle.setproctitle(sys.argv[1])
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    if not (child := os.fork()):
        os._exit(0)
os.waitpid(child, 0)
threads = len(os.listdir("/proc/self/task"))
print(f"{threads} thread, niceness {os.getpriority(os.PRIO_PROCESS, 0)}, {len(warned)} warning")
for one in warned:
    print(f"    {one.category.__name__}: {one.message}", file=sys.stderr)
EOF

"$folder/newer/bin/python" --version
spaced=$(nice -n 5 newer/bin/python fork.py "my server")
echo "my server: $spaced"
whole=$(nice -n 5 newer/bin/python fork.py "my-server")
echo "my-server: $whole"
case $spaced in "1 thread, "*", 1 warning") ;; *) exit 1 ;; esac
case $whole in "1 thread, "*", 0 warning") ;; *) exit 1 ;; esac
