"""What is special about a Django service: its secret, its hosts, its static files, its migrations, and its two interfaces."""

import http.client
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from conftest import Render, committed, read_answers
from one_command import Ran
from services import BUILD, Service, free_port, until_ready

ANSWERS = {"WSGI": "django-gunicorn-gthread", "ASGI": "django-uvicorn"}
SECRET = "ORDERS_API_SECRET_KEY"
UNSET = {SECRET: "", "DJANGO_SETTINGS_MODULE": ""}


@pytest.fixture(scope="module")
def services(render: Render, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service]:
    """One service for each interface, with its production set."""
    folder = tmp_path_factory.mktemp("django")
    found = {interface: committed(render(read_answers(name))).copy(folder / interface) for interface, name in ANSWERS.items()}
    for service in found.values():
        build(service)
    return found


def build(service: Service) -> None:
    """Make the production set, as `prove` and `serve` do first."""
    done = service.run(sys.executable, "-c", BUILD)
    assert done.returncode == 0, done.stdout


@pytest.fixture(params=ANSWERS)
def service(request: pytest.FixtureRequest, services: dict[str, Service]) -> Service:
    """Each of them; tests that change it put back what was there."""
    return services[request.param]


@pytest.fixture(scope="module")
def secret() -> str:
    return secrets.token_urlsafe(50)


@contextmanager
def serving(service: Service, **settings: str) -> Iterator[int]:
    """The production server's port."""
    with started(service, Path(os.devnull), **settings) as (port, _):
        yield port


