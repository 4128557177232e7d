"""Faults of what lies in this machine's production set and belongs to no locked wheel, or is not what its wheel has there."""

import base64
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from importlib.util import source_hash
from pathlib import Path

from .fault import Fault, Plant
from .planting import variables
from .scene import Scene

__all__ = ["FAULTS"]

EVIL = "evil = True\n"
UNOWNED = frozenset({"unowned files"})
BYTES = frozenset({"bytes"})


def new(name: str, text: str = EVIL) -> Plant:
    """A file in site-packages."""

    def plant(scene: Scene) -> None:
        path = scene.site(scene.here) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    return plant


def without_source(name: str) -> Plant:
    """Byte code in the place of a module, which Python imports as one."""

    def plant(scene: Scene) -> None:
        module = scene.site(scene.here) / "planted.py"
        module.write_text(EVIL)
        compile_file(scene, module).rename(scene.site(scene.here) / name)
        module.unlink()

    return plant


def compile_file(scene: Scene, module: Path, mode: str = "TIMESTAMP") -> Path:
    """What the environment's Python makes of it, and where."""
    program = "import sys, py_compile as p; print(p.compile(sys.argv[1], invalidation_mode=p.PycInvalidationMode[sys.argv[2]]))"
    done = scene.service.run(str(scene.here / "bin" / "python"), "-I", "-c", program, str(module), mode)
    assert done.returncode == 0, done.stdout
    return Path(done.stdout.strip())


def other_code(mode: str) -> Callable[[Scene], Path]:
    """A compiled file whose header fits its source, and whose code is of another one."""

    def plant(scene: Scene) -> Path:
        module = scene.site(scene.here) / "idna" / "core.py"
        right, status = module.read_bytes(), module.stat()
        module.write_bytes(EVIL.encode().ljust(len(right), b"\n"))
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
        try:
            compiled = compile_file(scene, module, mode)
        finally:
            module.write_bytes(right)
            os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
        if mode != "TIMESTAMP":
            content = compiled.read_bytes()
            compiled.write_bytes(content[:8] + source_hash(right) + content[16:])
        return compiled

    return plant


def behind_the_header(mode: str) -> Plant:
    plant = other_code(mode)

    def planted(scene: Scene) -> None:
        plant(scene)

    return planted


def apart(scene: Scene) -> dict[str, str]:
    """Other code in the tree that PYTHONPYCACHEPREFIX names."""
    tree, compiled = scene.kept / "apart", other_code("TIMESTAMP")(scene)
    there = Path(f"{tree}{compiled.parents[1]}") / compiled.name
    shutil.rmtree(tree, ignore_errors=True)
    there.parent.mkdir(parents=True)
    compiled.rename(there)
    return {"PYTHONPYCACHEPREFIX": str(tree)}


def linked_directory(scene: Scene) -> None:
    (scene.kept / "linked").mkdir(exist_ok=True)
    (scene.kept / "linked" / "evil.py").write_text(EVIL)
    (scene.site(scene.here) / "linked").symlink_to(scene.kept / "linked")


def linked_package(scene: Scene) -> None:
    """A link to a copy of a package, with one module more."""
    package, copy = scene.site(scene.here) / "idna", scene.kept / "idna"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.move(package, copy)
    (copy / "more.py").write_text(EVIL)
    package.symlink_to(copy)


def linked_file(scene: Scene) -> None:
    module = scene.site(scene.here) / "idna" / "core.py"
    shutil.move(module, scene.kept / "core.py")
    module.symlink_to(scene.kept / "core.py")


def record_of(scene: Scene, name: str) -> Path:
    [record] = scene.site(scene.here).glob(f"{name}-*.dist-info/RECORD")
    return record


def row_for(path: Path) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{path.stat().st_size}"


def one_row_more(scene: Scene) -> None:
    """A module that the service's own RECORD lists."""
    module, record = scene.site(scene.here) / "evil.py", record_of(scene, "orders_api")
    module.write_text(EVIL)
    record.write_text(f"{record.read_text()}evil.py,{row_for(module)}\n")


def without_hash(scene: Scene) -> None:
    record = record_of(scene, "idna")
    record.write_text(re.sub(r"(?m)^idna/core.py,.*$", "idna/core.py,,", record.read_text()))


def not_utf8(scene: Scene) -> None:
    record = record_of(scene, "idna")
    record.write_bytes(record.read_bytes() + b"\xff.py,,\n")


def program_with_record(scene: Scene) -> None:
    """A console script with other code, and its row of RECORD repaired."""
    script, record = scene.here / "bin" / "fastapi", record_of(scene, "fastapi")
    before = row_for(script)
    script.write_text(script.read_text() + "print('evil')\n")
    text = record.read_text()
    assert before in text
    record.write_text(text.replace(before, row_for(script)))


def script_as_python(scene: Scene) -> None:
    """`python3` is a script that starts the right one."""
    python = scene.here / "bin" / "python3"
    python.unlink()
    python.write_text(f'#!/bin/sh\nexec {scene.here}/bin/python "$@"\n')
    python.chmod(0o755)


def one_program_more(scene: Scene) -> None:
    program = scene.here / "bin" / "gunicorn"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)


