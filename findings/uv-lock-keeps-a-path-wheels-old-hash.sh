#!/usr/bin/env bash
# uv 0.13.9: `uv lock` and `uv lock --check` do not notice that a wheel behind a path source has other content.
#
# A project names a wheel by `[tool.uv.sources] x = { path = "x-1.0-py3-none-any.whl" }`, and uv.lock holds its sha256.
# When the wheel is built again with other content under the same file name, one would expect `uv lock --check` to fail
# and `uv lock` to write the new hash. Both succeed and leave uv.lock as it is; only `uv sync` refuses, with
# "Hash mismatch", and `uv lock` cannot mend that.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uv==0.13.9"
uv=$folder/venv/bin/uv
unset VIRTUAL_ENV

mkdir -p "$folder/library/src/moving_library" "$folder/application"
cd "$folder"
cat > library/pyproject.toml << 'EOF'
[project]
name = "moving-library"
version = "1.0"
requires-python = ">=3.11"
[build-system]
requires = ["uv_build>=0.13.9,<0.14"]
build-backend = "uv_build"
EOF
cat > application/pyproject.toml << 'EOF'
[project]
name = "application"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["moving-library"]
[tool.uv]
package = false
[tool.uv.sources]
moving-library = { path = "moving_library-1.0-py3-none-any.whl" }
EOF

echo 'VALUE = 1' > library/src/moving_library/__init__.py
"$uv" build --quiet --wheel --out-dir application library
"$uv" lock --quiet --project application
before=$(sha256sum application/uv.lock)

echo 'VALUE = 2' > library/src/moving_library/__init__.py
"$uv" build --quiet --wheel --out-dir application library
"$uv" lock --check --project application && check=0 || check=$?
"$uv" lock --project application && lock=0 || lock=$?
after=$(sha256sum application/uv.lock)
said=$("$uv" sync --locked --project application 2>&1) && sync=0 || sync=$?

printf 'uv lock --check: exit %s\nuv lock: exit %s, uv.lock %s\nuv sync --locked: exit %s\n%s\n' \
    "$check" "$lock" "$([ "$before" = "$after" ] && echo unchanged || echo rewritten)" "$sync" "$said"
[ "$check" = 0 ] && [ "$lock" = 0 ] && [ "$before" = "$after" ] && [ "$sync" != 0 ] && grep -q "Hash mismatch" <<< "$said"
