"""Run nginx with the configuration that a service has, on ports and in folders of its own."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services import Service, free_port

__all__ = ["COMPOSE", "SITE", "Proxy", "adapted", "called", "proxying"]

COMPOSE, SITE = "deploy/nginx.conf", "deploy/systemd/orders-api.nginx.conf"


def replaced(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the configuration has no {old!r}"
        text = text.replace(old, new)
    return text


def adapted(service: Service, file: str, folder: Path, port: int, upstream: int) -> Path:
    """The rendered configuration with its own ports and paths, and nothing else of it changed."""
    (folder / "yours").mkdir(exist_ok=True)
    text = (service.path / file).read_text()
    if file == COMPOSE:
        changes = {
            " /tmp/": f" {folder}/",  # first, for what follows may lie there
            # There is no name server of Docker's here, and Debian 12's nginx is too old to ask one.
            "orders-api:8000 resolve;": f"127.0.0.1:{upstream};",
            "listen 8080 default_server": f"listen 127.0.0.1:{port}",
            "/etc/nginx/yours": str(folder / "yours"),
            "/dev/stdout": str(folder / "access.log"),
        }
        text = replaced(text, changes)
    else:  # a site, which the host's own configuration reads
        changes = {
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",
            "listen 80;": f"listen 127.0.0.1:{port};",
            "/etc/nginx/orders-api": str(folder / "yours"),
            "/var/log/nginx/orders-api.log": str(folder / "access.log"),
        }
        temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = f"daemon off;\npid {folder}/nginx.pid;\nevents {{}}\nhttp {{\n{temporary}\n{replaced(text, changes)}}}\n"
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


def called(nginx: str, configuration: Path, *words: str) -> list[str]:
    """Its workers are of the user who calls it: in the container nobody is root, here temporary folders are root's."""
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    return [nginx, "-e", "stderr", "-p", str(configuration.parent), "-c", str(configuration), *user, *words]


@dataclass
class Proxy:
    port: int
    folder: Path

    def logged(self, request_id: str) -> dict[str, object]:
        """The line of its log about a request, which comes when the connection is done with."""
        for _ in range(500):
            lines = [json.loads(line) for line in (self.folder / "access.log").read_text().splitlines()]
            if found := [line for line in lines if line["request_id"] == request_id]:
                break
            time.sleep(0.01)
        [line] = found
        return dict(line)


@contextmanager
def proxying(
    nginx: str,
    service: Service,
    folder: Path,
    upstream: int,
    *,
    file: str = COMPOSE,
    yours: str = "",
    fault: tuple[str, str] | None = None,
) -> Iterator[Proxy]:
    """nginx with the rendered configuration before `upstream`; `yours` is a file of the team's, `fault` a text and another."""
    port = free_port()
    configuration = adapted(service, file, folder, port, upstream)
    (folder / "yours" / "yours.conf").write_text(yours)
    if fault:
        configuration.write_text(replaced(configuration.read_text(), dict([fault])))
    process = subprocess.Popen(called(nginx, configuration), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.02)
        yield Proxy(port, folder)
    finally:
        process.terminate()
        process.communicate(timeout=60)
