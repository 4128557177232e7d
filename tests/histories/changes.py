"""What a version of the template changes, one small act each, in the template's folder; `n` is the version."""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from history import HEADER, append, name_version, replace

__all__ = ["CHANGES", "last_question", "prepare"]

QUESTIONS = "# ---- What follows "


def prepare(template: Path) -> None:
    """A file of Lockstep's that nothing needs, so that the first change may move or remove one."""
    (template / "template" / "extra_0.py").write_text(HEADER)


def adds_a_file(template: Path, n: int) -> None:
    (template / "template" / f"extra_{n}.py").write_text(f"{HEADER}NUMBER = {n}\n")


def removes_a_file(template: Path, n: int) -> None:
    for path in sorted(template.glob("template/extra_*.py"))[:1]:
        path.unlink()


def moves_a_file(template: Path, n: int) -> None:
    for path in sorted(template.glob("template/extra_*.py"))[:1]:
        (template / "template" / f"moved_{n}").mkdir()
        path.rename(template / "template" / f"moved_{n}" / path.name)


def edits_a_file(template: Path, n: int) -> None:
    append(template / "template" / "Dockerfile", f"# Version {n}.\n")


def edits_pyproject(template: Path, n: int) -> None:
    replace(template / "template" / "pyproject.toml.jinja", "xfail_strict = true", f"xfail_strict = true\n# Version {n}.")


def requires_a_newer_package(template: Path, n: int) -> None:
    """The bound only; the lock's own line follows it, as the generator writes both."""
    for path in (template / "locks" / "requirements" / "every", template / "template" / "uv.lock.jinja"):
        text = path.read_text()
        found = re.search(r'"python-json-logger>=4[.\d]*"|name = "python-json-logger", specifier = ">=4[.\d]*"', text)
        assert found, path
        path.write_text(text.replace(found[0], re.sub(r">=4[.\d]*", ">=4" + ".0" * (n % 3), found[0])))


def adds_a_test_requirement(template: Path, n: int) -> None:
    """The bound of the last one, beside which a team would write its own."""
    for path in (template / "locks" / "requirements" / "groups", template / "template" / "uv.lock.jinja"):
        text = path.read_text()
        for found in set(re.findall(r'"pytest>=9\.2[.\d]*"|name = "pytest", specifier = ">=9\.2[.\d]*"', text)):
            text = text.replace(found, re.sub(r">=9\.2[.\d]*", ">=9.2" + ".0" * (n % 3), found))
        path.write_text(text)


def ignores_a_file(template: Path, n: int) -> None:
    replace(template / "template" / ".gitignore", ".nox/\n", f".nox/\n.version-{n}/\n")


def explains_a_value(template: Path, n: int) -> None:
    for path in template.glob("questions/servers/*.toml"):
        replace(path, "# Addresses whose", f"# Version {n}.\n# Addresses whose")


def explains_the_hook(template: Path, n: int) -> None:
    path = template / "template" / "src" / "{{ package_name }}" / "worker.py"
    replace(path, "    Connection pools", f"    Version {n}.\n    Connection pools")


def builds_other_wheels(template: Path, n: int) -> None:
    name_version(template, f"{n}.0.0")


def adds_a_seed(template: Path, n: int) -> None:
    (template / "template" / "tests" / f"test_seed_{n}.py").write_text(f'"""Seed {n}."""\n')


def edits_a_seed(template: Path, n: int) -> None:
    for name in ("test_hello.py", "test_logs.py"):
        append(template / "template" / "tests" / name, f"# Version {n}.\n")


def shares_a_file(template: Path, n: int) -> None:
    """A page of the team's becomes shared, and is edited at its top."""
    if "!/docs/operating.md" not in (template / "copier.yml").read_text():
        replace(template / "copier.yml", "    !/pyproject.toml\n", "    !/docs/operating.md\n    !/pyproject.toml\n")
    path = template / "template" / "docs" / "operating.md.jinja"
    first, rest = path.read_text().split("\n", 1)
    path.write_text(f"{first}\n\nVersion {n}.\n{rest}")


def asks_a_question(template: Path, n: int) -> None:
    ask_question(template, f"extra_{n}", "no")
    folder = template / "template" / f"{{% if extra_{n} == 'yes' %}}extra{{% endif %}}"
    folder.mkdir()
    (folder / f"{n}.txt").write_text(HEADER)


def renames_a_question(template: Path, n: int) -> None:
    """The new one's default is the old one's answer, and what the old one's default was: versions may be left out."""
    if old := last_question(template):
        before = default_of(template, old)
        withdraw_question(template, old)
        ask_question(template, f"extra_{n}", f"{{{{ {old} | default({before}) }}}}")
        for folder in template.glob(f"template/*if {old} ==*"):
            folder.rename(folder.with_name(folder.name.replace(old, f"extra_{n}")))


def removes_a_question(template: Path, n: int) -> None:
    if old := last_question(template):
        withdraw_question(template, old)
        for folder in template.glob(f"template/*if {old} ==*"):
            shutil.rmtree(folder)


def ask_question(template: Path, name: str, default: str) -> None:
    question = f'{name}:\n  type: str\n  help: Is there more?\n  default: "{default}"\n\n'
    replace(template / "copier.yml", QUESTIONS, question + QUESTIONS)


def withdraw_question(template: Path, name: str) -> None:
    path = template / "copier.yml"
    path.write_text(re.sub(rf"(?m)^{name}:\n(  .*\n)+\n", "", path.read_text()))


def default_of(template: Path, name: str) -> str:
    """As an expression."""
    [text] = re.findall(rf'(?m)^{name}:\n(?:  .*\n)*  default: "(.*)"$', (template / "copier.yml").read_text())
    return str(text.removeprefix("{{ ").removesuffix(" }}")) if text.startswith("{{") else f"'{text}'"


def last_question(template: Path) -> str:
    found = re.findall(r"(?m)^(extra_\d+):$", (template / "copier.yml").read_text())
    return found[-1] if found else ""


CHANGES: Mapping[str, Callable[[Path, int], None]] = {
    change.__name__.replace("_", " "): change
    for change in (
        adds_a_file,
        removes_a_file,
        moves_a_file,
        edits_a_file,
        edits_pyproject,
        requires_a_newer_package,
        adds_a_test_requirement,
        ignores_a_file,
        explains_a_value,
        explains_the_hook,
        builds_other_wheels,
        adds_a_seed,
        edits_a_seed,
        shares_a_file,
        asks_a_question,
        renames_a_question,
        removes_a_question,
    )
}
