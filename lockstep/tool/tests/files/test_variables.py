"""The variables of a service are found in its source, without running it."""

import pytest

from lockstep_tool.files.variables import Variable, variables
from lockstep_tool.service import Service
from small_service import SmallService

FILE = "src/orders_api/reading.py"
PREFIX = "from pydantic_settings import BaseSettings, SettingsConfigDict\n\nclass S(BaseSettings):\n"


@pytest.mark.parametrize(
    ("source", "name", "required", "default"),
    [
        ('import os\nA = os.environ["REGION"]\n', "REGION", True, None),
        ('import os\nA = os.environ.get("REGION", "eu")\n', "REGION", False, "eu"),
        ('from os import getenv as ask\nA = ask("REGION")\n', "REGION", False, None),
        ('from os import environ\nA = environ["REGION"]\n', "REGION", True, None),
        ('import os\nif "REGION" in os.environ:\n    A = os.environ["REGION"]\n', "REGION", False, None),
        ('import os\nif "REGION" not in os.environ:\n    raise OSError\nA = os.environ["REGION"]\n', "REGION", True, None),
        (f'{PREFIX}    model_config = SettingsConfigDict(env_prefix="X_")\n    region: str = "eu"\n', "X_REGION", False, "eu"),
        (f"{PREFIX}    region: str\n", "REGION", True, None),
        (f'{PREFIX}    region: str = Field(alias="THE_REGION")\n', "THE_REGION", True, None),
        (f"{PREFIX}    region: str = Field(default=3)\n", "REGION", False, "3"),
        (f"{PREFIX}    region: str = Field(...)\n", "REGION", True, None),
        (f"{PREFIX}    region: list[str] = Field(default_factory=list)\n", "REGION", False, None),
    ],
)
def test_a_variable_is_found(service: SmallService, source: str, name: str, required: bool, default: str | None) -> None:
    service.write(FILE, source)

    found = variables(Service(service.root))[name]

    assert found == Variable(name, FILE, found.line, required, default)
    assert found.spot == f"{FILE}:{found.line}"


@pytest.mark.parametrize(
    "source",
    [
        'def app(environ):\n    return environ["PATH_INFO"]\n',
        f'{PREFIX}    _private: str = "x"\n    KIND: ClassVar[str] = "x"\n',
        "def (:\n",
    ],
    ids=["WSGI's environ", "no fields", "no Python"],
)
def test_what_is_no_variable_is_not_found(service: SmallService, source: str) -> None:
    service.write(FILE, source)

    assert sorted(variables(Service(service.root))) == ["ORDERS_API_GREETING"]
