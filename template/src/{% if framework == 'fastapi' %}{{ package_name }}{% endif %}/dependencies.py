"""What endpoints ask for by a parameter's type."""

from typing import Annotated

from fastapi import Depends, Request

from .settings import Settings

__all__ = ["CurrentSettings"]


async def current_settings(request: Request) -> Settings:
    """The settings that this application was built with."""
    settings: Settings = request.app.state.settings
    return settings


CurrentSettings = Annotated[Settings, Depends(current_settings)]
