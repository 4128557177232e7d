"""Everything that the service reads from the environment; a bad value stops it readably."""

from functools import cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

__all__ = ["Settings", "current_settings", "read_settings"]

PREFIX = f"{__package__.upper()}_"

WRONG = "The settings of this service cannot be used."
REMEDY = "Give each a value that fits, or unset it for its default if it has one (.env.example says), then start again."

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class Settings(BaseSettings):
    """One field a variable: `greeting` is read from `<PACKAGE>_GREETING`.

    Declare passwords, tokens and URLs that hold one as `SecretStr`: they are never printed, not
    even when they are wrong.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # Compose sets `X=` for what is not there: the default
        frozen=True,
    )

    greeting: str = Field(default="Hello", min_length=1, max_length=40)
    log_level: Annotated[Level, BeforeValidator(str.upper)] = "INFO"
    api_docs: bool = False


def read_settings() -> Settings:
    """Read them; raises SystemExit with a three-part message when one of them is bad."""
    try:
        return Settings.model_validate({})  # all comes from the environment
    except ValidationError as error:
        rows = [row(problem["loc"], problem["input"], problem["msg"]) for problem in error.errors()]
    except SettingsError as error:  # a list or a model whose variable is not JSON
        rows = [str(error)]
    lines = "\n".join(f"  {line}" for line in rows)
    raise SystemExit(f"{WRONG}\n\n{lines}\n\n{REMEDY}")


def row(place: tuple[int | str, ...], value: object, expected: str) -> str:
    """One bad variable: its name, what it holds and what is expected."""
    if not place:  # a validator over several fields; `value` holds all of them, secrets included
        return f"{PREFIX}*   <- {expected}"
    name, *inner = map(str, place)
    variable = PREFIX + name.upper()
    if inner:  # inside a list or a model, where a secret does not show in the field's type
        return f"{variable}   (hidden)   <- at {'.'.join(inner)}: {expected}"
    secret = name not in Settings.model_fields or "Secret" in repr(Settings.model_fields[name])
    said = repr(value) if isinstance(value, str) and not secret else "(hidden)"
    return f"{variable}   {'not set' if expected == 'Field required' else said}   <- {expected}"


@cache
def current_settings() -> Settings:
    """What endpoints ask for: the settings, read once; the factory of the application reads them anew."""
    return read_settings()
