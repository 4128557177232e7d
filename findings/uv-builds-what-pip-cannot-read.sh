#!/usr/bin/env bash
# uv 0.13.9, pip 26.3: uv locks and builds a pyproject.toml in TOML 1.1, which pip on Python 3.11 to 3.14 cannot read.
#
# TOML 1.1 lets an inline table stand on several lines. uv and uv_build take it without a word; pip, whose parser knows TOML 1.0,
# ends with a TOMLDecodeError for the same folder. A project that its authors only ever build with uv ships a source
# distribution that others cannot install; CPython 3.15's tomllib reads TOML 1.1, so it also depends on the Python.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uv==0.13.9" "pip==26.3"
cd "$folder"
unset VIRTUAL_ENV

mkdir -p project/src/application
touch project/src/application/__init__.py
cat > project/pyproject.toml << 'EOF'
[project]
name = "application"
version = "1.0"
requires-python = ">=3.11"
[build-system]
requires = ["uv_build>=0.13.9,<0.14"]
build-backend = "uv_build"
[tool.uv]
build-backend = {
  module-name = "application",
}
EOF

venv/bin/uv lock --quiet --project project && lock=0 || lock=$?
venv/bin/uv build --quiet --wheel --out-dir built project && build=0 || build=$?
venv/bin/pip wheel --quiet --no-deps --wheel-dir built-by-pip ./project > pip.log 2>&1 && pip=0 || pip=$?
printf 'uv lock: exit %s\nuv build: exit %s, %s\npip wheel: exit %s, %s\n' \
    "$lock" "$build" "$(ls built)" "$pip" "$(grep -o 'TOMLDecodeError.*' pip.log | head -n 1)"
[ "$lock" = 0 ] && [ "$build" = 0 ] && [ "$pip" != 0 ] && grep -q TOMLDecodeError pip.log
