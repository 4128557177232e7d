#!/usr/bin/env bash
# pipx 1.18.4: `pipx install NAME==VERSION` leaves another version of it in place, and exits with 0.
#
# `pip install NAME==VERSION` and `uv tool install NAME==VERSION` bring the version that was named, whatever was there. pipx only
# looks whether the program is there, says so, and is successful; a job that installs its tool by a pinned version runs another
# one on a machine that is not new. `--force` installs what was named.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "pipx==1.18.4"
export PIPX_HOME="$folder/home" PIPX_BIN_DIR="$folder/bin" PIPX_DEFAULT_BACKEND=pip
cd "$folder"

version() { bin/pyproject-build --version | cut -d' ' -f2; }

venv/bin/pipx install --quiet "build==1.2.1" > first 2>&1
before=$(version)
venv/bin/pipx install "build==1.2.2" > said 2>&1 && code=0 || code=$?
after=$(version)
venv/bin/pipx install --quiet --force "build==1.2.2" > forced 2>&1
named=$(version)

printf 'installed: %s\nafter `pipx install build==1.2.2`: %s, exit %s\nwith --force: %s\nit said: %s\n' \
    "$before" "$after" "$code" "$named" "$(tr -s ' \n' ' ' < said)"
[ "$before" = 1.2.1 ] && [ "$after" = 1.2.1 ] && [ "$code" = 0 ] && [ "$named" = 1.2.2 ]
grep -q "already seems to be installed" said
