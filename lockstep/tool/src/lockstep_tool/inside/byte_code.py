"""Hold byte code to the source that it is said to be compiled from: the interpreter compiles that again, and both must be
the same.

What was compiled once need not be compiled again: a verdict is a hash over both files and the interpreter's build, so it
holds wherever the same bytes are. The bytes are read each time.
"""

import hashlib
import marshal
import os
import sys
import warnings
from dataclasses import dataclass, field
from functools import cache
from importlib.util import MAGIC_NUMBER, source_hash
from types import CodeType

from lockstep_tool.inside.files import Below

__all__ = ["ByteCode", "is_compiled", "judge_byte_code"]

RULES = 2  # raised when `is_compiled_from` judges otherwise than before: what was remembered is then forgotten
CACHED = f"{os.sep}__pycache__{os.sep}"
HEADER = 16  # bytes: https://peps.python.org/pep-0552/#specification
# All that a code object consists of but the file that it names, which an import puts right.
PARTS = (
    *("co_name", "co_qualname", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize"),
    *("co_flags", "co_firstlineno", "co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_linetable"),
    *("co_exceptiontable", "co_consts"),
)


@dataclass
class ByteCode:
    """`stale` are compiled files whose header says that they are of another source, `other` those that are something else
    than their source compiles to, `unknown` those that this interpreter would never read; `proved` are new verdicts.
    """

    known: frozenset[str]
    checked: int = 0
    stale: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)


def judge_byte_code(below: Below, root: str, standard: Below, known: frozenset[str]) -> ByteCode:
    """Every compiled file below `root`, and of the standard library those that this interpreter would read.

    What else is installed and imported is no part of an environment: the check `packages` names it.
    """
    seen = ByteCode(known)
    inside = f"{root}{os.sep}"
    for path in sorted(path for path in below.modes if is_compiled(path) and path.startswith(inside)):
        judge_file(seen, below, path, *source_of(path))
    ending = f".{sys.implementation.cache_tag}{level_suffix(sys.flags.optimize)}.pyc"
    for path in sorted(path for path in standard.sizes if path.endswith(ending) and is_compiled(path)):
        source, level = source_of(path)
        if standard.is_file(source):
            judge_file(seen, standard, path, source, level)
    if sys.pycache_prefix:
        judge_apart(seen, below, sys.pycache_prefix)
        judge_apart(seen, standard, sys.pycache_prefix)
    return seen


def judge_apart(seen: ByteCode, below: Below, prefix: str) -> None:
    """The compiled files that this interpreter reads from a tree of their own, PYTHONPYCACHEPREFIX."""
    suffix = f".{sys.implementation.cache_tag}{level_suffix(sys.flags.optimize)}.pyc"
    for source in [path for path in below.sizes if path.endswith(".py")]:
        path = f"{prefix.rstrip(os.sep)}{source.removesuffix('.py')}{suffix}"
        if os.path.isfile(path):
            below.sizes[path] = os.path.getsize(path)
            judge_file(seen, below, path, source, sys.flags.optimize)


def level_suffix(level: int) -> str:
    return f".opt-{level}" if level else ""


def is_compiled(path: str) -> bool:
    """Whether it is where compiled files are, and called so."""
    return path.endswith(".pyc") and CACHED in path


def source_of(compiled: str) -> tuple[str, int]:
    """The source that a compiled file is named after, and the optimization level; no source for names of other programs."""
    directory, _, name = compiled.rpartition(CACHED)
    for level in (0, 1, 2):
        ending = f".{sys.implementation.cache_tag}{level_suffix(level)}.pyc"
        if name.endswith(ending):
            return f"{directory}{os.sep}{name.removesuffix(ending)}.py", level
    return "", 0


def judge_file(seen: ByteCode, below: Below, path: str, source: str, level: int) -> None:
    """One compiled file against its source."""
    seen.checked += 1
    try:
        content = below.read(path) if path in below.sizes else b""
        if content[:4] != MAGIC_NUMBER or source not in below.sizes:
            seen.unknown.append(path)
            return
        by_hash = content[4] & 1
        if not by_hash and content[8:HEADER] != stamp(below.times[source], below.sizes[source]):
            seen.stale.append(path)
            return
        # The time stamp is no part of the verdict: it was compared, and is another one in each environment.
        verdict = hash_verdict(below.hash_once(source), content if by_hash else content[4:8] + content[HEADER:], level)
        if verdict in seen.known:
            return
        if not is_compiled_from(content, below.read(source), level):
            seen.other.append(path)
            return
    except OSError:
        seen.unknown.append(path)
        return
    seen.proved.append(verdict)


def stamp(seconds: int, size: int) -> bytes:
    """Time and size of a source, as a header states them."""
    return b"".join((part & 0xFFFFFFFF).to_bytes(4, "little") for part in (seconds, size))


@cache
def build_of(level: int) -> bytes:
    """Which interpreter compiles, and how."""
    return hashlib.sha256(f"{RULES} {level} {sys.version}".encode()).digest()


def hash_verdict(source: bytes, compiled: bytes, level: int) -> str:
    """32 hexadecimal characters over the sha256 of the source, the compiled file and the interpreter."""
    return hashlib.sha256(build_of(level) + source + compiled).hexdigest()[:32]


def is_compiled_from(compiled: bytes, source: bytes, level: int) -> bool:
    """Whether the source compiles to this, header included where that holds a hash."""
    flags = int.from_bytes(compiled[4:8], "little")
    if flags & ~0b11 or (flags & 1 and compiled[8:HEADER] != source_hash(source)):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = compile(source, "source", "exec", dont_inherit=True, optimize=level)
        return same_code(marshal.loads(compiled[HEADER:]), wanted)
    except (ValueError, TypeError, EOFError, SyntaxError, RecursionError):
        return False


def same_code(one: object, other: object) -> bool:
    """Whether two code objects, or constants of them, are the same down to the type of each constant."""
    if type(one) is not type(other):
        return False
    if isinstance(one, CodeType):
        return all(same_code(getattr(one, part), getattr(other, part)) for part in PARTS)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same_code, one, other))
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return same_code(tuple(sorted(one, key=repr)), tuple(sorted(other, key=repr)))
    if isinstance(one, slice) and isinstance(other, slice):
        return same_code((one.start, one.stop, one.step), (other.start, other.stop, other.step))
    if isinstance(one, float | complex):
        return repr(one) == repr(other)  # not a number, and the sign of zero
    return one == other
