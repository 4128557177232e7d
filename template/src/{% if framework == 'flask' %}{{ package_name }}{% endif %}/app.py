"""Build the application: the one place where its parts meet."""

from flask import Flask

from . import errors, health, hello
from .settings import current_settings

__all__ = ["create_app"]


def create_app() -> Flask:
    """A new application from the environment; raises SystemExit when a setting is bad.

    A factory, so that each test has an application of its own, and the server decides when it is
    built.
    """
    app = Flask(__package__, static_folder=None)
    current_settings.cache_clear()
    current_settings()
    app.register_blueprint(health.blueprint)
    app.register_blueprint(hello.blueprint)
    app.register_error_handler(errors.HTTPException, errors.refused)
    app.register_error_handler(errors.UnreadableBody, errors.unreadable)
    app.register_error_handler(Exception, errors.unexpected)
    return app
