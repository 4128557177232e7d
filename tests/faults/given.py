"""Faults of files that the template gives: CI, Compose, Kubernetes, systemd, Dockerfile, uv.toml, the menu, the definition."""

from .fault import Fault, Plant
from .planting import append, both, committed, edit, remove, write
from .scene import Scene

__all__ = ["FAULTS"]

WORKFLOW = ".github/workflows/lockstep.yml"
COMPOSE, OVERRIDE = "deploy/compose.yaml", "deploy/compose.override.yaml"
POD = "deploy/kubernetes/deployment.yaml"
UNIT = "deploy/systemd/orders-api.service"
STEP = "      - run: uv run --locked noxfile.py\n"
GRACE = "    stop_grace_period: 30s\n"
IMAGE = "FROM docker.io/library/debian:trixie-slim\n"
RESTART = "    restart: unless-stopped\n"


def given(name: str, check: str, plant: Plant, said: str, *also: str) -> Fault:
    return Fault(name, plant, "pins", check, said, also=frozenset(also))


def step(name: str, new: str, said: str) -> Fault:
    """The step of the one command, otherwise."""
    return given(name, "ci files", edit(WORKFLOW, STEP, new), said)


def compose(name: str, line: str) -> Fault:
    """A line more of the service in compose.yaml."""
    return given(name, "compose file", edit(COMPOSE, RESTART, f"{RESTART}    {line}\n"), "<- not Lockstep's")


def bytes_of_a_file(scene: Scene) -> None:
    (scene.root / "Dockerfile").write_bytes(bytes(range(256)) * 9)