def mode_of(name: str, mode: int) -> Plant:
    return lambda scene: (scene.site(scene.here) / name).chmod(mode)


def in_environment(name: str, old: str, text: str) -> Plant:
    def plant(scene: Scene) -> None:
        path = scene.here / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, text, 1))

    return plant


def pipe(scene: Scene) -> None:
    os.mkfifo(scene.site(scene.here) / "evil.py")


def claimed(scene: Scene) -> None:
    """Another package's RECORD lists an edited file as its own."""
    module, record = scene.site(scene.here) / "idna" / "core.py", record_of(scene, "h11")
    module.write_text(module.read_text() + EVIL)
    record.write_text(f"{record.read_text()}idna/core.py,{row_for(module)}\n")


def prints(scene: Scene) -> None:
    new("sitecustomize.py", 'import atexit\nprint("hello", end="")\natexit.register(print, "bye")\n')(scene)


def ends_at_once(scene: Scene) -> None:
    new("sitecustomize.py", "raise SystemExit(3)\n")(scene)


def here(name: str, check: str, plant: Plant, said: str, *, also: frozenset[str] = frozenset()) -> Fault:
    return Fault(name, plant, "parity", check, said, "laptop", also)


FAULTS = (
    here("byte code that every start imports", "unowned files", without_source("sitecustomize.pyc"), "sitecustomize.pyc"),
    here("byte code of a person's start", "unowned files", without_source("usercustomize.pyc"), "usercustomize.pyc"),
    here("byte code in a package, without a source", "unowned files", without_source("idna/more.pyc"), "idna/more.pyc"),
    *(
        here(
            f"other code behind the right header, {mode.lower().replace('_', ' ')}",
            "byte code",
            behind_the_header(mode),
            "is not what its source compiles to",
        )
        for mode in ("TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH")
    ),
    here("other code in a tree apart", "byte code", apart, "is not what its source compiles to", also=frozenset({"ambient"})),
    here("byte code of another interpreter", "unowned files", new("idna/__pycache__/core.cpython-399.pyc"), "cpython-399"),
    here("a library beside the byte code", "unowned files", new("idna/__pycache__/evil.so"), "evil.so"),
    here("a .pth file of a name that is known", "unowned files", new("_virtualenv.pth", "import os\n"), "_virtualenv.pth"),
    here("a file of an ending that is known", "unowned files", new("evil.lock"), "evil.lock"),
    here("a link to a directory", "unowned files", linked_directory, "site-packages/linked (link to "),
    here("a package that is a link, with one module more", "bytes", linked_package, "idna: missing idna/", also=UNOWNED),
    here("a module that is a link", "bytes", linked_file, "a link or the like, where a file is expected: idna/core.py"),
    here(
        "a directory without a file", "unowned files", lambda scene: (scene.site(scene.here) / "evil").mkdir(), "evil (directory)"
    ),
    here("a pipe in the place of a module", "unowned files", pipe, "evil.py (neither file nor directory)"),
    here("a file whose name is not UTF-8", "unowned files", new("evil\udcff.py"), "evil\\xff.py"),
    here("a row added to the service's RECORD", "bytes", one_row_more, "not what the checkout's own wheel installs: evil.py"),
    here("a RECORD without a hash", "bytes", without_hash, "its RECORD states no hash or no size of idna/core.py"),
    here("a RECORD that is not UTF-8", "bytes", not_utf8, "idna has a RECORD that is not UTF-8", also=UNOWNED),
    here("a console script that is edited, and its RECORD repaired", "bytes", program_with_record, "edited ../../../bin/fastapi"),
    here("a script in the place of Python", "unowned files", script_as_python, "bin/python3"),
    here("one program more", "unowned files", one_program_more, "bin/gunicorn"),
    here(
        "an activation script that is edited",
        "unowned files",
        in_environment("bin/activate", "deactivate () {", "evil; deactivate () {"),
        "bin/activate",
    ),
    here(
        "a setting in pyvenv.cfg",
        "unowned files",
        in_environment("pyvenv.cfg", "implementation", "executable = /bin/true\nimplementation"),
        "pyvenv.cfg",
    ),
    here("a module that anybody may write", "modes", mode_of("idna/core.py", 0o666), "idna/core.py (0666)"),
    here("a package that anybody may write to", "modes", mode_of("idna", 0o777), "idna (0777)"),
    here("an installed file that runs as its owner", "modes", mode_of("idna/core.py", 0o4755), "idna/core.py (4755)"),
    here(
        "an edited module that another RECORD claims", "bytes", claimed, "h11: not what the locked wheel installs: idna/core.py"
    ),
    here("a sitecustomize.py that prints", "unowned files", prints, "sitecustomize.py"),
    Fault("a sitecustomize.py that ends every start", ends_at_once, "parity", "", "sitecustomize.py", "laptop"),
    *(
        here(f"{name} in the shell", "ambient", variables(**{name: value}), f"{name}={value}")
        for name, value in {
            "PYTHONPYCACHEPREFIX": "/opt/shared",
            "PYTHONASYNCIODEBUG": "1",
            "PYTHONMALLOC": "debug",
            "PYTHONHASHSEED": "0",
            "PYTHONOPTIMIZE": "1",
            "PYTHONTZPATH": "/opt/shared",
        }.items()
    ),
)
