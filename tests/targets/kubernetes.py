"""Kubernetes' files: validated, put together by kustomize, and played by podman, which runs pods without a cluster."""

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from containers.podman import start_podman
from containers.programs import CannotMake
from deploying.clients import ask
from services import PATIENCE, Service, free_port

from .compose import SLOW, wait_until_answered
from .fetched import fetch_pypi
from .place import Place, commit_all
from .target import Target

__all__ = ["TARGET"]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "deploy-without-losing-a-request.md"
VALIDATE = "kubernetes-validate==1.37.0"
PYTHON = "/app/.venv/bin/python"
RIGHTS = "print([line for line in open('/proc/self/status') if line.startswith(('CapBnd', 'NoNewPrivs', 'Uid'))])"
SMALL = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../podman]
patches:
  - target: {kind: Deployment}
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/resources/limits
        value: LIMITS
"""


class Podman:
    """podman in a container of its own; `port` of this host leads to what a pod publishes."""

    def __init__(self, place: Place, name: str, port: int) -> None:
        self.engine, self.name, self.port = place.engine, name, port

    def __call__(self, *words: str) -> str:
        """One command of podman that must succeed."""
        return self.engine("exec", self.name, "podman", *words)

    def try_to(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [self.engine.command, "exec", self.name, "podman", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def play(self, manifest: str) -> None:
        """Play a manifest in the place of what is there, and wait until it answers."""
        self.engine("exec", self.name, "sh", "-c", f"cat > /manifest.yaml <<'END'\n{manifest}\nEND")
        self("kube", "play", "--replace", "--publish", "9000:8000", "/manifest.yaml")
        wait_until_answered(self.port)

    def container(self) -> str:
        """The service's container in the pod."""
        [found] = [one for one in self("ps", "--all", "--format", "{{.Names}}").split() if not one.endswith("-infra")]
        return found

    def boot(self) -> dict[str, Any]:
        """The boot line of the newest start."""
        lines = [json.loads(line) for line in self("logs", self.container()).splitlines() if line.startswith("{")]
        found: dict[str, Any] = [line for line in lines if line.get("message") == "starting"][-1]
        return found


@contextmanager
def play_pods(place: Place) -> Iterator[Podman]:
    """podman of Debian's unstable suite, for as long as the block lasts."""
    port = free_port()
    with start_podman(place.engine, "sid", "--tmpfs", "/tmp:exec", "--publish", f"127.0.0.1:{port}:9000") as name:
        yield Podman(place, name, port)


