"""How a service goes on without lockstep_serve: a plain command with the same numbers, and what that gives up."""

import shlex
from collections.abc import Iterator

from lockstep_serve.definition import Definition
from lockstep_serve.kinds import find_socket_file

__all__ = ["list_losses", "plain_command"]

# Server model → gunicorn's class of worker. https://docs.gunicorn.org/en/stable/settings.html
WORKER_CLASSES = {
    "gunicorn-sync": "sync",
    "gunicorn-gthread": "gthread",
    "gunicorn-gevent": "gevent",
    "gunicorn-uvicorn": "uvicorn_worker.UvicornWorker",
    "gunicorn-asgi": "asgi",
}
# Value of server.toml → option that takes the same number.
GUNICORN = {
    "workers": "--workers",
    "threads": "--threads",
    "backlog": "--backlog",
    "request_timeout": "--timeout",
    "drain": "--graceful-timeout",
    "keep_alive": "--keep-alive",
    "max_requests": "--max-requests",
    "max_requests_jitter": "--max-requests-jitter",
    "max_headers": "--limit-request-fields",
    "max_header_bytes": "--limit-request-field_size",
    "trusted_proxies": "--forwarded-allow-ips",
}
CONNECTIONS = ("gunicorn-gevent", "gunicorn-asgi")  # those whose workers count connections
# https://www.uvicorn.org/settings/
UVICORN = {
    "host": "--host",
    "port": "--port",
    "workers": "--workers",
    "backlog": "--backlog",
    "concurrency": "--limit-concurrency",
    "drain": "--timeout-graceful-shutdown",
    "keep_alive": "--timeout-keep-alive",
    "max_requests": "--limit-max-requests",
    "max_requests_jitter": "--limit-max-requests-jitter",
    "trusted_proxies": "--forwarded-allow-ips",
    "root_path": "--root-path",
}
OFF = {"workers": "auto", "max_requests": 0, "max_requests_jitter": 0, "root_path": ""}  # said by leaving the option away

LOSSES = {
    "drain_lead": "`/health/ready` turns false only when the server has stopped accepting: load balancers notice too late.",
    "max_body_bytes": "No body is too large; a proxy in front can set a limit.",
    "loop_stall": "Nothing names the line that blocks the event loop.",
    "queue": "What the threads cannot take waits without a limit, instead of being refused with 503.",
}
LOSSES_OF_MODELS = {
    "gunicorn-sync": (),
    "gunicorn-gthread": ("A silent client holds a thread for 5 seconds.",),
    "gunicorn-gevent": ("`concurrency` counts connections, also idle ones, and what is more waits instead of being refused.",),
    "gunicorn-asgi": (
        "`concurrency` counts connections, also idle ones.",
        "A request on a kept-alive connection can be lost when a worker stops.",
        "The client's address is the proxy's, whatever X-Forwarded-For says.",
    ),
    "gunicorn-uvicorn": (
        "`concurrency` has no limit, and header fields have those of uvicorn's parser.",
        "A request on a kept-alive connection can be lost when a worker stops.",
    ),
    "uvicorn": (
        "`concurrency` counts connections, also idle ones; header fields have the limits of uvicorn's parser.",
        "A request on a kept-alive connection can be lost when the server stops.",
        "A request that never ends is not cut off.",
    ),
    "uvicorn-workers": (
        "`concurrency` counts connections, also idle ones; header fields have the limits of uvicorn's parser.",
        "A request on a kept-alive connection can be lost when a process stops.",
        "A process whose event loop is blocked is replaced after 5 seconds, not after `request_timeout`.",
    ),
}
ALWAYS = (
    "The variables beside the values in `server.toml` are not read; change the command.",
    "The server's own log lines are not JSON, and nothing loads your log configuration: call `logging.config.dictConfig`.",
    "A reload (SIGHUP, where the model has one) does not rehearse the new code first.",
    "`worker.py` and the metrics are not called around each worker.",
    "`prove`, `restarts` and what `parity` compares of the running server need `python -m lockstep_serve serve`.",
)
BELOW = "`root_path` holds under uvicorn alone, where the proxy takes it off; gunicorn has `SCRIPT_NAME` for WSGI."
FILE = "The socket file has the server's own mode and group."
AUTO = "Nothing counts the processors that it may use: set `WEB_CONCURRENCY`, or it has one process."


def plain_command(definition: Definition, application: str) -> str:
    """The shell command that serves `application`, which is `module:factory`, with the numbers of the definition.

    Where `workers` is "auto", gunicorn and uvicorn both read `WEB_CONCURRENCY`.
    """
    name, file = definition.model.name, find_socket_file(definition.host)
    if name not in WORKER_CLASSES:
        named = {name: option for name, option in UVICORN.items() if not file or name not in ("host", "port")}
        options = [*(["--uds", file.path] if file else []), *list_options(definition, named)]
        return shlex.join(["uvicorn", "--factory", application, *options, "--no-server-header"])
    host = f"[{definition.host}]" if ":" in definition.host else definition.host
    words = ["gunicorn", f"{application}()", "--worker-class", WORKER_CLASSES[name]]
    words += ["--bind", f"unix:{file.path}" if file else f"{host}:{definition.port}", *list_options(definition, GUNICORN)]
    words += ["--limit-request-line", str(min(definition.max_header_bytes, 8190))]  # gunicorn takes no more
    words += ["--worker-connections", str(definition.concurrency)] if name in CONNECTIONS else []
    return shlex.join([*words, "--no-control-socket"])


def list_options(definition: Definition, options: dict[str, str]) -> Iterator[str]:
    """The options, each with its value, of those values that the server model has."""
    for value, option in options.items():
        if value in definition.values and definition.values[value].value != OFF.get(value):
            yield from (option, str(definition.values[value].value))


def list_losses(definition: Definition) -> list[str]:
    """What the plain command does not do, a sentence each."""
    own = [sentence for value, sentence in LOSSES.items() if value in definition.values]
    own += [BELOW] if definition.root_path else []
    own += [FILE] if find_socket_file(definition.host) else []
    auto = [AUTO] if "workers" in definition.values and definition.workers == "auto" else []
    return [*own, *LOSSES_OF_MODELS[definition.model.name], *auto, *ALWAYS]
