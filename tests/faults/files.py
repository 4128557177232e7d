"""Faults of files that repeat something: versions, commands, actions, images, numbers."""

from .fault import Fault, Plant
from .given import FAULTS as GIVEN
from .planting import edit, write
from .scene import ADDRESS

__all__ = ["FAULTS"]

WORKFLOW = ".github/workflows/lockstep.yml"
COMPOSE = "deploy/compose.yaml"
NEXT = "- run: uv run --locked noxfile.py"
PROXY = """\
upstream orders_api {
    server 127.0.0.1:9000;
    keepalive_timeout 60s;
}
server {
    listen 80;
    proxy_request_buffering on;
    client_max_body_size 10485760;
    location / {
        proxy_pass http://orders_api;
        proxy_read_timeout 35s;
    }
}
"""


def pins(name: str, check: str, plant: Plant, said: str, *, also: frozenset[str] = frozenset(), warns: bool = False) -> Fault:
    return Fault(name, plant, "pins", check, said, also=also, warns=warns)


FAULTS = (
    *GIVEN,
    pins(
        "a template that only one machine has",
        "template address",
        edit(".copier-answers.yml", ADDRESS, "/home/ada/lockstep"),
        "The template's address is a directory of one machine.",
        warns=True,
    ),
    pins("a second uv in the Dockerfile", "versions", edit("Dockerfile", "uv:0.13.9", "uv:0.12.0"), "uv is stated two ways."),
    pins(
        "the newest uv in CI",
        "versions",
        edit(WORKFLOW, "uv==0.13.9", "uv"),
        "uv is taken in whatever version is newest.",
        also=frozenset({"ci files"}),
    ),
    pins(
        "uv from its installer",
        "versions",
        edit(WORKFLOW, "pipx install uv==0.13.9", "curl -LsSf https://astral.sh/uv/install.sh | sh"),
        "uv is taken in whatever version is newest.",
        also=frozenset({"ci files"}),
    ),
    pins(
        "a second Python in the Dockerfile",
        "versions",
        edit("Dockerfile", "docker.io/library/debian:trixie-slim", "docker.io/library/python:3.12.1-slim"),
        "Python is stated two ways.",
    ),
    pins(
        "a second Python in the README",
        "versions",
        edit("README.md", "uv run --locked noxfile.py -s dev ", "uv python install 3.12.1 && uv run --locked noxfile.py -s dev "),
        "Python is stated two ways.",
    ),
    pins(
        "a tool in its newest version",
        "versions",
        edit(WORKFLOW, NEXT, f"- run: uvx copier update\n      {NEXT}"),
        "copier is taken in whatever version is newest.",
        also=frozenset({"ci files"}),
    ),
    pins(
        "--frozen in the image",
        "commands",
        edit("Dockerfile", "uv sync --locked --no-default-groups", "uv sync --frozen --no-default-groups"),
        "A stale lock would be taken.",
        also=frozenset({"dockerfile"}),
    ),
    pins(
        "UV_FROZEN in CI",
        "commands",
        edit(WORKFLOW, "    env:\n", "    env:\n      UV_FROZEN: 1\n"),
        "A stale lock would be taken.",
        also=frozenset({"ci files"}),
    ),
    pins(
        "development packages in the image",
        "dockerfile",
        edit("Dockerfile", "uv sync --locked --no-default-groups", "uv sync --locked"),
        "<- differs from",
    ),
    pins(
        "pip install in the Dockerfile",
        "dockerfile",
        edit("Dockerfile", "uv build --wheel", "uv pip install requests; uv build --wheel"),
        "pip install requests",
    ),
    pins(
        "pytest by hand in CI",
        "ci files",
        edit(WORKFLOW, NEXT, f"{NEXT}\n      - run: uv run pytest"),
        "{run: uv run pytest}   <- not Lockstep's",
    ),
    pins(
        "CI without the one command",
        "ci files",
        edit(WORKFLOW, NEXT, "- run: make check"),
        "make check   <- differs from",
    ),
    pins(
        "another start command in compose",
        "compose file",
        edit(COMPOSE, "    restart: unless-stopped", "    restart: unless-stopped\n    command: [gunicorn, orders_api.app]"),
        "command: [gunicorn, orders_api.app]   <- not",
    ),
    pins(
        "a shell around the server in the image",
        "dockerfile",
        edit(
            "Dockerfile",
            'CMD ["/app/.venv/bin/python", "-m", "lockstep_serve", "serve"]',
            "CMD python -m lockstep_serve serve --reload",
        ),
        "serve --reload   <- differs from",
    ),
    pins(
        "an action by its tag",
        "actions",
        edit(WORKFLOW, "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7"),
        "An action is not pinned to a commit.",
    ),
    pins("an image by latest", "images", edit("Dockerfile", "debian:trixie-slim", "debian:latest"), "a tag that moves"),
    pins(
        "one more base without its digest",
        "dockerfile",
        edit("Dockerfile", "FROM ${UV_IMAGE} AS uv", "FROM docker.io/library/busybox:1.36.1 AS more\nFROM ${UV_IMAGE} AS uv"),
        "busybox",
        also=frozenset({"images"}),
    ),
    pins("a port of its own in compose", "deploy files", edit(COMPOSE, ':8000"', ':9000"'), "The port is stated two ways."),
    pins(
        "a grace that ends before the drain",
        "deploy files",
        edit(COMPOSE, "stop_grace_period: 30s", "stop_grace_period: 3s"),
        "The grace is stated two ways.",
    ),
    pins(
        "a proxy that asks on another port",
        "proxy",
        write("deploy/systemd/orders-api.nginx.conf", PROXY),
        "The port is stated two ways.",
    ),
    pins(
        "the tool's source, as an earlier layout had it",
        "layout",
        write("src/lockstep/__main__.py", ""),
        "The tool's source is still in the service.",
    ),
    pins(
        "a file that is not to be judged, and is gone",
        "not judged",
        edit("pyproject.toml", "secrets = [", 'not-judged = [".github/workflows/old.yml"]\nsecrets = ['),
        ".github/workflows/old.yml is not to be judged, and is not there.",
    ),
    pins(
        "a variable that the example lost",
        "settings",
        edit(".env.example", "ORDERS_API_GREETING=", "ORDERS_API_GREETNG="),
        "ORDERS_API_GREETING, and .env.example does not name it.",
    ),
    pins(
        "a new setting that no deploy file gives",
        "settings",
        edit("src/orders_api/settings.py", "    greeting: str", "    token: str\n    greeting: str"),
        "ORDERS_API_TOKEN",
    ),
    pins(
        "a variable that is read past the settings",
        "settings",
        edit("src/orders_api/hello.py", "__all__", 'import os\n\nREGION = os.environ.get("REGION", "eu")\n\n__all__'),
        "The service reads REGION, and .env.example does not name it.",
    ),
    pins(
        "an endpoint that no proof asks for",
        "requests",
        edit("src/orders_api/hello.py", '"/hello/', '"/bye/'),
        "`prove` asks for no path of /bye/",
        warns=True,
    ),
    pins(
        "a second workflow that freezes the lock",
        "commands",
        write(
            ".github/workflows/nightly.yml",
            "name: nightly\non: [push]\npermissions: {}\njobs:\n  nightly:\n    runs-on: ubuntu-24.04\n    steps:\n"
            "      - run: uv sync --frozen\n",
        ),
        "A stale lock would be taken.",
    ),
)
