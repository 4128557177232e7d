"""Faults that only somebody on the network knows of: what the index says, and which advisories there are.

The service that they are planted in has no past: git has but one commit of it, with the fault in it. What `lock` says without a
network is looked at as well, so each of these is one that it passes.
"""

import hashlib
import re

from .fault import Fault, Plant
from .network import Network, forget
from .scene import Scene

__all__ = ["FAULTS", "ONLINE"]

ONLINE = "online"


def there(scene: Scene) -> Network:
    """What a fault is planted in, to be put back."""
    assert scene.network is not None
    scene.undo.callback(scene.network.restore)
    return scene.network


def in_lock(pattern: str, new: str) -> Plant:
    """A lock that was poisoned before anybody looked."""

    def plant(scene: Scene) -> None:
        service = there(scene).service
        service.substitute("uv.lock", pattern, new)
        forget(service)

    return plant


def slipped_in(scene: Scene) -> None:
    """A package of the declared index, whole and by its right hash, and a need for it that its neighbour does not have."""
    found = there(scene)
    lock = found.service.path / "uv.lock"
    packages = lock.read_text().split("[[package]]\n")
    [tiny] = [text for text in packages if text.startswith('name = "tiny"')]
    [needy] = [number for number, text in enumerate(packages) if text.startswith('name = "smaller"')]
    wheel = found.index.contents["evil-1.0-py3-none-any.whl"]
    stated = f'hash = "sha256:{hashlib.sha256(wheel).hexdigest()}", size = {len(wheel)}'
    evil = re.sub(r"(?s)dependencies = .*?\n\]\n", "", tiny).replace("tiny", "evil")
    evil = re.sub(r'hash = "[^"]+", size = \d+', stated, evil)
    packages[needy] = packages[needy].replace("wheels = [", 'dependencies = [\n    { name = "evil" },\n]\nwheels = [')
    lock.write_text("[[package]]\n".join([packages[0], evil, *packages[1:]]))
    forget(found.service)


def known(scene: Scene) -> None:
    """Somebody finds out what a locked release does."""
    there(scene).osv.publish("GHSA-1", "smaller", "2.0")


def asked(name: str, check: str, session: str, plant: Plant, said: str) -> Fault:
    return Fault(name, plant, session, check, said, ONLINE)


FAULTS = (
    asked(
        "a changed hash, where git has no past",
        "lock registry",
        "lock",
        in_lock(r'(/tiny-[^"]+", hash = "sha256:)[0-9a-f]{4}', r"\g<1>0000"),
        "has another hash there",
    ),
    asked(
        "a dependency slipped in with its package, where git has no past",
        "lock registry",
        "lock",
        slipped_in,
        "smaller does not need evil, says the index",
    ),
    asked(
        "a moved address on the declared host",
        "lock registry",
        "lock",
        in_lock(r"/files/tiny-1.0-", "/files/other/tiny-1.0-"),
        "has another address there",
    ),
    asked("a vulnerability that is known of a locked release", "vulnerabilities", "audit", known, "smaller 1.0: GHSA-1"),
)