FAULTS = (
    step("a command of CI that may fail", STEP.replace(".py\n", ".py || true\n"), "noxfile.py || true   <- differs"),
    step("a step of CI that may fail", f"{STEP}        continue-on-error: true\n", "continue-on-error: true   <- not"),
    step("a step of CI that never runs", f"{STEP}        if: false\n", "if: false   <- not"),
    step("one session instead of the one command in CI", STEP.replace(".py\n", ".py -s lint\n"), "-s lint   <- differs"),
    step("the one command in a comment only", STEP.replace("- run", "# - run"), "noxfile.py}   <- missing"),
    step("the one command in a step's name only", STEP.replace("- run: ", "- run: 'true'\n        name: "), "<- not Lockstep's"),
    step("the one command without --locked", STEP.replace(" --locked", ""), "<- differs from uv run --locked"),
    step("a line that only some readers of YAML end", f"      # \u2028{STEP}", "U+2028"),
    given("a workflow without pull requests", "ci files", edit(WORKFLOW, "  pull_request:\n", ""), "pull_request   <- missing"),
    given(
        "every right for CI", "ci files", edit(WORKFLOW, "permissions: {}", "permissions: write-all"), "write-all   <- differs"
    ),
    given("uv by a range in CI", "ci files", edit(WORKFLOW, "uv==0.13.9", "uv~=0.13.9"), "uv~="),
    given("a workflow that is gone", "ci files", remove(WORKFLOW), f"{WORKFLOW} is missing."),
    given("no grace in compose", "compose file", edit(COMPOSE, GRACE, ""), "stop_grace_period: 30s   <- missing"),
    given("a grace in minutes", "compose file", edit(COMPOSE, GRACE, GRACE.replace("30s", "1m30s")), "1m30s   <- differs"),
    compose("SIGKILL in compose", "stop_signal: SIGKILL"),
    compose("root by name in compose", "user: root"),
    compose("root by number in compose", 'user: "0:0"'),
    compose("a privileged service in compose", "privileged: true"),
    given(
        "a port by variable in compose",
        "deploy files",
        edit(COMPOSE, RESTART, f"{RESTART}    environment:\n      PORT: 9000\n"),
        "The value port is stated two ways.",
    ),
    given(
        "a drain past the grace in compose",
        "deploy files",
        edit(COMPOSE, RESTART, f"{RESTART}    environment: [SERVER_DRAIN=60]\n"),
        "would be killed while it drains, with the variables in",
    ),
    given(
        "an override beside compose",
        "compose file",
        write(OVERRIDE, "services:\n  orders-api:\n    user: root\n"),
        "user: root   <- not",
    ),
    given(
        "a compose file that is no YAML",
        "compose file",
        edit(COMPOSE, "services:\n", "services: [\n"),
        "compose.yaml cannot be read.",
    ),
    given("root in the pod", "kubernetes files", edit(POD, "runAsUser: 10001", "runAsUser: 0"), "runAsUser: 0   <- differs"),
    given(
        "no grace in the pod",
        "kubernetes files",
        edit(POD, "      terminationGracePeriodSeconds: 30\n", ""),
        "terminationGracePeriodSeconds: 30   <- missing",
    ),
    given(
        "a later line of a unit that overrules",
        "systemd units",
        edit(UNIT, "KillMode=mixed", "KillMode=mixed\nKillMode=none"),
        "KillMode: none   <- not",
    ),
    given(
        "a drop-in that kills",
        "systemd units",
        write(f"{UNIT}.d/ours.conf", "[Service]\nTimeoutStopSec=1\n"),
        "TimeoutStopSec",
        "deploy files",
    ),
    given("a Dockerfile of random bytes", "dockerfile", bytes_of_a_file, "Dockerfile cannot be read."),
    given("root in the Dockerfile", "dockerfile", edit("Dockerfile", "USER 10001:10001", "USER root"), "USER root   <- differs"),
    given("a secret let into the build", "dockerfile", append(".dockerignore", "!.env\n"), "!.env   <- not"),
    given(
        "builds of strangers", "uv.toml", edit("uv.toml", "no-build = true", "no-build = false"), "no-build: false   <- differs"
    ),
    given("links into uv's cache", "uv.toml", edit("uv.toml", '"copy"', '"hardlink"'), "hardlink   <- differs"),
    given(
        "a second index",
        "uv.toml",
        append("uv.toml", '\n[[index]]\nurl = "https://index.example.org/simple"\n'),
        "index",
        "lock fresh",
    ),
    given(
        "a host that proves nothing",
        "uv.toml",
        edit("uv.toml", "no-build", 'allow-insecure-host = ["example.org"]\nno-build'),
        "allow-insecure-host",
    ),
    given(
        "another file in the place of the Dockerfile",
        "dockerfile",
        write("Containerfile", IMAGE),
        "read another file in the place of",
    ),
    given(
        "another file in the place of .dockerignore",
        "dockerfile",
        write("Dockerfile.dockerignore", ""),
        "read another file in the place of",
    ),
    given(
        "a setting of Compose itself",
        "compose file",
        committed("deploy/.env", "COMPOSE_FILE=other.yaml\n"),
        "COMPOSE_FILE   <- for Compose itself",
    ),
    given(
        "a drain past the grace that Compose puts in",
        "deploy files",
        both(
            edit(COMPOSE, RESTART, f"{RESTART}    environment: ['SERVER_DRAIN=${{DRAIN}}']\n"),
            committed("deploy/.env", "DRAIN=60\n"),
        ),
        "would be killed while it drains, with the variables in",
    ),
    given(
        "a search path in a file of variables",
        "compose file",
        both(
            edit(COMPOSE, "      - path: ../.env\n", "      - path: prod.env\n      - path: ../.env\n"),
            write("deploy/prod.env", "PYTHONPATH=/data\n"),
        ),
        "deploy/prod.env changes the interpreter",
    ),
    given(
        "a second pod of the same name",
        "kubernetes files",
        write("deploy/kubernetes/more.yml", "kind: Service\n---\nkind: Deployment\nmetadata: {name: orders-api}\n"),
        "Deployment orders-api   <- whoever comes last wins",
    ),
    given("answers that are gone", "template address", remove(".copier-answers.yml"), "The answers that this service was made"),
    Fault(
        "sessions that plain nox leaves out",
        write("nox_local.py", 'import nox\n\nnox.options.sessions = ["lint"]\n'),
        "pins",
        "menu",
        "nox.options.sessions",
        warns=True,
    ),
    given(
        "a session of the menu replaced",
        "menu",
        write("nox_local.py", "import nox\n\n\n@nox.session\ndef prove(session: nox.Session) -> None:\n    pass\n"),
        "prove   <- takes its place",
    ),
    given(
        "a session that does nothing",
        "menu",
        edit("noxfile.py", '    lockstep(session, "lint")\n', "    pass\n"),
        "pass   <- differs",
    ),
    given(
        "a drain above the grace",
        "definition",
        edit("src/orders_api/server.toml", "drain = { default = 20", "drain = { default = 60"),
        "The service would be killed while it drains.",
    ),
)
