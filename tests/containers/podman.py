"""podman of a suite of Debian, in a container of the engine that is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .bases import Base, archive_of, image_of
from .engine import Engine

__all__ = ["PODMANS", "start_podman"]

SID = Base(
    "podman",
    ("podman", "crun", "netavark", "aardvark-dns", "catatonit", "iptables", "nftables"),
    variant="minbase",
    suite="sid",
)
# By suite, the newest last.
PODMANS = {
    "bookworm": replace(SID, suite="bookworm"),
    "sid": SID,
    "experimental": replace(SID, include=("podman/experimental", *SID.include[1:]), beyond="experimental"),
}
# In a container there is no systemd, and no journal; limits may not be raised everywhere.
CONFIGURATION = """\
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}'


@contextmanager
def start_podman(engine: Engine, suite: str, *options: str) -> Iterator[str]:
    """The container that has it, for as long as the block lasts; `options` are further ones of `run`."""
    name = engine(
        "run", "--detach", "--privileged", "--cgroupns=private", "--tmpfs", "/run",
        "--volume", "/var/lib/containers", "--volume", "/var/tmp", "--env", "DISABLE_HC_SYSTEMD=true", *options,
        image_of(engine, archive_of(PODMANS[suite])), "sleep", "infinity",
    ).strip()  # fmt: skip
    try:
        for file, text in (("containers.conf", CONFIGURATION), ("policy.json", POLICY)):
            engine("exec", name, "sh", "-c", f"mkdir -p /etc/containers; cat > /etc/containers/{file} <<'END'\n{text}\nEND")
        yield name
    finally:
        engine("rm", "--force", "--volumes", name)
