"""Build Lockstep's two wheels into `template/.lockstep/`, and put their hashes into the locks that name them.

The same sources and the same uv give the same bytes. `--check` names what differs and changes nothing. `--hashes` prints
what a release lists. Before, the tool is given the files of the template that it compares a service's with.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / "template" / ".lockstep"
LOCKS = (ROOT / "locks" / "uv.lock", WHEELS / "uv.lock", ROOT / "template" / "uv.lock.jinja")
# What `pins` compares a service's files with, as it stands in the template.
CARRIED = ROOT / "lockstep" / "tool" / "src" / "lockstep_tool" / "files" / "template.json"
COMPARED = (
    "Dockerfile",
    ".dockerignore",
    "uv.toml",
    "noxfile.py",
    ".lockstep/*.toml",
    "*.yml",
    "compose.yaml.jinja",
    "deployment.yaml.jinja",
    "kustomization.yaml",
    "service.yaml.jinja",
    "disruption.yaml.jinja",
    "autoscaling.yaml.jinja",
    "ingress.yaml.jinja",
    "*.service.jinja",
    "*.socket.jinja",
)
STATED = (ROOT / "locks" / "pyproject.toml", ROOT / "locks" / "requirements" / "sources", WHEELS / "pyproject.toml")


def built_wheels() -> Mapping[str, bytes]:
    """File name → content of each wheel, built from the sources."""
    with tempfile.TemporaryDirectory() as folder:
        for package in ("lockstep-serve", "lockstep-tool"):
            command = ["uv", "build", "--quiet", "--wheel", "--offline", "--no-config", "--package", package]
            subprocess.run([*command, "--out-dir", folder], cwd=ROOT / "lockstep", check=True)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.whl"))}


def carried_files() -> str:
    """The files of the template that a service's are compared with, by their path in it, as JSON."""
    template = ROOT / "template"
    paths = sorted({path for pattern in COMPARED for path in template.rglob(pattern)} - set(template.glob("src/**/*")))
    files = {path.relative_to(template).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return json.dumps(files, indent=1, ensure_ascii=False) + "\n"


def write_wheels(carried: str) -> Mapping[str, bytes]:
    """Build them with these files inside, and place them."""
    CARRIED.write_text(carried, encoding="utf-8")
    wheels = built_wheels()
    place_wheels(wheels)
    return wheels


def place_wheels(wheels: Mapping[str, bytes]) -> None:
    """Exactly these, with their names and hashes in every file that states them."""
    for path in WHEELS.glob("*.whl"):
        if path.name not in wheels:
            path.unlink()
    for name, content in wheels.items():
        (WHEELS / name).write_bytes(content)
        project, version = name.split("-")[:2]
        for path in (*STATED, *LOCKS):
            if path.exists():
                path.write_text(
                    restate_wheel(path.read_text(encoding="utf-8"), project, version, name, content), encoding="utf-8"
                )


def restate_wheel(text: str, project: str, version: str, name: str, content: bytes) -> str:
    """The text with this wheel's name, version and hash wherever one of its project stands.

    uv itself would not do it: `uv lock` keeps the hash of a wheel whose path stays the same.
    """
    text = re.sub(rf"{project}-[^-\s\"]+-py3-none-any\.whl", name, text)
    title = f'name = "{project.replace("_", "-")}"\nversion = '
    text = re.sub(rf'({re.escape(title)})"[^"]+"', rf'\1"{version}"', text)
    return re.sub(rf'({re.escape(name)}", hash = )"[^"]+"', rf'\1"{hash_of(content)}"', text)


def hash_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def main() -> int:
    """Place the wheels, or compare; exit 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, name what differs")
    parser.add_argument("--hashes", action="store_true", help="print the hashes of the wheels in the template")
    options = parser.parse_args()
    here = {path.name: path.read_bytes() for path in sorted(WHEELS.glob("*.whl"))}
    if options.hashes:
        print("\n".join(f"{hash_of(content)}  {name}" for name, content in here.items()))
        return 0
    carried = carried_files()
    if options.check:
        if not CARRIED.is_file() or CARRIED.read_text(encoding="utf-8") != carried:
            print(f"not what the template has: {CARRIED.relative_to(ROOT)}")
            return 1
        wheels = built_wheels()
        differing = sorted(name for name in {*wheels, *here} if wheels.get(name) != here.get(name))
        print("\n".join(f"not what the sources give: template/.lockstep/{name}" for name in differing))
        return 1 if differing else 0
    wheels = write_wheels(carried)
    if (again := carried_files()) != carried:  # the wheels have a new version, which one of the carried files names
        wheels = write_wheels(again)
    print("\n".join(f"{hash_of(content)}  {name}" for name, content in wheels.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