@contextmanager
def started(service: Service, log: Path, **settings: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The same, with its process and what it prints."""
    port = free_port()
    file = os.open(log, os.O_WRONLY | os.O_CREAT)
    process = subprocess.Popen(
        [str(service.path / ".nox" / "production" / "bin" / "python"), "-m", "lockstep_serve", "serve"],
        cwd="/",
        env={**os.environ, **UNSET, "PORT": str(port), "SERVER_DRAIN_LEAD": "0", "WEB_CONCURRENCY": "1", **settings},
        stdout=file,
        stderr=file,
        start_new_session=True,
    )
    os.close(file)
    try:
        until_ready(f"http://127.0.0.1:{port}")
        yield port, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case and body."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def planted(path: Path, old: str, new: str) -> Iterator[None]:
    """An installed module with a fault, for a while."""
    before = path.read_text()
    assert old in before, f"{path.name} has no {old!r}"
    path.write_text(before.replace(old, new))
    try:
        yield
    finally:
        path.write_text(before)


def installed(service: Service, name: str) -> Path:
    return service.site_packages() / service.package().name / name


@pytest.mark.parametrize("interface", ANSWERS)
def test_its_checks_pass_without_anyone_setting_a_secret(ran: Callable[[str], Ran], interface: str) -> None:
    done = ran(ANSWERS[interface])

    assert done.code == 0, done.printed
    assert f"not set, so made up here: {SECRET}" in done.printed


def test_both_interfaces_are_there_and_one_is_announced(services: dict[str, Service]) -> None:
    for interface, service in services.items():
        text = (service.path / "pyproject.toml").read_text()
        assert f'app = "orders_api.{interface.lower()}:create_app"' in text
        assert {"asgi.py", "wsgi.py"} <= {path.name for path in service.package().iterdir()}


def check_deploy(service: Service, secret: str, module: str = "orders_api") -> subprocess.CompletedProcess[str]:
    said = {"DJANGO_SETTINGS_MODULE": "orders_api.django_settings"} if module == "django" else {}
    words = ("-m", module, "check", "--deploy", "--fail-level", "WARNING")
    return service.production(*words, **{**UNSET, SECRET: secret, **said})


@pytest.mark.parametrize("module", ["django", "orders_api"])
def test_django_has_nothing_to_say_about_its_deployment(services: dict[str, Service], secret: str, module: str) -> None:
    done = check_deploy(services["WSGI"], secret, module)

    assert done.returncode == 0, done.stdout
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("DEBUG = False", "DEBUG = True", "security.W018", id="debug"),
        pytest.param('    "django.middleware.csrf.CsrfViewMiddleware",\n', "", "security.W003", id="no-csrf"),
        pytest.param("CSRF_COOKIE_SECURE = True", "", "security.W016", id="cookie-over-http"),
    ],
)
def test_django_names_a_deployment_that_is_not_safe(
    services: dict[str, Service], secret: str, old: str, new: str, said: str
) -> None:
    with planted(installed(services["WSGI"], "django_settings.py"), old, new):
        done = check_deploy(services["WSGI"], secret)

    assert done.returncode == 1, done.stdout
    assert said in done.stdout


@pytest.mark.parametrize(("said", "shown"), [("", "not set"), ("change-me", "(hidden)")])
def test_production_without_a_good_secret_refuses_to_start_in_three_parts(service: Service, said: str, shown: str) -> None:
    done = service.production("-m", "lockstep_serve", "serve", **{**UNSET, SECRET: said, "PORT": str(free_port())})
    told = done.stdout[done.stdout.index("The settings of this service cannot be used.") :]
    _, where, fix = told.strip().split("\n\n")[:3]

    assert done.returncode != 0
    assert f"{SECRET}   {shown}" in where
    assert "start again" in fix
    assert "change-me" not in done.stdout
    assert "Traceback" not in done.stdout


def test_a_secret_that_is_set_is_never_replaced_by_a_random_one(services: dict[str, Service]) -> None:
    done = services["WSGI"].nox("prove", **{**UNSET, SECRET: "too short"})

    assert done.returncode == 1
    assert "made up here" not in done.stdout
    assert SECRET in done.stdout


def test_another_settings_module_is_refused(service: Service, secret: str) -> None:
    settings = {SECRET: secret, "DJANGO_SETTINGS_MODULE": "other.settings", "PORT": str(free_port())}
    done = service.production("-m", "lockstep_serve", "serve", **settings)

    assert done.returncode != 0
    assert "Django's settings are stated two ways." in done.stdout
    assert "Unset DJANGO_SETTINGS_MODULE" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_static_file_is_served_for_ever_by_the_production_server(service: Service, secret: str) -> None:
    with serving(service, **{SECRET: secret}) as port:
        icon = json.loads(ask(port, "/")[2])["icon"]
        status, headers, body = ask(port, icon)
        again, _, nothing = ask(port, icon, **{"If-None-Match": headers["etag"]})

    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert headers["cache-control"] == "max-age=315360000, public, immutable"
    assert body == (service.package() / "static" / "orders_api" / "icon.svg").read_bytes()
    assert (again, nothing) == (304, b"")


def test_a_changed_static_file_has_another_name_and_tag_even_at_the_same_time_and_size(service: Service, secret: str) -> None:
    """As between two images, in which every file is of 1980."""
    icon = installed(service, "static/orders_api/icon.svg")
    stat, seen = icon.stat(), []
    for old, new in (("#456", "#456"), ("#456", "#654")):
        with planted(icon, old, new):
            os.utime(icon, (stat.st_atime, stat.st_mtime))
            with serving(service, **{SECRET: secret}) as port:
                seen.append((json.loads(ask(port, "/")[2])["icon"], ask(port, "/static/orders_api/icon.svg")[1]["etag"]))

    assert len({name for name, _ in seen}) == 2
    assert len({tag for _, tag in seen}) == 2


MODELS = '''"""What is kept."""

from django.db import models


class Order(models.Model):
    """One order."""

    item = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.item
'''


def tables(database: Path) -> set[str]:
    if not database.exists():
        return set()
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@pytest.fixture(scope="module")
def with_model(services: dict[str, Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A copy with a model, and with the migration that Django wrote for it."""
    changed = services["WSGI"].copy(tmp_path_factory.mktemp("model") / "service")
    (changed.package() / "models.py").write_text(MODELS)
    words = ("-m", "orders_api", "makemigrations")
    made = changed.run("uv", "run", "--quiet", "python", *words, **{**UNSET, SECRET: secrets.token_urlsafe(50)})
    assert (changed.package() / "migrations" / "0001_initial.py").is_file(), made.stdout
    build(changed)
    return changed


def test_a_model_and_its_migration_pass_the_checks(with_model: Service) -> None:
    done = with_model.nox("lint", "types", **UNSET)

    assert done.returncode == 0, done.stdout


def test_migrations_are_a_command_and_never_run_at_the_start(with_model: Service, secret: str, tmp_path: Path) -> None:
    database = tmp_path / "orders.sqlite3"
    settings = {**UNSET, SECRET: secret, "ORDERS_API_DATABASE_URL": f"sqlite:///{database}"}
    with serving(with_model, **settings):
        assert not tables(database)
    done = with_model.production("-m", "orders_api", "migrate", **settings)

    assert done.returncode == 0, done.stdout
    assert "orders_api_order" in tables(database)


def test_the_start_does_not_touch_the_database(service: Service, secret: str, tmp_path: Path) -> None:
    database = tmp_path / "orders.sqlite3"
    with serving(service, **{SECRET: secret, "ORDERS_API_DATABASE_URL": f"sqlite:///{database}"}) as port:
        assert ask(port, "/hello/Ada")[0] == 200

    assert not database.exists()


def test_migrating_without_a_database_is_told_in_three_parts(services: dict[str, Service], secret: str) -> None:
    done = services["WSGI"].production("-m", "orders_api", "migrate", **{**UNSET, SECRET: secret})

    assert done.returncode == 1
    assert "ORDERS_API_DATABASE_URL" in done.stdout
    assert "Traceback" not in done.stdout


REQUESTS = [
    ("GET", "/", {}),
    ("GET", "/hello/Ada", {}),
    ("GET", "/hello/J%C3%BCrgen", {}),
    ("GET", f"/hello/{'x' * 65}", {}),
    ("HEAD", "/hello/Ada", {}),
    ("DELETE", "/hello/Ada", {}),
    ("GET", "/nowhere", {}),
    ("GET", "/health/ready", {"Host": "10.0.0.7"}),
    ("GET", "/hello/Ada", {"Host": "evil.example"}),
    ("GET", "/hello/Ada", {"X-Request-ID": "abc"}),
    ("GET", "/static/orders_api/icon.svg", {}),
    ("POST", "/static/orders_api/icon.svg", {}),
]
OF_THE_SERVER = {"server", "date", "connection", "keep-alive", "x-request-id", "content-length"}


def test_both_interfaces_answer_the_same(services: dict[str, Service], secret: str) -> None:
    said = {}
    for interface, service in services.items():
        with serving(service, **{SECRET: secret}) as port:
            said[interface] = [comparable(*ask(port, path, method, **headers)) for method, path, headers in REQUESTS]

    assert said["WSGI"] == said["ASGI"]
    assert [status for status, _, _ in said["WSGI"]] == [200, 200, 200, 422, 200, 405, 404, 200, 400, 200, 200, 405]


def comparable(status: int, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], object]:
    """Without what differs between two requests; every answer has an id and a length."""
    assert headers["x-request-id"]
    assert headers["content-length"]
    if headers["content-type"] == "application/problem+json":
        problem = json.loads(body)
        assert problem.pop("request_id") == headers["x-request-id"]
        return status, {k: v for k, v in headers.items() if k not in OF_THE_SERVER}, problem
    assert status < 400
    return status, {k: v for k, v in headers.items() if k not in OF_THE_SERVER}, body


