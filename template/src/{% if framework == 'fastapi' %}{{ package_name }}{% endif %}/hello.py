"""An example to replace: two endpoints that show where things go."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from . import NAME
from .settings import current_settings

__all__ = ["router"]

router = APIRouter()


class Welcome(BaseModel):
    """What the service is and where its endpoints are described, if they are."""

    service: str
    docs: str | None


class Greeting(BaseModel):
    """A greeting for one person."""

    message: str


@router.get("/")
async def welcome(request: Request) -> Welcome:
    """Say what this is."""
    docs = f"{request.scope.get('root_path', '')}/docs" if current_settings().api_docs else None
    return Welcome(service=NAME, docs=docs)


@router.get("/hello/{name}")
async def hello(name: Annotated[str, Path(max_length=64)]) -> Greeting:
    """Greet by name."""
    return Greeting(message=f"{current_settings().greeting}, {name}!")
