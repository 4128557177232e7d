"""Faults of files that repeat something: versions, commands, variables, numbers, actions, images; by their check."""

from collections.abc import Mapping, Sequence

from lockstep_tool.checks.finding import Severity
from planting import Planted, edit, remove, together, write
from small_service import COMPOSE, PROXY, SITE, UV_VERSION, WORKFLOW

__all__ = ["FILES"]

STEP = "- run: uv run --locked noxfile.py"
# A service that left its template: what was Lockstep's is compared with nothing.
DETACH = together(remove(".copier-answers.yml"), edit("noxfile.py", "\ndef update(", "\ndef up("))
FIELD = "    greeting: str"
SETTINGS = "src/orders_api/settings.py"
DEFINITION = "src/orders_api/server.toml"
COMMIT = "3d3c42e5aac5ba805825da76410c181273ba90b1"
COMMAND = 'CMD ["/app/.venv/bin/python", "-m", "lockstep_serve", "serve"]'
# What is started instead of the one command.
STARTS = {
    "a shell that does not pass signals on": '["sh", "-c", "python -m lockstep_serve serve; true"]',
    "a reload": '["/app/.venv/bin/python", "-m", "lockstep_serve", "serve", "--reload"]',
    "the deprecated workers of uvicorn": '["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "orders_api.app:app"]',
    "as many workers as the host has processors": '["sh", "-c", "WEB_CONCURRENCY=$(nproc) python -m lockstep_serve serve"]',
    "a development server": '["fastapi", "dev"]',
}

PRICES = '@router.get("/prices/{item}")\ndef price(item: str) -> str: ...\n'

