#!/usr/bin/env bash
# uv 0.13.9: beside a uv.toml, uv warns that it ignores `override-dependencies` of pyproject.toml, and obeys them.
#
# With a uv.toml in the directory, `[tool.uv]` settings of pyproject.toml are said to be ignored, by name. One would
# expect the lock to be as without them. Overrides, constraints and excluded packages are in the warning's list, and they
# are in the lock all the same: whoever believes the warning believes in another lock than the one that is written.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uv==0.13.9"
uv=$folder/venv/bin/uv
unset VIRTUAL_ENV

mkdir "$folder/application"
cd "$folder/application"
cat > pyproject.toml << 'EOF'
[project]
name = "application"
version = "1.0"
requires-python = ">=3.11"
[tool.uv]
package = false
override-dependencies = ["six<1"]
constraint-dependencies = ["six<2"]
exclude-dependencies = ["idna"]
EOF
echo 'link-mode = "copy"' > uv.toml

said=$("$uv" lock --offline 2>&1)
printf '%s\n' "$said"
cat uv.lock
for name in override-dependencies constraint-dependencies exclude-dependencies; do
    grep -q "^- $name" <<< "$said"
done
grep -q 'will be ignored in favor of the `uv.toml`' <<< "$said"
grep -q '^overrides = ' uv.lock && grep -q '^constraints = ' uv.lock && grep -q '^excludes = ' uv.lock
