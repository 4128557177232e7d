"""The server that runs an existing service now: its model, each of its numbers with where it is stated, and what is dropped."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from adopting.checkout import Checkout
from adopting.start_statements import Statement, find_statements, read_uwsgi
from lockstep_serve.kinds import KINDS

__all__ = ["Running", "read_running"]

WRAPPERS = ("exec", "env", "nice", "poetry", "pipenv", "pdm", "uv", "hatch", "run", "tini", "dumb-init", "gosu")
# They change what is served: `run-program` of New Relic's, tracing of others.
AROUND = ("newrelic-admin", "run-program", "ddtrace-run", "opentelemetry-instrument", "sentry-sdk")
SERVERS = (
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "uwsgi",
    "waitress-serve",
    "granian",
    "fastapi",
    "flask",
    "mod_wsgi-express",
)
SHORT = {
    "gunicorn": {
        "-w": "workers",
        "-k": "worker-class",
        "-t": "timeout",
        "-b": "bind",
        "-c": "config",
        "-n": "name",
        "-p": "pid",
        "-D": "daemon",
        "-R": "enable-stdio-inheritance",
    },
    "uvicorn": {},
    "hypercorn": {"-w": "workers", "-b": "bind", "-k": "worker-class", "-c": "config"},
    "uwsgi": {"-p": "processes", "-w": "module", "-s": "socket"},
    "daphne": {"-b": "host", "-p": "port"},
    "flask": {"-h": "host", "-p": "port"},
}
FLAGS = {
    "reload",
    "preload",
    "daemon",
    "proxy-headers",
    "no-proxy-headers",
    "factory",
    "no-access-log",
    "access-log",
    "use-colors",
    "no-use-colors",
    "no-server-header",
    "no-date-header",
    "reuse-port",
    "enable-stdio-inheritance",
    "capture-output",
    "no-sendfile",
    "spew",
    "check-config",
    "disable-redirect-access-to-syslog",
    "print-config",
    "log-syslog",
    "master",
    "http-socket",
    "vacuum",
    "die-on-term",
    "debug",
    "no-debug",
    "with-threads",
    "no-reload",
}
VALUED = {"uwsgi": {"http-socket"}}
# Option → value of server.toml.
MEANS = {
    "workers": "workers",
    "processes": "workers",
    "threads": "threads",
    "timeout": "request_timeout",
    "harakiri": "request_timeout",
    "timeout-worker-healthcheck": "",
    "graceful-timeout": "drain",
    "timeout-graceful-shutdown": "drain",
    "keep-alive": "keep_alive",
    "keepalive": "keep_alive",
    "timeout-keep-alive": "keep_alive",
    "max-requests": "max_requests",
    "limit-max-requests": "max_requests",
    "max-requests-jitter": "max_requests_jitter",
    "limit-max-requests-jitter": "max_requests_jitter",
    "backlog": "backlog",
    "listen": "backlog",
    "worker-connections": "concurrency",
    "limit-concurrency": "concurrency",
    "limit-request-fields": "max_headers",
    "limit-request-field-size": "max_header_bytes",
    "forwarded-allow-ips": "trusted_proxies",
    "host": "host",
    "port": "port",
}
CLASSES = {
    "sync": "gunicorn-sync",
    "gthread": "gunicorn-gthread",
    "gevent": "gunicorn-gevent",
    "eventlet": "gunicorn-gevent",
    "tornado": "gunicorn-gthread",
    "asgi": "gunicorn-asgi",
}
ALWAYS_SO = {
    "reload",
    "proxy-headers",
    "factory",
    "die-on-term",
    "module",
    "wsgi-file",
    "config",
    "ini",
    "worker-class",
    "app",
    "chdir",
    "app-dir",
    "pythonpath",
    "need-app",
}


@dataclass
class Running:
    """`values` are server.toml's, each with its spot; `dropped` what does not come along, with the reason.

    `app` is `module:name`, as the command has it; `root` is the folder that it is imported from,
    `folder` the one that it is started in, each with a slash at its end.
    """

    spot: str = ""
    command: str = ""
    model: str = ""
    app: str = ""
    root: str | None = None
    interface: str = ""
    folder: str = ""
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def read_running(here: Checkout) -> Running:
    """From the statement that is deployed; an empty one where nothing starts a server."""
    read = (read_statement(here, statement) for statement in find_statements(here))
    found = [one for one in read if one is not None]
    if not found:
        return Running()
    first = next((one for one in found if one.app or one.model), found[0])
    first.others = [f"{one.spot} starts it another way: {one.command}" for one in found if one.command != first.command]
    return first


def read_statement(here: Checkout, statement: Statement) -> Running | None:
    """A command of a server that is known; None for every other command."""
    words, around = list(statement.words), []
    while words and (
        re.fullmatch(r"\w+=.*", words[0]) or words[0].rpartition("/")[2] in WRAPPERS or words[0] in AROUND or words[0] == "--"
    ):
        around += [words[0]] if words[0] in AROUND else []
        words.pop(0)
    while words and words[0].startswith("-"):
        words.pop(0)
    if words and re.fullmatch(r"(?:\S*/)?python[\d.]*", words[0]):
        words = words[2:] if words[1:2] == ["-m"] else python_words(words[1:])
    program = PurePosixPath(words[0]).name if words else ""
    while program not in SERVERS and len(words) > 1 and any(PurePosixPath(word).name in SERVERS for word in words):
        words.pop(0)  # an entrypoint that runs its arguments
        program = PurePosixPath(words[0]).name
    if program not in (*SERVERS, "manage.py"):
        return None
    running = Running(statement.spot, " ".join(statement.words), folder=statement.folder)
    running.dropped += [f"{word}: say it in worker.py, or set its variables" for word in around if word != "run-program"]
    options, free = parse_options(program, words[1:])
    read_settings_file(here, program, options, free, statement, running)
    name_model(program, options, free, running)
    locate(here, options, statement, running)
    keep_values(program, options, running)
    return running


def python_words(words: list[str]) -> list[str]:
    """`python manage.py runserver` is a server for development; `python app.py` runs whatever stands there."""
    return ["manage.py", *words[1:]] if words and words[0].endswith("manage.py") and "runserver" in words else []


Option = tuple[str, str]  # a value, and where it stands


def parse_options(program: str, words: list[str]) -> tuple[dict[str, Option], list[str]]:
    """Long names of options with their values, and the words that are none."""
    options: dict[str, Option] = {}
    free, todo = list[str](), list(words)
    while todo:
        word = todo.pop(0)
        if word in {"&", ">", "2>&1"}:
            break
        if not word.startswith("-") or word == "-":
            free.append(word)
            continue
        name, equals, value = word.partition("=")
        if not name.startswith("--") and not equals and len(name) > 2 and name[:2] in SHORT.get(program, {}):
            name, value, equals = name[:2], name[2:], "="
        long = SHORT.get(program, {}).get(name, name.lstrip("-").replace("_", "-"))
        flag = long in FLAGS and long not in VALUED.get(program, ())
        if not equals and not flag and todo:
            value = todo.pop(0)
        options[long] = (value or "true", "")
    return options, free


def read_settings_file(
    here: Checkout, program: str, options: dict[str, Option], free: list[str], statement: Statement, running: Running
) -> None:
    """gunicorn.conf.py is read also where no option names it; the command line wins. uwsgi.ini is all that uWSGI has."""
    if program == "gunicorn":
        named = options.get("config", ("gunicorn.conf.py", ""))[0].removeprefix("python:").removeprefix("file:")
        name = next((n for n in (f"{statement.folder}{named}", named, PurePosixPath(named).name) if n in here.files), "")
        for option, value in read_python_settings(here.read(name), name, running):
            options.setdefault(option, value)
    if program == "uwsgi":
        named = options.get("ini", ("", ""))[0] or next((word for word in free if word.endswith(".ini")), "")
        name = next((n for n in here.files if PurePosixPath(n).name == PurePosixPath(named).name), "")
        for setting, said in read_uwsgi(here.read(name)).items():
            options.setdefault(setting, (said, name))


def read_python_settings(text: str, name: str, running: Running) -> Iterator[tuple[str, Option]]:
    """What gunicorn's file of settings states as it is; what it computes is said."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            running.dropped.append(
                f"{name}:{node.lineno} {node.name}(): a hook of gunicorn's; what surrounds a worker belongs into worker.py"
            )
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        option, spot = node.targets[0].id.replace("_", "-"), f"{name}:{node.lineno}"
        try:
            yield option, (str(ast.literal_eval(node.value)), spot)
        except ValueError:
            if option in MEANS or option in {"bind", "worker-class"}:
                yield option, (f"={ast.unparse(node.value)}", spot)


