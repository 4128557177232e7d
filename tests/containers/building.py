"""What a service is told with its environment so that it builds its image here, where no registry is in reach."""

import os
from collections.abc import Mapping

from .offered import OfferedInterpreter

__all__ = ["build_settings"]


def build_settings(bases: Mapping[str, str], interpreter: OfferedInterpreter) -> dict[str, str]:
    """The LOCKSTEP_BUILD_* variables: local base images, the host's network, where the interpreter is, a proxy's certificates."""
    arguments = {**bases, "UV_PYTHON_CPYTHON_BUILD": interpreter.build}
    settings = {
        "LOCKSTEP_BUILD_ARGS": " ".join(f"{name}={value}" for name, value in arguments.items()),
        "LOCKSTEP_BUILD_NETWORK": "host",
        "LOCKSTEP_BUILD_UV_TOML": str(interpreter.uv_toml),
    }
    if bundle := os.environ.get("SSL_CERT_FILE"):
        settings["LOCKSTEP_BUILD_CA"] = bundle
    return settings
