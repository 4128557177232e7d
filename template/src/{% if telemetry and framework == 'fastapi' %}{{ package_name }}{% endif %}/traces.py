"""The application, ready to be traced where an endpoint is set; FastAPI itself traces its requests."""

from fastapi import FastAPI

from . import app, telemetry

__all__ = ["create_app"]


def create_app() -> FastAPI:
    """What the server calls; raises SystemExit when a setting is bad."""
    telemetry.prepare()
    return app.create_app()
