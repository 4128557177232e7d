#!/usr/bin/env bash
# uv 0.13.9: uninstalling a package that is a single module leaves its byte code behind; of a package directory it does not.
#
# `uv pip uninstall` and `uv sync` remove the __pycache__ of each directory from which they removed a file, so one would
# expect nothing to be left. The __pycache__ of site-packages itself stays, and in it the byte code of every module that
# ever lay there. Python does not import it without its source, but who compares an environment with its lock finds a file
# that belongs to nobody. pip removes it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "uv==0.13.9"
uv=$folder/venv/bin/uv
unset VIRTUAL_ENV PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX

cd "$folder"
"$uv" venv --quiet --python "$folder/venv/bin/python" with-uv
"$uv" pip install --quiet --python with-uv/bin/python "six==1.17.0" "idna==3.11"
with-uv/bin/python -c "import six, idna"
"$uv" pip uninstall --quiet --python with-uv/bin/python six idna

python3 -m venv with-pip
with-pip/bin/pip install --quiet "six==1.17.0" "idna==3.11"
with-pip/bin/python -c "import six, idna"
with-pip/bin/pip uninstall --quiet --yes six idna

left() { find "$1/lib" -name '*.pyc' \( -path '*six*' -o -path '*idna*' \) -not -path '*/pip/*' -printf '%f\n'; }
echo "left by uv:  $(left with-uv)"
echo "left by pip: $(left with-pip)"
[[ $(left with-uv) == six.*.pyc ]]
[[ -z $(left with-pip) ]]
