"""Write components as a CycloneDX 1.6 document whose bytes depend on them alone: no time, and a number made of them.

https://cyclonedx.org/docs/1.6/json/
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lockstep_tool import __version__
from lockstep_tool.supply.components import Component

__all__ = ["document", "purls"]


def document(subject: Component, components: Sequence[Component], facts: Mapping[str, str]) -> str:
    """The text of the document about `subject`; `facts` are further properties of it, by name."""
    properties = [{"name": f"lockstep:{name}", "value": value} for name, value in sorted(facts.items())]
    content = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "lockstep", "version": __version__}]},
            "component": {**describe_component(subject), "properties": properties},
        },
        "components": [describe_component(one) for one in components if one.purl != subject.purl],
        "dependencies": list(list_dependencies([subject, *(one for one in components if one.purl != subject.purl)])),
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, to_text(content))
    return to_text({**content, "serialNumber": f"urn:uuid:{number}"})


def describe_component(component: Component) -> dict[str, Any]:
    """One component; a hash of its own only where it is known which of its files is the one."""
    about: dict[str, Any] = {
        "type": component.type,
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "purl": component.purl,
    }
    if component.installed:
        about["hashes"] = [hash_entry(component.installed)]
    if component.files:
        about["externalReferences"] = [
            {"type": "distribution", "url": url, "hashes": [hash_entry(digest)]} for url, digest in component.files
        ]
    return about


def list_dependencies(components: Iterable[Component]) -> Iterable[dict[str, Any]]:
    """Who needs whom, of those that were asked."""
    for one in components:
        if one.needs is not None:
            yield {"ref": one.purl, "dependsOn": list(one.needs)} if one.needs else {"ref": one.purl}


def hash_entry(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest.removeprefix("sha256:")}


def to_text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def purls(components: Iterable[Component]) -> set[str]:
    return {component.purl for component in components}
