"""Write findings in the form that code hosts show beside the lines they are about.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections.abc import Sequence
from typing import Any

from lockstep_tool import __version__

__all__ = ["sarif"]


def sarif(findings: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """A log of one run; findings are triples of a rule's id, a text and `file:line`."""
    rules = sorted({rule for rule, _, _ in findings})
    driver = {"name": "lockstep", "version": __version__, "rules": [{"id": rule} for rule in rules]}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [result(*finding) for finding in findings]}],
    }


def result(rule: str, text: str, spot: str) -> dict[str, Any]:
    file, _, line = spot.partition(":")
    location = {"artifactLocation": {"uri": file}, "region": {"startLine": int(line)}}
    return {
        "ruleId": rule,
        "level": "error",
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
    }
