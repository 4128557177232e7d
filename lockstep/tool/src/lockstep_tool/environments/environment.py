"""An environment that was looked into, and what a check of `parity` is given of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.service import Service

__all__ = ["Comparison", "Environment"]


@dataclass(frozen=True)
class Environment:
    """`rebuild` is the command that makes it anew, `fingerprint` what the probe printed there.

    `kind` is laptop, ci, image, container, command or saved: a laptop may differ where the others may not.
    """

    name: str
    fingerprint: Mapping[str, Any]
    rebuild: str
    kind: str


@dataclass(frozen=True)
class Comparison:
    """An environment, what the service's repository declares, and `first`, the environment that was looked into first.

    Without `first`, it is compared with what is declared only. `strict` allows no other build of the interpreter on the
    same platform: the rule in CI.
    """

    environment: Environment
    service: Service
    first: Environment | None = None
    strict: bool = False

    @property
    def fingerprint(self) -> Mapping[str, Any]:
        return self.environment.fingerprint

    @property
    def markers(self) -> Mapping[str, str]:
        """The values that decide there which dependencies are needed."""
        markers: Mapping[str, str] = self.fingerprint["markers"]
        return markers

    def finding(self, check: Check, what: str, **parts: Any) -> Finding:
        """A finding of `check` in this environment; its fix is to make the environment anew, unless another is given."""
        return check.finding(what, **{"fix": self.environment.rebuild, "environment": self.environment.name, **parts})

    def difference(self, check: Check, there: str, here: str, **parts: Any) -> Finding:
        """That this environment says `there` where the first one says `here`."""
        first = self.first.name if self.first else ""
        return self.finding(check, f"{there} ({first}: {here})", **parts)
