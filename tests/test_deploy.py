"""What stands around the server: compose brings the proxy where it is needed, and units lose nothing."""

import ipaddress
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Render
from deploying.clients import Steady
from deploying.nginx import COMPOSE, SITE
from deploying.plugin import PROXIED
from deploying.units import executed, listening, serving, unit
from lockstep_serve.models import find_model
from lockstep_serve.rehearsal import SECONDS as REHEARSAL_SECONDS
from lockstep_tool.checks.registry import every_check
from lockstep_tool.checks.report import run_checks
from lockstep_tool.files.pins import check_pins
from lockstep_tool.service import Service as Repository
from running import until
from services import Service
from snapshot import REPOSITORY
from targets.kubernetes import build_overlay, write_overlays


def composed(service: Service) -> dict[str, Any]:
    """compose.yaml with the defaults of its variables."""
    text = (service.path / "deploy" / "compose.yaml").read_text()
    document: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return document


def abilities(server: str) -> frozenset[str]:
    return find_model(server).abilities


def test_a_proxy_stands_where_the_model_needs_one_and_nowhere_else(any_model: tuple[str, Service]) -> None:
    server, service = any_model
    services = composed(service)["services"]

    assert ("slow clients" in abilities(server)) is (server not in PROXIED)
    assert set(services) == {"orders-api", *(["orders-api-proxy"] if server in PROXIED else [])}
    assert {file: (service.path / file).exists() for file in (COMPOSE, SITE)} == dict.fromkeys((COMPOSE, SITE), server in PROXIED)


def test_only_the_proxy_is_published(everywhere: Callable[[str], Service]) -> None:
    services = composed(everywhere("gunicorn-gthread"))["services"]
    proxy = services["orders-api-proxy"]

    assert "ports" not in services["orders-api"]
    assert proxy["ports"] == ["127.0.0.1:8000:8080"]
    assert proxy["read_only"]
    assert proxy["user"] not in {"0", "0:0", "root"}
    assert proxy["volumes"] == ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
    assert re.search(
        r"\$\{PROXY_IMAGE:-[^}]+:\d+\.\d+\.\d+[^}]*\}", (everywhere("gunicorn-gthread").path / "deploy/compose.yaml").read_text()
    )


def test_the_service_believes_its_proxy_alone(everywhere: Callable[[str], Service]) -> None:
    document = composed(everywhere("gunicorn-gthread"))
    service, proxy = document["services"]["orders-api"], document["services"]["orders-api-proxy"]
    [network] = document["networks"]["proxy"]["ipam"]["config"]
    stated = proxy["networks"]["proxy"]["ipv4_address"]

    assert service["environment"]["FORWARDED_ALLOW_IPS"] == stated
    assert not service["networks"]["proxy"]  # there may be two of it
    for address in (stated, network["gateway"]):
        assert ipaddress.ip_address(address) in ipaddress.ip_network(network["subnet"])
        assert ipaddress.ip_address(address) not in ipaddress.ip_network(network["ip_range"])  # given away, it would be taken
    assert ipaddress.IPv4Network(network["ip_range"]).subnet_of(ipaddress.IPv4Network(network["subnet"]))


def test_two_proxied_services_want_two_networks(everywhere: Callable[[str], Service], render: Render) -> None:
    other = render({"project_name": "parcels-api", "framework": "flask", "server": "gunicorn-gthread", "deploy": ["compose"]})
    networks = {
        composed(service)["networks"]["proxy"]["ipam"]["config"][0]["subnet"]
        for service in (everywhere("gunicorn-gthread"), Service(other, {}))
    }

    assert len(networks) == 2


@pytest.mark.parametrize("server", ["gunicorn-gthread", "uvicorn"])
def test_the_published_port_is_a_variable(everywhere: Callable[[str], Service], server: str) -> None:
    text = (everywhere(server).path / "deploy" / "compose.yaml").read_text()

    assert "127.0.0.1:${PUBLISHED_PORT:-8000}:" in text


