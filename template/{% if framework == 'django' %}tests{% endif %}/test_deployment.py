"""What a deployment relies on: Django's own judgement, a secret that is stated, and one settings module."""

import io
from importlib.metadata import EntryPoint

import pytest
from django.core.management import call_command


@pytest.mark.usefixtures("application")
def test_django_finds_nothing_to_say_about_a_deployment() -> None:
    said = io.StringIO()
    call_command("check", deploy=True, fail_level="WARNING", stdout=said, stderr=said)

    assert said.getvalue().startswith("System check identified no issues")


@pytest.mark.parametrize("said", ["", "short"])
def test_without_a_good_secret_nothing_starts(
    entry: EntryPoint, prefix: str, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv(f"{prefix}SECRET_KEY", said)
    with pytest.raises(SystemExit, match=f"{prefix}SECRET_KEY   {'[(]hidden' if said else 'not set'}"):
        entry.load()()


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@h", "oracle://u:hunter2@h/n", "postgresql://u:p@h:hunter2/n", "hunter2"]
)
def test_a_bad_database_url_is_named_but_never_printed(
    entry: EntryPoint, prefix: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(f"{prefix}DATABASE_URL", url)
    with pytest.raises(SystemExit) as stop:
        entry.load()()

    assert f"{prefix}DATABASE_URL   (hidden)" in str(stop.value)
    assert "hunter2" not in str(stop.value)


def test_another_settings_module_is_refused(entry: EntryPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "other.settings")
    with pytest.raises(SystemExit, match=r"other\.settings   <- differs"):
        entry.load()()
