"""An example to replace: two endpoints that show where things go."""

from flask import Blueprint, abort

from . import NAME, VERSION
from .settings import current_settings

__all__ = ["blueprint"]

blueprint = Blueprint("hello", __name__)

LONGEST_NAME = 64


@blueprint.get("/")
def welcome() -> dict[str, str]:
    """Say what this is."""
    return {"service": NAME, "version": VERSION}


@blueprint.get("/hello/<name>")
def hello(name: str) -> dict[str, str]:
    """Greet by name."""
    if len(name) > LONGEST_NAME:
        abort(422, f"name: at most {LONGEST_NAME} characters")
    return {"message": f"{current_settings().greeting}, {name}!"}
