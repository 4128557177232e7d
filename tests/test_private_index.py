"""The image builds from a company's index behind its own certificates, and keeps nothing of how it got there."""

import base64
import gzip
import re
import ssl
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from containers.engine import Engine
from containers.offered import OfferedInterpreter
from loopback import Quiet, serving
from services import Service
from snapshot import git
from stand_in_index import Index

USER, PASSWORD = "builder", "not-to-be-kept-8f1c"


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's certificate authority, and what it signed for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("authority")
    key = ("-newkey", "rsa:2048", "-nodes")
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=A company")
    openssl(folder, "req", *key, "-keyout", "key.pem", "-out", "request", "-subj", "/CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2")
    openssl(folder, "x509", "-req", "-in", "request", *signing, "-out", "cert.pem")
    return folder


@pytest.fixture(scope="module")
def index(authority: Path) -> Iterator[Index]:
    """An index that asks for a password, over TLS that only the company's authority vouches for."""
    index = Index()
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(Quiet):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == expected
            found = index.answer(self.path) if known else None
            self.send_response(200 if found else 404 if known else 401)
            if not known:
                self.send_header("WWW-Authenticate", "Basic")
            kind, body = found or ("text/plain", b"")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    with serving(Handler, context) as host:
        index.address = f"https://{host}"
        index.publish("tiny", "1.0", "smaller")
        index.publish("smaller", "1.0")
        yield index


@pytest.fixture(scope="module")
def service(
    fastapi: Service,
    index: Index,
    authority: Path,
    tmp_path_factory: pytest.TempPathFactory,
    build_environment: Mapping[str, str],
    interpreter: OfferedInterpreter,
) -> Service:
    """A service that is locked from that index, with the two secrets that lead there."""
    folder = tmp_path_factory.mktemp("private")
    copy = fastapi.copy(folder / "service")
    secrets = folder / "secret-uv.toml"
    with_password = index.address.replace("https://", f"https://{USER}:{PASSWORD}@")
    secrets.write_text(interpreter.uv_toml.read_text() + f'\n[[index]]\nurl = "{with_password}/simple"\ndefault = true\n')
    settings = {
        **build_environment,
        "LOCKSTEP_BUILD_CA": str(authority / "ca.pem"),
        "LOCKSTEP_BUILD_UV_TOML": str(secrets),
        "SSL_CERT_FILE": str(authority / "ca.pem"),
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_HTTP_RETRIES": "0",
    }
    uv, project = copy.path / "uv.toml", copy.path / "pyproject.toml"
    uv.write_text(re.sub(r'url = "[^"]+"', f'url = "{index.address}/simple"', uv.read_text()))
    text = re.sub(r"(?s)\ndependencies = \[.*?\n\]", '\ndependencies = ["lockstep-serve", "tiny"]', project.read_text())
    project.write_text(re.sub(r"(?s)\[dependency-groups\].*", "", text))
    (copy.path / "uv.lock").unlink()
    private = Service(copy.path, settings)
    done = private.run("uv", "lock", UV_INDEX=f"{with_password}/simple", UV_DEFAULT_INDEX=f"{with_password}/simple")
    assert done.returncode == 0, done.stdout
    git(copy.path, "commit", "--quiet", "--all", "--message", "Use our index")
    return private


# Builds without judging: this service has no application that could start.
BUILD = (
    "from pathlib import Path; from lockstep_tool import engine; "
    "engine.build(engine.find(), Path.cwd(), 'localhost/private:test', {})"
)


def contents(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of every layer, and every other file of an image as `save` writes it."""
    with tarfile.open(archive) as outer:
        for member in outer:
            file = outer.extractfile(member) if member.isreg() else None
            if file is None:
                continue
            content = file.read()
            raw = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
            if raw[257:262] != b"ustar":
                yield member.name, raw
                continue
            layer = archive.with_suffix(".layer")
            layer.write_bytes(raw)
            with tarfile.open(layer) as inner:
                for one in inner:
                    found = inner.extractfile(one) if one.isreg() else None
                    if found is not None:
                        yield one.name.removeprefix("./"), found.read()


def test_it_builds_through_the_secrets_and_keeps_nothing_of_them(
    service: Service, engine: Engine, index: Index, authority: Path, interpreter: OfferedInterpreter, tmp_path: Path
) -> None:
    done = service.run(sys.executable, "-B", "-c", BUILD)
    assert done.returncode == 0, done.stdout
    engine("save", "--output", str(tmp_path / "image.tar"), "localhost/private:test")
    history = engine("history", "--no-trunc", "--format", "{{json .}}", "localhost/private:test")
    lines = (authority / "ca.pem").read_text().splitlines()
    unwanted = [PASSWORD, USER + ":", lines[3], interpreter.downloads_url, "secret-uv.toml"]
    files = dict(contents(tmp_path / "image.tar"))

    kept = {name: word for name, content in files.items() for word in unwanted if word.encode() in content}
    assert kept == {}
    assert not [word for word in [*unwanted, index.address] if word in history]
    assert {name for name, content in files.items() if index.address.encode() in content} == {"app/uv.lock"}
    assert any(name.endswith("site-packages/tiny.py") for name in files)


def test_without_the_certificates_it_says_where_to_look(service: Service, index: Index, tmp_path: Path) -> None:
    """Of a package that is new: what the engine has in its cache is not fetched again."""
    index.publish("newer", "1.0")
    other = service.copy(tmp_path / "other")
    other.edit("pyproject.toml", '"tiny"]', '"tiny", "newer"]')
    password = index.address.replace("https://", f"https://{USER}:{PASSWORD}@")
    assert other.run("uv", "lock", UV_DEFAULT_INDEX=f"{password}/simple").returncode == 0
    done = other.run(sys.executable, "-B", "-c", BUILD, LOCKSTEP_BUILD_CA="")

    assert done.returncode != 0, done.stdout
    assert "The image cannot be built." in done.stdout
    assert "behind a proxy or a mirror, see docs/operating.md" in done.stdout
