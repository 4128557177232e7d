"""What a team may write into Lockstep's files and beside them is no finding of any check of `pins`."""

from collections.abc import Mapping

import pytest

from lockstep_tool.checks.finding import Severity
from lockstep_tool.checks.registry import checks_of, find_check
from lockstep_tool.checks.report import describe, run_checks
from lockstep_tool.files.template_files import rendered_files
from lockstep_tool.service import Service
from planting import Plant, append, edit, remove, together, write
from small_service import ANSWERS, COMPOSE, PROXY, SITE, UV_VERSION, WORKFLOW, SmallService

JOB = "    runs-on: ubuntu-24.04\n"
AUDIT = ".github/workflows/audit.yml"
OVERRIDE = "deploy/compose.override.yaml"
POD = "deploy/kubernetes/deployment.yaml"
UNIT, SOCKET = "deploy/systemd/orders-api.service", "deploy/systemd/orders-api.socket"
DEFINITION = "src/orders_api/server.toml"
COMMIT = "3d3c42e5aac5ba805825da76410c181273ba90b1"
NGINX = "1.30.5-alpine"
DATABASE = "    services:\n      postgres:\n        image: docker.io/library/postgres:18.1\n        ports: [5432:5432]\n"
COMPANY = "https://index.example.org/simple"
PIPELINE = rendered_files({**ANSWERS, "ci": "gitlab"})[".gitlab-ci.yml"]
HERE = "# Yours, here: - local: ci/*.yml"