FILES: Mapping[str, Sequence[Planted]] = {
    "template address": (
        Planted("answers that are gone", remove(".copier-answers.yml"), "The answers that this service was made from are gone."),
        Planted(
            "a path of one machine, which a job of CI follows",
            together(
                edit(".copier-answers.yml", "python: ", "_src_path: /home/ada/lockstep\npython: "),
                edit(WORKFLOW, STEP, f"{STEP} -s update"),
            ),
            WORKFLOW,
            Severity.WARNING,
        ),
        Planted(
            "a file: address",
            edit(".copier-answers.yml", "python: ", "_src_path: 'file:///srv/lockstep'\npython: "),
            "file:///srv/lockstep   <- on one machine",
            Severity.WARNING,
        ),
    ),
    "versions": (
        Planted("a second uv in the Dockerfile", edit("Dockerfile", f"uv:{UV_VERSION}", "uv:0.1.0"), "uv is stated two ways."),
        Planted("the newest uv in the Dockerfile", edit("Dockerfile", f"uv:{UV_VERSION}", "uv:latest"), "uv is stated two ways."),
        Planted(
            "a second uv in the dev container",
            write(".devcontainer/devcontainer.json", '{\n    "image": "ghcr.io/astral-sh/uv:0.1.0-trixie"\n}\n'),
            "uv is stated two ways.",
        ),
        Planted(
            "a second uv in renovate.json",
            write("renovate.json", '{\n    "constraints": {\n        "uv": "0.1.0"\n    }\n}\n'),
            "renovate.json:3",
        ),
        Planted("a second uv in CI", edit(WORKFLOW, f"uv=={UV_VERSION}", "uv==0.1.0"), "uv is stated two ways."),
        Planted("the newest uv in CI", edit(WORKFLOW, f"uv=={UV_VERSION}", "uv"), "uv is taken in whatever version is newest."),
        Planted(
            "uv from its installer",
            edit(WORKFLOW, f"pipx install uv=={UV_VERSION}", "curl -LsSf https://astral.sh/uv/install.sh | sh"),
            "uv is taken in whatever version is newest.",
        ),
        Planted(
            "a tool in its newest version",
            edit(WORKFLOW, STEP, f"- run: uvx copier update\n      {STEP}"),
            "copier is taken in whatever version is newest.",
        ),
        Planted(
            "a second uv in a step's input",
            edit(
                WORKFLOW,
                f"- run: pipx install uv=={UV_VERSION}",
                f"- uses: astral-sh/setup-uv@{40 * 'a'}\n        with:\n          version: 0.1.0",
            ),
            "uv is stated two ways.",
        ),
        Planted(
            "a second Python in the Dockerfile",
            edit("Dockerfile", "library/debian:trixie-slim", "library/python:3.10.1-slim"),
            "Python is stated two ways.",
        ),
        Planted(
            "a second Python in the README",
            edit("README.md", "uv run noxfile.py -s dev", "uv python install 3.10.1 && uv run noxfile.py -s dev"),
            "Python is stated two ways.",
        ),
        Planted("a second Python in the answers", edit(".copier-answers.yml", "python: ", "python: 3.10.1 #"), "two ways."),
        Planted(
            "a range that leaves out this Python",
            edit("pyproject.toml", 'requires-python = ">=3.11', 'requires-python = ">=3.99'),
            "This Python is not one that the service is locked for.",
        ),
        Planted(
            "a tool that this Python does not run",
            edit(".lockstep/pyproject.toml", ">=3.11", ">=3.99"),
            "This Python is not one that the tool runs on.",
        ),
        Planted(
            "a range that leaves out the uv of the wheel",
            edit("pyproject.toml", f"uv_build>={UV_VERSION}", "uv_build>=99"),
            "The wheel is not built by the uv that the service states.",
        ),
        Planted(
            "a range that no parser of ours would know",
            edit("pyproject.toml", f"uv_build>={UV_VERSION},<0.14", "uv_build~=0.12.1"),
            "The wheel is not built by the uv that the service states.",
        ),
    ),
    "commands": (
        Planted(
            "a Procfile that starts another server",
            write("Procfile", "web: gunicorn orders_api.app:app\nworker: python -m orders_api.jobs\n"),
            "web: gunicorn orders_api.app:app   <- differs",
        ),
        Planted(
            "a dev container that takes a stale lock",
            write(".devcontainer/devcontainer.json", '{"postCreateCommand": "uv sync"}\n'),
            'uv sync"}   <- without --locked',
        ),
        Planted(
            "a frozen lock in the image",
            edit("Dockerfile", "uv sync --locked --no-default-groups", "uv sync --frozen --no-default-groups"),
            "A stale lock would be taken.",
        ),
        Planted(
            "a frozen lock by variable",
            edit(WORKFLOW, "    env:\n", "    env:\n      UV_FROZEN: 1\n"),
            "A stale lock would be taken.",
        ),
        Planted(
            "a second workflow that freezes the lock",
            write(".github/workflows/nightly.yml", "jobs:\n  nightly:\n    steps:\n      - run: uv sync --frozen\n"),
            "A stale lock would be taken.",
        ),
        Planted(
            "development packages in the image",
            together(DETACH, edit("Dockerfile", "uv sync --locked --no-default-groups", "uv sync --locked")),
            "The image is not installed as the other environments are.",
        ),
        Planted(
            "a package beside the lock",
            together(DETACH, edit("Dockerfile", "uv build --wheel", "uv pip install requests; uv build --wheel")),
            "The image gets packages that the lock does not know.",
        ),
        Planted(
            "tests by hand in CI",
            together(DETACH, edit(WORKFLOW, STEP, f"{STEP}\n      - run: uv run pytest")),
            "CI does by hand what the one command does.",
        ),
        Planted(
            "another command in CI",
            together(DETACH, edit(WORKFLOW, STEP, "- run: make check")),
            "CI does not run the one command.",
        ),
        Planted(
            "another start in compose",
            together(
                DETACH, edit(COMPOSE, "    restart:", "    command:\n      - gunicorn\n      - orders_api.app\n    restart:")
            ),
            "Production does not start the service the one way.",
        ),
        Planted(
            "a shell before the server",
            together(DETACH, edit("deploy/systemd/orders-api.service", "/opt/orders-api", "/bin/sh -c /opt/orders-api")),
            "Production does not start the service the one way.",
        ),
        Planted(
            "a reload in a unit",
            together(DETACH, edit("deploy/systemd/orders-api.service", "lockstep_serve serve", "lockstep_serve serve --reload")),
            "serve --reload   <- differs",
        ),
        *(
            Planted(
                f"{fault} in the image", together(DETACH, edit("Dockerfile", COMMAND, f"CMD {other}")), f"{other}   <- differs"
            )
            for fault, other in STARTS.items()
        ),
    ),
    "settings": (
        Planted(
            "a variable that the example does not name",
            edit(".env.example", "ORDERS_API_GREETING=", "ORDERS_API_GREETNG="),
            "The service reads ORDERS_API_GREETING, and .env.example does not name it.",
        ),
        Planted(
            "a new setting without a default",
            edit(SETTINGS, FIELD, f"    token: str\n{FIELD}"),
            "ORDERS_API_TOKEN has no default, and sessions are not told to make one up.",
        ),
        Planted(
            "a variable that is asked for directly",
            edit("src/orders_api/hello.py", "__all__", 'import os\n\nREGION = os.environ.get("REGION", "eu")\n\n__all__'),
            "The service reads REGION, and .env.example does not name it.",
        ),
        Planted(
            "a secret that a deploy file does not give",
            together(
                edit(SETTINGS, FIELD, f"    token: str\n{FIELD}"),
                edit(COMPOSE, "    env_file:\n      - path: ../.env\n        required: false\n", ""),
            ),
            "ORDERS_API_TOKEN has no default, and deploy/compose.yaml does not give it.",
        ),
        Planted(
            "a variable that nothing reads",
            edit(".env.example", "# How people", "ORDERS_API_COLOUR=red\n\n# How people"),
            ".env.example names what nothing reads.",
            Severity.WARNING,
        ),
        Planted(
            "another default",
            edit(".env.example", "GREETING=Hello", "GREETING=Hi"),
            "The default of ORDERS_API_GREETING is stated two ways.",
            Severity.WARNING,
        ),
        Planted(
            "a misspelt variable in compose",
            edit(COMPOSE, "    restart:", "    environment:\n      SERVER_DRAIM: 5\n    restart:"),
            "SERVER_DRAIM is set, and nothing reads it.",
            Severity.WARNING,
        ),
        Planted(
            "a secret that nothing reads",
            edit("pyproject.toml", "secrets = []", 'secrets = ["ORDERS_API_TOKEN"]'),
            "Sessions give ORDERS_API_TOKEN, and nothing reads it.",
            Severity.WARNING,
        ),
        Planted(
            "a stand-in that nothing reads",
            edit("pyproject.toml", "secrets = []", 'stand-ins = { ORDERS_API_URL = "https://localhost" }'),
            "Sessions give ORDERS_API_URL, and nothing reads it.",
            Severity.WARNING,
        ),
    ),
    "requests": (
        Planted(
            "a new endpoint",
            write("src/orders_api/prices.py", PRICES),
            "`prove` asks for no path of /prices/{item}.",
            Severity.WARNING,
        ),
        Planted(
            "a new endpoint of Flask",
            write("src/orders_api/prices.py", PRICES.replace('get("/prices/{item}")', 'route("/prices/<item>")')),
            "`prove` asks for no path of /prices/<item>.",
            Severity.WARNING,
        ),
        Planted(
            "a new endpoint of Django",
            write("src/orders_api/urls.py", 'urlpatterns = [path("prices/<item>", prices.price)]\n'),
            "`prove` asks for no path of /prices/<item>.",
            Severity.WARNING,
        ),
    ),
    "deploy files": (
        Planted(
            "a grace that kills the drain",
            edit(
                COMPOSE, "30s\n    restart: unless-stopped\n    read_only: true\n    tmpfs: [/tmp]\n", "3s\n    tmpfs: [/tmp]\n"
            ),
            "The grace is stated two ways.",
        ),
        Planted(
            "a proxy that is killed while it drains",
            edit(COMPOSE, "stop_signal: SIGQUIT\n    stop_grace_period: 30s", "stop_signal: SIGQUIT\n    stop_grace_period: 3s"),
            "The grace is stated two ways.",
        ),
        Planted("compose that publishes another port", edit(COMPOSE, ':8080"', ':80"'), "The port is stated two ways."),
        Planted("a proxy that listens elsewhere", edit(PROXY, "listen 8080", "listen 8081"), "The port is stated two ways."),
        Planted("another port in the image", edit("Dockerfile", "EXPOSE 8000", "EXPOSE 80"), "The port is stated two ways."),
        Planted(
            "another port in the image's environment",
            edit("Dockerfile", "PORT=8000", "PORT=80"),
            "The value port is stated two ways.",
        ),
        Planted(
            "workers that the image overrules",
            edit("Dockerfile", "    PORT=8000\n", "    PORT=8000 \\\n    WEB_CONCURRENCY=8\n"),
            "The value workers is stated two ways.",
        ),
        Planted(
            "a drain that the image overrules",
            edit("Dockerfile", "    PORT=8000\n", "    PORT=8000 \\\n    SERVER_DRAIN=60\n"),
            "The value drain is stated two ways.",
        ),
        Planted("a unit that kills", edit("deploy/systemd/orders-api.service", "StopSec=30", "StopSec=10"), "The grace is"),
        Planted("a socket on another port", edit("deploy/systemd/orders-api.socket", ":8000", ":80"), "The port is"),
        Planted(
            "a port by variable in compose",
            edit(COMPOSE, "      FORWARDED_ALLOW_IPS", "      PORT: 9000\n      FORWARDED_ALLOW_IPS"),
            "PORT=9000   <- differs",
        ),
        Planted(
            "a port that is put in later",
            edit(COMPOSE, "      FORWARDED_ALLOW_IPS", '      PORT: "${PORT:-8000}"\n      FORWARDED_ALLOW_IPS'),
            "<- differs",
        ),
        Planted(
            "a drain past the grace that is put in",
            together(
                edit(COMPOSE, "      FORWARDED_ALLOW_IPS", '      SERVER_DRAIN: "${DRAIN:-60}"\n      FORWARDED_ALLOW_IPS'),
                write("deploy/.env", "DRAIN=70\n"),
            ),
            "SERVER_DRAIN=${DRAIN:-60}   <- differs",
        ),
        Planted(
            "a drain past the grace by variable",
            edit(COMPOSE, "      FORWARDED_ALLOW_IPS", "      SERVER_DRAIN: 60\n      FORWARDED_ALLOW_IPS"),
            "The service would be killed while it drains, with the variables in deploy/compose.yaml.",
        ),
        Planted(
            "a drain past the grace in an override",
            write("deploy/compose.override.yaml", "services:\n  orders-api:\n    environment:\n      - SERVER_DRAIN=60\n"),
            "with the variables in deploy/compose.override.yaml.",
        ),
        Planted(
            "a port in a file of variables",
            together(
                edit(COMPOSE, "        required: false\n", "        required: false\n      - path: ours.env\n"),
                write("deploy/ours.env", "# Ours.\nPORT=9000\n"),
            ),
            "PORT=9000   <- differs",
        ),
        Planted(
            "a port by variable in the pod",
            edit(
                "deploy/kubernetes/deployment.yaml",
                "          envFrom:",
                "          env:\n            - name: PORT\n              value: '9000'\n          envFrom:",
            ),
            "PORT=9000   <- differs",
        ),
        Planted(
            "a port by variable in a unit",
            edit("deploy/systemd/orders-api.service", "EnvironmentFile=", 'Environment="PORT=9000"\nEnvironmentFile='),
            "PORT=9000   <- differs",
        ),
        Planted("a grace in quotes", edit(COMPOSE, "period: 30s", 'period: "3s"'), "stop_grace_period: 3s   <- differs"),
        Planted("a shorter queue", edit("deploy/systemd/orders-api.socket", "2048", "128"), "The backlog is stated two ways."),
    ),
    "proxy": (
        Planted(
            "another port before the service", edit(PROXY, "orders-api:8000", "orders-api:9000"), "The port is stated two ways."
        ),
        Planted("another port on the host", edit(SITE, "127.0.0.1:8000", "127.0.0.1:9000"), "The port is stated two ways."),
        Planted(
            "a proxy that gives up first",
            edit(PROXY, "proxy_read_timeout 35s", "proxy_read_timeout 30s"),
            "The proxy gives up before the service does.",
        ),
        Planted(
            "a service that is given longer",
            edit(DEFINITION, "request_timeout = { default = 30", "request_timeout = { default = 90"),
            "The proxy gives up before the service does.",
        ),
        Planted(
            "connections kept too long",
            edit(PROXY, "keepalive_timeout 60s", "keepalive_timeout 2m"),
            "The service closes connections that its proxy is about to use.",
        ),
        Planted(
            "connections kept for nginx's own time",
            together(
                edit(PROXY, "        keepalive_timeout 60s; # below keep_alive\n", ""),
                edit(DEFINITION, "keep_alive = { default = 75", "keep_alive = { default = 60"),
            ),
            "keepalive_timeout 60s, which is nginx's own",
        ),
        Planted("another body limit", edit(PROXY, "10485760", "1m"), "The largest body is stated two ways."),
        Planted("another body limit on the host", edit(SITE, "10485760", "20m"), "The largest body is stated two ways."),
        Planted(
            "a proxy that does not buffer",
            edit(PROXY, "proxy_request_buffering on", "proxy_request_buffering off"),
            "The proxy does not buffer.",
        ),
        Planted(
            "a proxy that repeats",
            edit(SITE, "upstream error;", "upstream error non_idempotent;"),
            "The proxy may send a POST twice.",
        ),
    ),
    "actions": (
        Planted("an action by tag", edit(WORKFLOW, COMMIT, "v6"), "An action is not pinned to a commit."),
        Planted(
            "a machine that moves",
            edit(WORKFLOW, "ubuntu-24.04", "ubuntu-latest"),
            "CI runs on whatever machine is newest.",
            Severity.WARNING,
        ),
    ),
    "images": (
        Planted("an image by latest", edit("Dockerfile", "debian:trixie-slim", "debian:latest"), "a tag that moves."),
        Planted("an image by a whole number", edit("Dockerfile", "debian:trixie-slim", "debian:13"), "a tag that moves."),
        Planted(
            "an image without a tag",
            edit(COMPOSE, "image: localhost/orders-api:lockstep", "image: registry.example.org/orders"),
            "An image is named by a tag that moves.",
        ),
        Planted(
            "one more base without its digest",
            edit("Dockerfile", "FROM ${UV_IMAGE} AS uv", "FROM docker.io/library/busybox:1.36.1 AS more\nFROM ${UV_IMAGE} AS uv"),
            "busybox",
            Severity.WARNING,
        ),
    ),
    "layout": (
        Planted("the tool's source", write("src/lockstep/__main__.py", ""), "`git rm -r src/lockstep`"),
        Planted("the rest of it", write("updating/update.py", ""), "`git rm -r updating`"),
        Planted(
            "an entry point that nothing reads",
            edit("pyproject.toml", "[project.entry-points.lockstep_serve]", "[project.entry-points.lockstep]"),
            "announces itself to an earlier layout",
        ),
    ),
    "not judged": (
        Planted(
            "a file that is left out",
            edit("pyproject.toml", "secrets = []", 'secrets = []\nnot-judged = ["README.md"]'),
            "README.md is not judged.",
            Severity.WARNING,
        ),
        Planted(
            "a file that is left out and is not there",
            edit("pyproject.toml", "secrets = []", 'secrets = []\nnot-judged = [".github/workflows/old.yml"]'),
            "old.yml is not to be judged, and is not there.",
        ),
    ),
}
