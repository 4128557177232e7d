"""Show people what the server logs in `dev`: a line a request, in colour, and of a traceback the team's own lines first.

The server writes JSON as in production, into a pipe; a process of its own reads it and writes to the terminal. So nothing of
the service is configured in another way. Whatever is no JSON passes at once, a debugger's prompt, too.
"""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

__all__ = ["readable_line", "write_for_people"]

STYLES = {"DEBUG": "dim", "INFO": "", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
STATUS = {"2": "green", "3": "cyan", "4": "yellow", "5": "bold red"}
OWN = frozenset({"timestamp", "level", "logger", "message", "exception", "stack", "request_id"})
OF_REQUESTS = frozenset({"method", "path", "status", "duration_ms"})
SHOWN_AT_START = ("model", "environment")
FRAME = re.compile(r'  File "([^"]+)", line \d+')
Styled = list[tuple[str, str]]  # text and its style


def write_for_people(root: Path) -> None:
    """From now on, what this process and its successors write to stdout goes through a process that writes it for people."""
    reading, writing = os.pipe()
    if os.fork():
        os.dup2(writing, 1)
        os.close(reading)
        os.close(writing)
        os.wait()
        return
    if os.fork():  # so that the reader is no child of the server, which counts its children
        os._exit(0)
    os.dup2(reading, 0)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # the lock of this service's sessions, too, which the server lets go
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with what it reads
    try:
        copy_lines(root)
    finally:
        os._exit(0)


def copy_lines(root: Path) -> None:
    """Write what comes on stdin until its end."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    rest = b""
    while chunk := os.read(0, 65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            styled = readable_line(line.decode("utf-8", "replace"), root)
            console.print(Text.assemble(*styled))
        if rest and not rest.startswith(b"{"):
            console.file.write(rest.decode("utf-8", "replace"))
            console.file.flush()
            rest = b""
    if rest:
        console.print(Text(rest.decode("utf-8", "replace")))


def readable_line(line: str, root: Path) -> Styled:
    """One line of the log in parts, each with its style; what is no line of a log as it is."""
    try:
        said = json.loads(line)
    except ValueError:
        return [(line, "")]
    if not isinstance(said, dict) or not {"timestamp", "level", "message"} <= said.keys():
        return [(line, "")]
    level = str(said["level"])
    parts: Styled = [(f"{str(said['timestamp'])[11:19]} ", "dim"), *message(said, STYLES.get(level, ""))]
    for name in ("exception", "stack"):
        if said.get(name):
            parts.append(("\n", ""))
            parts += traceback(str(said[name]), root)
    return parts


def message(said: dict[str, Any], style: str) -> Styled:
    """A request with its status and duration; the start with its address; else the level, the message and what it was given."""
    more = {name: value for name, value in said.items() if name not in OWN}
    if said.get("logger") == "access" and more.keys() >= OF_REQUESTS:
        status = str(said["status"])
        ended = f", ended by the {said['ended_by']}" if "ended_by" in said else ""
        return [
            (f"{said['method']} {said['path']} ", ""),
            (status, STATUS.get(status[0], "red")),
            (f" {said['duration_ms']} ms{ended}", "dim"),
        ]
    if said["message"] == "starting" and "address" in said:
        facts = ", ".join(f"{name} {said[name]}" for name in SHOWN_AT_START if name in said)
        return [("starting ", ""), (f"http://{said['address']}", "bold"), (f" ({facts})", "dim")]
    level = "" if said["level"] == "INFO" else f"{said['level']} "
    given = "".join(f" {name}={value}" for name, value in more.items())
    return [(f"{level}{said['message']}", style), (given, "dim")]


def traceback(text: str, root: Path) -> Styled:
    """The error, then the frames of the service's own files; how many others there are is counted.

    Of several tracebacks in one text, each has its own part.
    """
    parts: Styled = []
    for part in re.split(r"\n\n(?=(?:The above exception|During handling)[^\n]*\n\n)|(?<=:)\n\n(?=Traceback)", text):
        frames, others, error = split_frames(part.splitlines(), root)
        if not frames and not others:
            parts.append((f"  {part.strip()}\n", "dim"))
            continue
        parts.append((f"  {error}\n", "bold red"))
        parts += [(f"  {line}\n", "") for frame in frames for line in frame]
        if others:
            parts.append((f"    and {others} {'frame' if others == 1 else 'frames'} of libraries; `serve` logs them\n", "dim"))
    text, style = parts[-1]
    return [*parts[:-1], (text.removesuffix("\n"), style)]


def split_frames(lines: list[str], root: Path) -> tuple[list[list[str]], int, str]:
    """The team's frames with their paths from the root, how many others there are, and the lines of the error itself."""
    frames: list[list[str]] = []
    error: list[str] = []
    for line in lines:
        if FRAME.match(line):
            frames.append([line])
        elif frames and line.startswith("    "):
            frames[-1].append(line)
        elif not line.startswith("Traceback"):
            error.append(line)
    own = [frame for frame in frames if is_own(frame[0], root)]
    shown = [[line.replace(f"{root}/", "") for line in frame] for frame in own or frames[-1:]]
    return shown, len(frames) - len(shown), "\n  ".join(line for line in error if line.strip())


def is_own(line: str, root: Path) -> bool:
    """Whether a frame is in a file of the checkout, and not in an environment in it."""
    found = FRAME.match(line)
    path = Path(found[1]) if found else Path()
    return path.is_relative_to(root) and not path.relative_to(root).parts[0].startswith(".")
