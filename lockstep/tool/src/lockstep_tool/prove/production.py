"""What a server of this service is started from: an environment, its server definition, and what it is to be."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from lockstep_serve.definition import Definition, read_definition
from lockstep_serve.models import Model
from lockstep_serve.runtime import SETTINGS
from lockstep_tool import sync
from lockstep_tool.fingerprint import markers
from lockstep_tool.service import Service
from lockstep_tool.stand_ins import stand_ins

__all__ = ["Production", "read_development", "read_production"]


@dataclass(frozen=True)
class Production:
    """An environment that serves, seen from outside.

    `python` is its interpreter, `package` the service's package as it is imported there. `definition` is the server
    definition that is in force. `made_up` are the values of secrets that nobody set.
    """

    service: Service
    python: Path
    package: Path
    definition: Definition
    made_up: Mapping[str, str]

    @property
    def model(self) -> Model:
        return self.definition.model

    @cached_property
    def environment(self) -> str:
        """The environment id that the repository declares for this machine."""
        return self.service.environment(markers())

    @property
    def settings(self) -> dict[str, str]:
        """The variables that a process of this environment is given."""
        return {**os.environ, **SETTINGS, **self.made_up}


def read_production(service: Service) -> Production:
    """`.nox/production` of a checkout, made equal to the lock; raises Refusal when it cannot be."""
    python = sync.production(service.root)
    return Production(
        service,
        python,
        next(python.parents[1].glob("lib/python*/site-packages")) / service.package.name,
        read_definition(service.package / "server.toml", os.environ),
        stand_ins(service.root),
    )


def read_development(production: Production) -> Production:
    """`.nox/dev` of the same checkout, in which the package is the checkout's own; everything else is the same."""
    service = production.service
    return replace(production, python=sync.sync(service.root, "dev"), package=service.package)