def test_an_overlay_can_be_put_on_the_files_of_kubernetes(everywhere: Callable[[str], Service], tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("not looked at: there is no kubectl here")
    service = everywhere("uvicorn").copy(tmp_path / "service")
    overlay = service.path / "deploy" / "production"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text("resources: [../kubernetes]\nreplicas: [{name: orders-api, count: 5}]\n")
    done = subprocess.run(["kubectl", "kustomize", overlay], capture_output=True, text=True, check=False)
    documents = {document["kind"]: document for document in yaml.safe_load_all(done.stdout)}

    assert done.returncode == 0, done.stderr
    assert set(documents) == {"Deployment", "Service"}
    assert documents["Deployment"]["spec"]["replicas"] == 5


def probe(service: Service, name: str) -> dict[str, Any]:
    """What a cluster asks the service's container."""
    document = yaml.safe_load((service.path / "deploy" / "kubernetes" / "deployment.yaml").read_text())
    found: dict[str, Any] = document["spec"]["template"]["spec"]["containers"][0][name]
    return found


def test_a_pod_may_start_as_slowly_as_a_rehearsal(any_model: tuple[str, Service]) -> None:
    startup = probe(any_model[1], "startupProbe")

    assert startup["httpGet"] == probe(any_model[1], "livenessProbe")["httpGet"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= REHEARSAL_SECONDS


def test_a_full_pod_is_asked_more_patiently_whether_it_lives_than_whether_it_is_ready(any_model: tuple[str, Service]) -> None:
    """Where health waits behind other requests, a pod that is full would be restarted for being full."""
    live, ready = probe(any_model[1], "livenessProbe"), probe(any_model[1], "readinessProbe")

    assert live["timeoutSeconds"] >= 10 > ready.get("timeoutSeconds", 1)


def test_the_overlay_for_podman_leaves_no_probe_by_http(everywhere: Callable[[str], Service], tmp_path: Path) -> None:
    """podman would run curl for it, which the image does not have."""
    if shutil.which("kubectl") is None:
        pytest.skip("not looked at: there is no kubectl here")
    service = everywhere("uvicorn").copy(tmp_path / "service")
    write_overlays(service)

    assert "httpGet" not in build_overlay(service.path / "deploy" / "podman")


def test_systemd_takes_its_units(any_model: tuple[str, Service], tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("not looked at: there is no systemd-analyze here")
    units = []
    for path in sorted((any_model[1].path / "deploy" / "systemd").glob("orders-api.s*")):
        units.append(tmp_path / path.name)
        units[-1].write_text(path.read_text().replace("/opt/orders-api/.venv/bin/python", "/bin/true"))  # it must be there
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)

    assert len(units) == 2
    assert done.returncode == 0, done.stderr
    assert "orders-api" not in done.stderr


def test_a_unit_reloads_where_the_model_does(any_model: tuple[str, Service]) -> None:
    server, service = any_model
    stated = unit(service, "orders-api.service")

    assert ("ExecReload" in stated) is ("reload" in abilities(server))
    assert stated["Type"] == ["notify" if server.startswith("gunicorn") else "exec"]
    assert stated["KillMode"] == ["mixed"]


def test_a_model_that_faces_no_clients_listens_on_loopback(any_model: tuple[str, Service]) -> None:
    server, service = any_model
    [stream] = unit(service, "orders-api.socket")["ListenStream"]

    assert stream == ("127.0.0.1:8000" if server in PROXIED else "0.0.0.0:8000")


@pytest.mark.parametrize("server", ["gthread", "uvicorn"])
def test_a_unit_waits_for_a_message_where_the_server_sends_one(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    service: Service = request.getfixturevalue(server)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.setblocking(False)
        with serving(service, NOTIFY_SOCKET=str(tmp_path / "notify")):
            try:
                said = told.recv(4096)
            except BlockingIOError:
                said = b""

    assert (b"READY=1" in said) is (unit(service, "orders-api.service")["Type"] == ["notify"])


@pytest.mark.parametrize("server", ["gthread", "uvicorn"])
def test_a_restart_loses_nothing_because_the_socket_stays_open(server: str, request: pytest.FixtureRequest) -> None:
    """What `systemctl restart` does: SIGTERM to the main process, wait for its end, begin anew on the same socket."""
    service: Service = request.getfixturevalue(server)
    with listening(service) as opened, ExitStack() as servers:
        steady = Steady(opened.getsockname()[1])
        process, _ = servers.enter_context(serving(service, handed_over=opened))
        with steady.running():
            steady.go_on_for(20)
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            servers.enter_context(serving(service, handed_over=opened))
            steady.go_on_for(20)

    assert steady.lost == []


def test_without_a_socket_of_its_own_a_restart_loses_requests(gthread: Service) -> None:
    """Or the test above would prove nothing."""
    with serving(gthread) as (old, port):
        steady = Steady(port)
        with steady.running():
            old.send_signal(signal.SIGTERM)
            old.wait(30)
            with serving(gthread, PORT=str(port)):
                pass

    assert any("refused" in reason for reason in steady.lost)


def test_the_units_reload_takes_new_code(gthread: Service) -> None:
    module = gthread.site_packages() / gthread.package().name / "settings.py"
    before = module.read_text()
    with serving(gthread) as (process, port):
        words = [word.replace("$MAINPID", str(process.pid)) for word in executed(gthread, "ExecReload")[1:]]
        steady = Steady(port)
        try:
            with steady.running():
                module.write_text(before.replace('"Hello"', '"Servus"'))
                taken = gthread.production(*words)
                until(lambda: "Servus, you!" in steady.answers)
        finally:
            module.write_text(before)

    assert taken.returncode == 0, taken.stdout
    assert steady.answers <= {"Hello, you!", "Servus, you!"}
    assert steady.lost == []


def test_pins_agrees_on_every_model(any_model: tuple[str, Service]) -> None:
    said = "\n".join(check_pins(Repository(any_model[1].path)))

    assert "deploy/systemd/orders-api.socket" in said
    assert (COMPOSE in said) is (any_model[0] in PROXIED)


def test_the_image_of_the_proxy_is_named_while_it_is_pinned_by_tag(everywhere: Callable[[str], Service], tmp_path: Path) -> None:
    service = everywhere("gunicorn-gthread").copy(tmp_path / "pinned")
    before = named_images(service)
    service.edit("deploy/compose.yaml", "-alpine}", f"-alpine@sha256:{64 * '0'}}}")

    assert "docker.io/nginxinc/nginx-unprivileged" in before
    assert named_images(service) == before - {"docker.io/nginxinc/nginx-unprivileged"}


def named_images(service: Service) -> set[str]:
    """Those that the check `images` says are pinned by tag, without it."""
    found = run_checks([every_check()["images"]], Repository(service.path))
    return {image.partition(":")[0] for finding in found for _, image in finding.where}


def test_every_command_of_compose_reads_the_teams_override() -> None:
    """With `--file`, Compose would leave `deploy/compose.override.yaml` alone."""
    pages = [*(REPOSITORY / "docs").rglob("*.md"), *(REPOSITORY / "template").rglob("*.md*"), REPOSITORY / "README.md"]
    texts = [page.read_text() for page in pages if page.parent.name != "changes"]  # which tell what pages said before
    commands = [command for text in texts for command in re.findall(r"docker compose --[^`\n]*", text)]

    assert len(commands) > 4
    assert [command for command in commands if not command.startswith("docker compose --project-directory deploy ")] == []
