"""Ask a container registry which digest a tag has now, by the API that all of them speak.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

import base64
import hashlib
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockstep_tool.files.unanswered import Unanswered

__all__ = ["Image", "digest_of", "parse_reference"]

SECONDS = 20
# An index over platforms first: its digest is the one that a Dockerfile for several machines needs.
KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True)
class Image:
    """A reference in parts; `tag` is `latest` where none is written."""

    host: str
    path: str
    tag: str

    @property
    def address(self) -> str:
        """Where its registry answers; only this machine's own may do without TLS, as for container engines."""
        host = {"docker.io": "registry-1.docker.io"}.get(self.host, self.host)
        local = re.fullmatch(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?", host)
        return f"{'http' if local else 'https'}://{host}/v2/{self.path}/manifests/{self.tag}"


def parse_reference(reference: str) -> Image:
    """`debian:13`, `ghcr.io/astral-sh/uv:0.13.9@sha256:…` → parts; short names are those of docker.io."""
    name, _, _ = reference.partition("@")
    first, slash, rest = name.partition("/")
    hosted = bool(slash) and ("." in first or ":" in first or first == "localhost")
    host, path = (first, rest) if hosted else ("docker.io", name)
    path, _, tag = path.partition(":")
    return Image(host, path if hosted or "/" in path else f"library/{path}", tag or "latest")


def digest_of(image: Image) -> str:
    """`sha256:…` of what the tag names now, computed from what the registry sent; raises Unanswered."""
    try:
        body, stated = fetch_manifest(image, {"Accept": ", ".join(KINDS)})
    except urllib.error.HTTPError as error:
        error.close()
        there = error.code in {401, 403, 404}
        raise Unanswered(f"{image.host} answers {error.code}", away=not there) from error
    except (OSError, ValueError, KeyError) as error:
        raise Unanswered(f"{image.host}: {getattr(error, 'reason', error)}", away=True) from error
    found = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if stated and stated != found:
        raise Unanswered(f"{image.host} sent something else than it says: {stated}", away=False)
    return found


def fetch_manifest(image: Image, headers: dict[str, str]) -> tuple[bytes, str]:
    """The manifest and the digest that the registry states, after it has said how to ask."""
    try:
        return get(image.address, headers)
    except urllib.error.HTTPError as refused:
        refused.close()
        challenge = refused.headers.get("WWW-Authenticate", "")
        if refused.code != 401 or not challenge:
            raise
    return get(image.address, {**headers, "Authorization": permission(image, challenge)})


def permission(image: Image, challenge: str) -> str:
    """What a registry wants to see: a token from the service that it names, or the password of `docker login`."""
    scheme, _, rest = challenge.partition(" ")
    login = password(image.host)
    if scheme.lower() == "basic":
        return f"Basic {login}"
    parameters = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    query = urllib.parse.urlencode({name: parameters[name] for name in ("service", "scope") if name in parameters})
    body, _ = get(f"{parameters['realm']}?{query}", {"Authorization": f"Basic {login}"} if login else {})
    answer: dict[str, Any] = json.loads(body)
    return f"Bearer {answer.get('token') or answer['access_token']}"


def password(host: str) -> str:
    """Of a private registry, as `docker login` wrote it down; empty where there is none."""
    directory = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        known = json.loads((directory / "config.json").read_text(encoding="utf-8")).get("auths", {})
        name = "https://index.docker.io/v1/" if host == "docker.io" else host
        found = str(known.get(name, {}).get("auth", ""))
        base64.b64decode(found, validate=True)
    except (OSError, ValueError, AttributeError):
        return ""
    return found


def get(address: str, headers: dict[str, str]) -> tuple[bytes, str]:
    """Body and `Docker-Content-Digest`."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=SECONDS) as answer:
        return answer.read(), str(answer.headers.get("Docker-Content-Digest", ""))