def test_probes_ask_by_an_address_also_below_a_path(service: Service, secret: str) -> None:
    probes = ("/health/live", "/health/ready", "/version")
    with serving(service, **{SECRET: secret, "SERVER_ROOT_PATH": "/orders"}) as port:
        for path in (*probes, *(f"/orders{path}" for path in probes)):
            assert ask(port, path, Host="10.0.0.7")[0] == 200
        assert ask(port, "/versions", Host="10.0.0.7")[0] == 400


LENGTH = """
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"length": len(request.body)})
"""


def test_how_long_a_body_may_be_is_the_servers_to_say(service: Service, secret: str) -> None:
    with (
        serving_with(LENGTH, service, **{SECRET: secret}) as port,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection,
    ):
        connection.request("POST", "/health/live", bytes(3_000_000))
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"length": 3_000_000})


SESSIONS = """CSRF_COOKIE_SECURE = True
CSRF_USE_SESSIONS = True
INSTALLED_APPS.append("django.contrib.sessions")
MIDDLEWARE.insert(1, "django.contrib.sessions.middleware.SessionMiddleware")
"""


def test_protection_by_sessions_may_ask_the_database(services: dict[str, Service], secret: str, tmp_path: Path) -> None:
    """It reads the session when a request begins; Django refuses that on an event loop."""
    service = services["ASGI"]
    settings = {SECRET: secret, "ORDERS_API_DATABASE_URL": f"sqlite:///{tmp_path / 'orders'}"}
    with planted(installed(service, "django_settings.py"), "CSRF_COOKIE_SECURE = True\n", SESSIONS):
        assert service.production("-m", "orders_api", "migrate", **{**UNSET, **settings}).returncode == 0
        with serving(service, **settings) as port:
            assert ask(port, "/hello/Ada", Cookie=f"sessionid={'x' * 32}")[0] == 200


