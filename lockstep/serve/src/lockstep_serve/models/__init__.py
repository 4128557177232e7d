"""The seven server models, a module each; `server.toml` names the one that serves."""

from importlib import import_module

from lockstep_serve.errors import Refusal
from lockstep_serve.models.model import Model

__all__ = ["NAMES", "Model", "find_model"]

NAMES = (
    "gunicorn-sync",
    "gunicorn-gthread",
    "gunicorn-gevent",
    "uvicorn",
    "uvicorn-workers",
    "gunicorn-uvicorn",
    "gunicorn-asgi",
)


def find_model(name: object, where: str) -> Model:
    """The model of this name, which `where` (a file and its line) states; raises Refusal for another name."""
    if name not in NAMES:
        raise Refusal(
            "The server model is not one that there is.",
            [(where, f"model = {name!r}"), ("models", ", ".join(NAMES))],
            f"Name one of the models in {where.partition(':')[0]}.",
        )
    model: Model = import_module(f"{__name__}.{str(name).replace('-', '_')}").MODEL
    return model
