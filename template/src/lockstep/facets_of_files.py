# Lockstep's: the facets that files are judged by. Change it by `copier update`, not by hand.
"""What `lock` and `pins` ask of the files of the repository."""

from collections.abc import Mapping

from lockstep.facet import Facet

__all__ = ["FILE_FACETS"]

FILE_FACETS: Mapping[str, Facet] = {
    "lock fresh": Facet(
        "Whether uv.lock answers pyproject.toml, by uv's own check, without a network and without anybody's settings.",
        "A stale lock makes the next place resolve anew.",
        "Never.",
        "uv lock",
        gate="lock",
    ),
    "lock honest": Facet(
        "Whether uv.lock is what uv would have written: index, hosts, hashes, file names, edges, upload times.",
        "uv's check passes a lock whose files come from elsewhere.",
        "An index that uv.toml or pyproject.toml declares.",
        "git checkout uv.lock, or uv lock --refresh and a review of each line that changes",
        gate="lock",
    ),
    "versions": Facet(
        "Every file that states a version of Python, uv or nox, against the one voice that counts.",
        "Two voices are two environments.",
        "Never.",
        "uv run noxfile.py -s pins -- --fix",
        gate="pins",
    ),
    "deploy files": Facet(
        "Ports, grace periods, probes and start commands in deploy files, against server.toml.",
        "A grace shorter than the drain kills requests in flight.",
        "What is longer than it must be.",
        "the number that `pins` prints, in the file and line that it names",
        gate="pins",
    ),
    "actions": Facet(
        "Actions in workflows, each by its commit.",
        "A tag can be moved by whoever owns it.",
        "Actions of this repository.",
        "the commit, with the tag as a comment",
        gate="pins",
    ),
    "base images": Facet(
        "Base images in the Dockerfile, each by its digest.",
        "A tag can be moved, and a rebuild is then another image.",
        "A tag, named in each run, until your registry's digest is known.",
        "NAME:TAG@sha256:…, which `docker buildx imagetools inspect NAME:TAG` shows",
        gate="pins",
        weight="warning",
    ),
}