ALLOWED: Mapping[str, Plant] = {
    "another branch": edit(WORKFLOW, "branches: [main]", "branches: [master]"),
    "more branches": edit(WORKFLOW, "branches: [main]", "branches: [main, develop, release/*]"),
    "another machine": edit(WORKFLOW, "ubuntu-24.04", "[self-hosted, linux]"),
    "another limit": edit(WORKFLOW, "timeout-minutes: 30", "timeout-minutes: 60"),
    "another time": edit(AUDIT, "23 5 * * 1", "5 4 * * 1-5"),
    "another commit of an action": edit(WORKFLOW, f"{COMMIT} # v7.0.1", f"{40 * 'a'} # v7.0.2"),
    "a variable of its own in CI": edit(WORKFLOW, "    env:\n", "    env:\n      ORDERS_API_GREETING: Hi\n"),
    "a proxy of the network in CI": edit(AUDIT, JOB, f"{JOB}    env:\n      HTTPS_PROXY: http://proxy.example.org:3128\n"),
    "a network in which its requests are asked in CI": edit(
        WORKFLOW, "    env:\n", "    env:\n      LOCKSTEP_ASK_NETWORK: host\n"
    ),
    "a database for its tests": edit(WORKFLOW, JOB, JOB + DATABASE),
    "no audit": remove(AUDIT),
    "other comments": edit(WORKFLOW, "# Lockstep's: CI runs the one command.", "# CI."),
    "variables of its own that begin as the linker's and the interpreter's": edit(
        COMPOSE, "      FORWARDED_ALLOW_IPS", "      LD_SDK_KEY: sdk-1\n      PYTHON_ENV: production\n      FORWARDED_ALLOW_IPS"
    ),
    "a value in quotes": edit(WORKFLOW, "- run: uv run --locked noxfile.py", '- run: "uv run --locked noxfile.py"'),
    "a workflow of its own": write(".github/workflows/ours.yml", "on: [workflow_dispatch]\njobs: {}\n"),
    "a pipeline of GitLab": write(".gitlab-ci.yml", PIPELINE),
    "jobs of its own": together(
        write(".gitlab-ci.yml", PIPELINE.replace(HERE, "  - local: ci/*.yml")), write("ci/ours.yml", "ours:\n  script: [make]\n")
    ),
    "another runner": write(".gitlab-ci.yml", PIPELINE.replace(".lockstep:\n", ".lockstep:\n  tags: [ours]\n")),
    "another port": together(
        edit(DEFINITION, "port = { default = 8000", "port = { default = 8001"),
        edit("Dockerfile", "PORT=8000", "PORT=8001"),
        edit("Dockerfile", "EXPOSE 8000", "EXPOSE 8001"),
        edit(POD, "containerPort: 8000", "containerPort: 8001"),
        edit(SOCKET, "127.0.0.1:8000", "127.0.0.1:8001"),
        edit(PROXY, "orders-api:8000", "orders-api:8001"),
        edit(SITE, "127.0.0.1:8000", "127.0.0.1:8001"),
    ),
    "more time to drain": together(
        edit(DEFINITION, "drain = { default = 20", "drain = { default = 50"),
        edit(DEFINITION, "grace = { default = 30", "grace = { default = 60"),
        edit(COMPOSE, "stop_grace_period: 30s", "stop_grace_period: 60s"),
        edit(POD, "PeriodSeconds: 30", "PeriodSeconds: 60"),
        edit(UNIT, "TimeoutStopSec=30", "TimeoutStopSec=60"),
    ),
    "another published port": edit(COMPOSE, "127.0.0.1:${PUBLISHED_PORT:-8000}:8080", "0.0.0.0:80:8080"),
    "a range of published ports": edit(COMPOSE, "${PUBLISHED_PORT:-8000}:8080", "8000-8001:8080"),
    "a pinned proxy": edit(COMPOSE, f"{NGINX}}}", f"{NGINX}@sha256:{64 * 'a'}}}"),
    "a variable in compose": edit(
        COMPOSE, "      FORWARDED_ALLOW_IPS", "      ORDERS_API_GREETING: Hi\n      FORWARDED_ALLOW_IPS"
    ),
    "a value of the server in compose": edit(
        COMPOSE, "      FORWARDED_ALLOW_IPS", "      SERVER_DRAIN: 10\n      FORWARDED_ALLOW_IPS"
    ),
    "an override": write(
        OVERRIDE,
        "services:\n  orders-api:\n    mem_limit: 512m\n    environment: [ORDERS_API_GREETING=Hi]\n    depends_on: [postgres]\n"
        "    volumes: [data:/data]\n  postgres:\n    image: docker.io/library/postgres:18.1\nvolumes:\n  data: {}\n",
    ),
    "files for the proxy": write(OVERRIDE, "services:\n  orders-api-proxy:\n    volumes:\n      - ./proxy:/etc/nginx/yours:ro\n"),
    "what Compose puts in": together(
        edit(COMPOSE, "      FORWARDED_ALLOW_IPS", '      ORDERS_API_GREETING: "${GREETING:-Hi}"\n      FORWARDED_ALLOW_IPS'),
        write("deploy/.env", "# Ours.\nGREETING=Ho\n"),
    ),
    "another object of the cluster": write(
        "deploy/kubernetes/ours.yml",
        "kind: Role\nmetadata: {name: orders-api}\n---\nkind: ConfigMap\nmetadata: {name: x}\n",
    ),
    "what a pod may use": edit(POD, "              memory: 512Mi\n", "              memory: 1Gi\n              cpu: 2\n"),
    "an ingress of its own": together(
        edit("deploy/kubernetes/more/ingress.yaml", "orders-api.example.com", "orders.acme.example"),
        edit(
            "deploy/kubernetes/more/ingress.yaml",
            "spec:\n",
            "spec:\n  ingressClassName: nginx\n  tls: [{hosts: [orders.acme.example]}]\n",
        ),
    ),
    "as many pods as the autoscaler says": together(
        edit(POD, "  replicas: 2\n", ""),
        edit("deploy/kubernetes/more/autoscaling.yaml", "maxReplicas: 10", "maxReplicas: 40"),
    ),
    "a Procfile with processes of its own": write(
        "Procfile", "web: python -m lockstep_serve serve\nrelease: python -m orders_api migrate\n"
    ),
    "a dev container with features": write(
        ".devcontainer/devcontainer.json",
        f'{{\n    "image": "ghcr.io/astral-sh/uv:{UV_VERSION}-trixie",\n    "postCreateCommand": "uv sync --locked",\n'
        '    "features": {"ghcr.io/devcontainers/features/python:1": {}}\n}\n',
    ),
    "a Renovate that has the stated uv": write("renovate.json", f'{{"constraints": {{"uv": "{UV_VERSION}"}}}}\n'),
    "more pods of its own image": together(
        edit(POD, "replicas: 2", "replicas: 5"),
        edit(POD, "image: localhost/orders-api:lockstep", f"image: registry.example.org/orders@sha256:{64 * 'a'}"),
    ),
    "a variable in the pod": edit(
        POD,
        "          envFrom:\n",
        "          env:\n            - name: ORDERS_API_GREETING\n              value: Hi\n          envFrom:\n",
    ),
    "more time to start": together(
        edit(POD, "failureThreshold: 30", "failureThreshold: 90"),
        edit(POD, "          startupProbe:\n", "          startupProbe:\n            initialDelaySeconds: 5\n"),
        edit(POD, "timeoutSeconds: 10", "timeoutSeconds: 20"),
    ),
    "a volume of its own": together(
        edit(
            POD,
            "          volumeMounts:\n",
            "          volumeMounts:\n            - name: data\n              mountPath: /data\n",
        ),
        edit(
            POD, "      volumes:\n", "      volumes:\n        - name: data\n          persistentVolumeClaim: {claimName: data}\n"
        ),
    ),
    "limits of a unit": edit(UNIT, "KillMode=mixed", "KillMode=mixed\nMemoryMax=512M\nEnvironment=ORDERS_API_GREETING=Hi"),
    "a drop-in": write(
        f"{UNIT}.d/ours.conf", "[Unit]\nAfter=postgresql.service\n[Service]\nLimitNOFILE=4096\nProtectClock=yes\n"
    ),
    "pinned bases": edit("Dockerfile", "debian:trixie-slim", f"debian:trixie-slim@sha256:{64 * 'a'}"),
    "an exception from the waiting time": edit(
        "uv.toml", "resolution =", "exclude-newer-package = { click = false }\nresolution ="
    ),
    "an index for named packages": append("uv.toml", f'\n[[index]]\nname = "ours"\nurl = "{COMPANY}"\nexplicit = true\n'),
    "an index that it declares": together(
        append("uv.toml", f'\n[[index]]\nurl = "{COMPANY}"\n'),
        edit("pyproject.toml", "secrets = []", f'secrets = []\nindexes = ["{COMPANY}"]'),
    ),
    "sessions of its own": write("nox_local.py", "import nox\n"),
    "a workflow after it left the template": together(
        remove(".copier-answers.yml"),
        edit("noxfile.py", "\ndef update(", "\ndef up("),
        edit(WORKFLOW, "timeout-minutes: 30", "continue-on-error: true"),
    ),
}


WHEELS = together(
    edit(".lockstep/pyproject.toml", "[tool.uv.sources]\nlockstep-serve", "[tool.uv.sources]\n# lockstep-serve"),
    edit(".lockstep/pyproject.toml", "\nlockstep-tool =", "\n# lockstep-tool ="),
    edit(".lockstep/pyproject.toml", "[tool.uv]\n", "[tool.uv]\nexclude-newer-package = { lockstep-tool = false }\n"),
)


def test_the_tool_may_come_from_an_index(service: SmallService) -> None:
    WHEELS(service)

    assert list(run_checks([find_check("lockstep directory")], Service(service.root))) == []


@pytest.mark.parametrize("name", ALLOWED)
def test_what_a_team_may_write_is_no_finding(name: str, service: SmallService) -> None:
    ALLOWED[name](service)

    found = [one for one in run_checks(checks_of("pins"), Service(service.root)) if one.severity is not Severity.WARNING]
    assert list(map(describe, found)) == []
