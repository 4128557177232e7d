#!/usr/bin/env bash
# copier 9.19.1: `copier update` replaces a binary file that the project has changed, without a conflict and without a word.
#
# For text, a change in the project and another in the template meet in a merge with conflict markers. For a file with a NUL
# byte the project's own version is gone after the update: exit 0, no .rej file, no question. git still has it, if committed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "copier==9.19.1"
cd "$folder"
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org

commit() { git -C "$1" add --all && git -C "$1" commit --quiet --message "$2"; }

git init --quiet template
printf '_templates_suffix: .jinja\nname: {type: str, default: x}\n' > template/copier.yml
echo '{{ _copier_answers|to_nice_yaml }}' > 'template/{{ _copier_conf.answers_file }}.jinja'
printf 'one\0the first of the template\n' > template/data.bin
printf 'the first of the template\n' > template/data.txt
commit template first
git -C template tag v1.0.0

venv/bin/copier copy --quiet --defaults template project
git init --quiet project
commit project born
printf 'one\0what the project needs\n' > project/data.bin
printf 'what the project needs\n' > project/data.txt
commit project changed

printf 'one\0the second of the template\n' > template/data.bin
printf 'the second of the template\n' > template/data.txt
commit template second
git -C template tag v2.0.0
venv/bin/copier update --quiet --defaults project > said 2>&1 && code=0 || code=$?

printf 'copier update: exit %s, said: %s\ndata.bin: %s\ndata.txt:\n%s\n' \
    "$code" "$(tr '\n' ' ' < said)" "$(tr '\0' ' ' < project/data.bin)" "$(cat project/data.txt)"
[ "$code" = 0 ] && grep -q 'second of the template' project/data.bin && ! grep -q 'project needs' project/data.bin
grep -q '<<<<<<<' project/data.txt && grep -q 'project needs' project/data.txt