BLOCKING = """
def slow() -> None:
    import pathlib, time

    pathlib.Path("BEGUN").touch()
    time.sleep(0.7)


CHECKS["slow"] = slow


@only_reads
def live("""


def test_a_check_that_blocks_stops_no_other_request(service: Service, secret: str, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with (
        planted(installed(service, "health.py"), "@only_reads\ndef live(", BLOCKING.replace("BEGUN", str(begun))),
        serving(service, **{SECRET: secret}) as port,
        ThreadPoolExecutor(1) as pool,
    ):
        begun.unlink()  # from waiting for the start
        waiting = pool.submit(ask, port, "/health/ready")
        until(begun.exists)
        ask(port, "/hello/Ada")

        assert not waiting.done()
        assert waiting.result()[0] == 200


@contextmanager
def serving_with(live: str, service: Service, **settings: str) -> Iterator[int]:
    """The port of a server in which this code takes the place of the view `live`."""
    with replaced(live, service), serving(service, **settings) as port:
        yield port


@contextmanager
def replaced(live: str, service: Service) -> Iterator[None]:
    with planted(installed(service, "health.py"), "@only_reads\ndef ready(", f"{live}\n\n@only_reads\ndef ready("):
        yield


STARTED = """
import threading

started: list[str] = []
start_one = threading.Thread.start


def start(thread: threading.Thread) -> None:
    started.append(thread.name)
    start_one(thread)


threading.Thread.start = start


@waits_for_nothing
@only_reads
def live(_: HttpRequest) -> HttpResponse:
    return JsonResponse({"started": started})
"""


def test_a_request_that_needs_no_thread_gets_none_under_asgi(services: dict[str, Service], secret: str) -> None:
    with serving_with(STARTED, services["ASGI"], **{SECRET: secret}) as port:

        def started() -> list[str]:
            found: list[str] = json.loads(ask(port, "/health/live")[2])["started"]
            return found

        until(lambda: len(started()) % 2 == 0)  # readiness, asked for before, had one, and a second one ends that
        first, *others = (started() for _ in range(4))

    assert others == [first] * 3


CLOSED = """
    from django.db import connection
    from django.db.backends.base.base import BaseDatabaseWrapper

    connection.ensure_connection()
    if "closed" not in globals():
        globals()["closed"], close = [], BaseDatabaseWrapper.close
        BaseDatabaseWrapper.close = lambda one: closed.append(one.alias) or close(one)
    return JsonResponse({"closed": closed})
"""


def test_a_connection_that_a_request_opened_ends_with_it(service: Service, secret: str, tmp_path: Path) -> None:
    with (
        planted(installed(service, "health.py"), "    it = identity()\n", CLOSED),
        serving(service, **{SECRET: secret, "ORDERS_API_DATABASE_URL": f"sqlite:///{tmp_path / 'orders'}"}) as port,
    ):
        until(lambda: json.loads(ask(port, "/version")[2])["closed"] != [])


HEARD = """
import threading
from django.core.signals import request_finished

heard: list[bool] = []


def hear(**_: object) -> None:
    heard.append(threading.current_thread() is threading.main_thread())


request_finished.connect(hear)


@waits_for_nothing
@only_reads
def live(_: HttpRequest) -> HttpResponse:
    return JsonResponse({"heard": heard})
"""


def test_what_is_told_of_a_requests_end_may_block_under_asgi(services: dict[str, Service], secret: str) -> None:
    with serving_with(HEARD, services["ASGI"], **{SECRET: secret}) as port:
        until(lambda: json.loads(ask(port, "/health/live")[2])["heard"] != [])
        heard = json.loads(ask(port, "/health/live")[2])["heard"]

    assert set(heard) == {False}


STREAM = """
    import pathlib, time
    from django.http import StreamingHttpResponse

    def parts():
        yield b"first"
        while not pathlib.Path("RELEASED").exists():
            time.sleep(0.02)
        yield b"last"

    return StreamingHttpResponse(parts())
"""


def test_a_plain_stream_is_sent_part_by_part_under_both_interfaces(service: Service, secret: str, tmp_path: Path) -> None:
    """As a file's is: whatever Django reads of it before it sends lies in memory whole."""
    released = tmp_path / "released"
    old = '    return JsonResponse({"status": "live"})\n'
    with (
        planted(installed(service, "health.py"), old, STREAM.replace("RELEASED", str(released))),
        serving(service, **{SECRET: secret}) as port,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection,
    ):
        connection.request("GET", "/health/live")
        answer = connection.getresponse()

        assert answer.read(5) == b"first"
        released.touch()
        assert answer.read() == b"last"


LENGTH = """
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"length": len(request.body)})
"""


def send_chunks(port: int, *chunks: bytes) -> tuple[int, dict[str, object]]:
    """Status and document of a request whose body does not say its length."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/health/live", iter(chunks), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_a_body_that_comes_in_chunks_is_read_and_bounded(service: Service, secret: str) -> None:
    """Django's own request under WSGI takes it for empty."""
    with serving_with(LENGTH, service, **{SECRET: secret, "SERVER_MAX_BODY_BYTES": "1000"}) as port:
        assert send_chunks(port, b"12345", b"6789") == (200, {"length": 9})
        assert send_chunks(port, b"x" * 1001)[0] == 413


WAITING = """
async def live(_: HttpRequest) -> HttpResponse:
    import asyncio, pathlib

    pathlib.Path("BEGUN").touch()
    try:
        await asyncio.sleep(600)
    finally:
        print("finally", flush=True)
"""
IN_A_THREAD = """
def live(_: HttpRequest) -> HttpResponse:
    import pathlib, time

    pathlib.Path("BEGUN").touch()
    time.sleep(600)
"""


@pytest.mark.parametrize("view", [WAITING, IN_A_THREAD], ids=["awaited", "in a thread"])
def test_a_view_that_is_stopped_is_answered_and_ends_before_its_worker(
    services: dict[str, Service], secret: str, tmp_path: Path, view: str
) -> None:
    """Django leaves the tasks of a request that is stopped to themselves, and waits for a thread."""
    log, begun = tmp_path / "log", tmp_path / "begun"
    with (
        ThreadPoolExecutor(1) as pool,
        replaced(view.replace("BEGUN", str(begun)), services["ASGI"]),
        started(services["ASGI"], log, **{SECRET: secret, "SERVER_DRAIN": "2"}) as (port, process),
    ):
        asked = pool.submit(ask, port, "/health/live")
        until(begun.exists)
        process.terminate()
        status, _, body = asked.result()
        process.wait(60)
    text = log.read_text()

    assert (status, json.loads(body)["detail"]) == (503, "The service stopped before it could answer.")
    assert text.find("finally\n") < text.index("`worker` has ended")
    assert ("finally\n" in text) == (view is WAITING)
    assert '"level": "ERROR"' not in text


def until(holds: Callable[[], bool]) -> None:
    """Wait for an event; raises AssertionError after some 10 s."""
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come within 10 s")