def build_overlay(folder: Path) -> str:
    """What kustomize makes of a folder."""
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_overlays(service: Service) -> None:
    """The overlays of the page, as a team would write them."""
    for file, text in re.findall(r"Write `(deploy/\w+/kustomization\.yaml)`:\n\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL):
        path = service.path / file
        path.parent.mkdir(parents=True)
        path.write_text(text.replace("orders-api", service.name))


def deployment(text: str) -> dict[str, Any]:
    [found] = [one for one in yaml.safe_load_all(text) if one["kind"] == "Deployment"]
    return dict(found)


def run(place: Place) -> Iterator[str]:
    """The files alone, then a pod."""
    if shutil.which("kubectl") is None:
        raise CannotMake("there is no kubectl here, whose `kustomize` puts the files together")
    service = place.make_service("pod-api", framework="flask", server="gunicorn-gthread", ci="none", deploy=["kubernetes"])
    hello = service.package() / "hello.py"
    hello.write_text(hello.read_text() + SLOW["flask"])
    write_overlays(service)
    commit_all(service.path, "Be slow, and have overlays")
    image, archive = place.build_image(service), place.folder / "image.tar"
    place.engine("save", "--output", archive, image)
    with play_pods(place) as podman:
        version = subprocess.run(["kubectl", "version", "--client", "--output=json"], capture_output=True, text=True, check=False)
        kubectl = json.loads(version.stdout)["clientVersion"]["gitVersion"].removesuffix("-dispatcher")
        released = podman("--version").split()[-1]
        yield f"podman {released} in the place of a cluster, kubectl {kubectl}, {VALIDATE.replace('==', ' ')}"
        yield from check_files(place, service)
        place.engine("cp", archive, f"{podman.name}:/var/image.tar")
        podman("load", "--input", "/var/image.tar")
        yield from check_probes(service, podman)
        yield from check_pod(service, podman)


def check_files(place: Place, service: Service) -> Iterator[str]:
    """What the newest API says of them, and whether an overlay can be followed."""
    kubernetes = service.path / "deploy" / "kubernetes"
    validate = fetch_pypi(VALIDATE) / "bin" / "kubernetes-validate"
    files = [kubernetes / "deployment.yaml", kubernetes / "service.yaml"]
    done = subprocess.run([validate, "--strict", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    yield "deployment and service are what the API of Kubernetes 1.37 takes, strictly"

    made = deployment(build_overlay(service.path / "deploy" / "production"))
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert made["spec"]["replicas"] == 4, made
    assert container["image"].startswith("registry.example.org/"), container
    assert container["resources"]["limits"]["memory"] == "1Gi", container
    assert container["securityContext"]["readOnlyRootFilesystem"] is True, container
    pins = service.lockstep("pins")
    assert pins.returncode == 0, pins.stdout
    yield "the overlay of the page is built on `kustomization.yaml`, and `pins` agrees with it"


def check_probes(service: Service, podman: Podman) -> Iterator[str]:
    """podman plays an HTTP probe as a command with curl, which an image without programs does not have."""
    podman.play(build_overlay(service.path / "deploy" / "kubernetes"))
    assert podman.try_to("healthcheck", "run", podman.container()).returncode != 0
    podman.play(build_overlay(service.path / "deploy" / "podman"))
    checked = podman.try_to("healthcheck", "run", podman.container())
    assert checked.returncode == 0, checked.stdout + checked.stderr
    yield "the probe of the page's overlay for podman succeeds; the HTTP probes do in a cluster only, podman runs curl for them"


def check_pod(service: Service, podman: Podman) -> Iterator[str]:
    """Rights, limits and grace."""
    said = podman("exec", podman.container(), PYTHON, "-c", RIGHTS)
    assert "CapBnd:\\t0000000000000000" in said, said
    assert "NoNewPrivs:\\t1" in said, said
    assert "Uid:\\t10001" in said, said
    refused = podman.try_to("exec", podman.container(), PYTHON, "-c", "open('/app/x', 'w')")
    assert "Read-only file system" in refused.stderr, refused.stderr
    yield "securityContext holds: user 10001, read-only root, no capability, no new privilege"

    counts = []
    for limits in ('{cpu: "1", memory: 512Mi}', "{memory: 200Mi}", "{memory: 512Mi}"):
        folder = service.path / "deploy" / "small"
        folder.mkdir(exist_ok=True)
        (folder / "kustomization.yaml").write_text(SMALL.replace("LIMITS", limits))
        podman.play(build_overlay(folder))
        boot = podman.boot()
        counts.append((int(boot["workers"]), str(boot["workers_because"])))
    assert [count for count, _ in counts[:2]] == [1, 1], counts
    assert counts[2][0] > 1, counts
    yield f"the worker count follows the limits: {', '.join(f'{count} ({why})' for count, why in counts)}"

    answers: list[int] = []
    client = threading.Thread(target=lambda: answers.append(ask(podman.port, "/slow", timeout=PATIENCE)[0]))
    client.start()
    time.sleep(2)  # it takes five; there is nothing outside that says when it has begun
    grace = podman("inspect", "--format", "{{.Config.StopTimeout}}", podman.container()).strip()
    podman("pod", "stop", podman("pod", "ps", "--format", "{{.Name}}").strip())
    client.join()
    code = podman("inspect", "--format", "{{.State.ExitCode}}", podman.container()).strip()
    assert (answers, code, grace) == ([200], "0", "30"), (answers, code, grace)
    yield "stopped with a request in flight: it is answered within the grace of 30 s, and the service ends with 0"


TARGET = Target("Kubernetes", run)