def name_model(program: str, options: dict[str, Option], free: list[str], running: Running) -> None:
    """The server model that is nearest, and the application."""
    positional = [
        word
        for word in free
        if re.fullmatch(r"[\w.]+(?::[\w.]+(?:\(.*\))?)?", word) and word not in {"run", "dev", "start-server"}
    ]
    running.app = next(
        (word for word in positional if ":" in word),
        positional[0]
        if positional and program in {"gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "granian"}
        else "",
    )
    several = options.get("workers", ("1", ""))[0] not in {"1", ""}
    if program == "gunicorn":
        kind = options.get("worker-class", ("sync", ""))[0]
        threads = options.get("threads", ("1", ""))[0]
        running.model = "gunicorn-uvicorn" if "uvicorn" in kind.lower() else CLASSES.get(kind.rpartition(".")[2].lower(), "")
        if running.model == "gunicorn-sync" and threads != "1":
            running.model = "gunicorn-gthread"
        if kind in {"eventlet", "tornado"} or not running.model:
            running.dropped.append(
                f"worker class {kind}: Lockstep has none; {running.model or 'its first choice'} takes its place"
            )
    elif program in {"uvicorn", "fastapi"}:
        running.model = "uvicorn-workers" if several else "uvicorn"
    elif program in {"hypercorn", "daphne", "granian"}:
        wsgi = program == "granian" and options.get("interface", ("asgi", ""))[0] == "wsgi"
        running.model = "gunicorn-gthread" if wsgi else "uvicorn-workers" if several else "uvicorn"
        running.dropped.append(f"{program} itself: Lockstep has no model of it; {running.model} takes its place")
    elif program in {"uwsgi", "waitress-serve", "mod_wsgi-express"}:
        threads = options.get("threads", ("4" if program == "waitress-serve" else "1", ""))[0]
        running.model = "gunicorn-gthread" if threads != "1" else "gunicorn-sync"
        running.app = running.app or options.get("module", ("", ""))[0] or options.get("wsgi", ("", ""))[0]
        running.dropped.append(f"{program} itself: Lockstep has no model of it; {running.model} takes its place")
    elif program in {"flask", "manage.py"}:
        running.dropped.append(f"{program} is a server for development: the model is Lockstep's choice")
        options.clear()
    running.interface = (
        "WSGI" if running.model in {"gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent"} else "ASGI" if running.model else ""
    )
    if running.app and ":" not in running.app:
        running.app += ":application" if program in {"gunicorn", "uwsgi"} else ":app"


def locate(here: Checkout, options: dict[str, Option], statement: Statement, running: Running) -> None:
    """The folder that the command imports from, if the application's module is there."""
    moved = next((options[name][0] for name in ("chdir", "app-dir", "pythonpath") if name in options), "")
    module = running.app.partition(":")[0].replace(".", "/")
    folders = [
        f"{statement.folder}{moved.strip('/')}/" if moved and not moved.startswith("/") else "",
        statement.folder,
        "",
        "src/",
    ]
    for folder in folders if module else ():
        root = folder.removeprefix("./")
        if {f"{root}{module}.py", f"{root}{module}/__init__.py"} & {*here.files}:
            running.root = root
            return


def keep_values(program: str, options: Mapping[str, Option], running: Running) -> None:
    """The numbers that server.toml has a place for; the rest is named."""
    for option, (value, spot) in options.items():
        where = spot or running.spot
        stated = value.strip("[]'\"")
        if option == "bind" and "," not in stated and not value.startswith(("=", "unix:", "fd:")):
            host, _, port = stated.rpartition(":")
            for name, part in (("host", host), ("port", port)):
                keep(name, part, option, where, running)
        elif option in {"http", "http-socket", "socket"} and program == "uwsgi" and re.fullmatch(r":?\d+|[\d.]+:\d+", value):
            keep("port", value.rpartition(":")[2], option, where, running)
        elif MEANS.get(option):
            keep(MEANS[option], value, option, where, running)
        elif option == "bind":
            running.dropped.append(
                f"{where} bind = {value.lstrip('=')}: server.toml listens on host and port, or on the socket that it is given"
            )
        elif option not in ALWAYS_SO and not (option == "config" and program == "gunicorn"):
            running.dropped.append(f"{where} {option} = {value}" if value != "true" else f"{where} {option}")


def keep(name: str, value: str, option: str, where: str, running: Running) -> None:
    """A value that server.toml takes. One from a variable has that variable's default; a computed number of workers is `auto`."""
    variable = re.fullmatch(r"\"?\$\{?(\w+)(?::?-([^}]*))?\}?\"?|%\(ENV_(\w+)\)s|\$\((\w+)\)", value)
    if variable:
        value, name_of_variable = variable[2] or "", variable[1] or variable[3] or variable[4]
        if name not in {"port", "workers"} or value:
            running.dropped.append(
                f"{where} {option} comes from ${name_of_variable}: server.toml has its own variable for {name}"
            )
        if not value:
            return
    if value.startswith("="):
        if name == "workers":
            running.values[name] = ("auto", f"{where}, computed there as {value[1:]}")
        else:
            running.dropped.append(f"{where} {option} is computed: {value[1:]}")
        return
    value = value.strip("'\"")
    if name == "host" and not value:
        return
    try:
        KINDS[name].parse(value)
    except (ValueError, TypeError):
        running.dropped.append(f"{where} {option} = {value}: server.toml takes {KINDS[name].expected}")
        return
    running.values[name] = (value, where)
