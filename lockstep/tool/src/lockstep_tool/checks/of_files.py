"""What `lock` and `pins` ask of the files of the repository."""

from collections.abc import Mapping

from lockstep_tool.checks.check import Facet

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
        "Whether uv.lock, and the lock of each script, is what uv would have written: indexes, hosts, hashes, sizes, "
        "file names, upload times, edges, wheels for this machine, and the same bytes as in earlier commits.",
        "uv's check passes a lock whose files come from elsewhere.",
        "An index that uv.toml declares, and hosts in `[tool.lockstep] file-hosts`.",
        "git checkout uv.lock, or uv lock --refresh and a review of each line that changes",
        gate="lock",
    ),
    "lock registry": Facet(
        "Whether the index says what uv.lock says; asked by `lock -- --registry` only, since it takes a network.",
        "A new hash under a new address can be told from a good one by nobody but the index.",
        "New files and files that are gone: an index changes by right.",
        "uv lock --refresh, and a review of each line that changes",
        gate="lock",
    ),
    "cooldown": Facet(
        "Whether what is locked was old enough when it was locked, by `exclude-newer`.",
        "Most poisoned releases are found out within days; uv asks for their age once, and never again.",
        "A package in `exclude-newer-package`.",
        "uv run noxfile.py -s upgrade -- -P NAME",
        gate="lock",
        weight="warning",
    ),
    "versions": Facet(
        "Every file that states a version of Python, uv or nox, against the one voice that counts.",
        "Two voices are two environments, and no voice is whatever is newest.",
        "Never.",
        "uv run noxfile.py -s pins -- --fix",
        gate="pins",
    ),
    "commands": Facet(
        "Whether laptop, CI, image and deploy files run the same commands: the one command, uv sync --locked, "
        "python -m lockstep_serve serve.",
        "What only CI runs fails only in CI; --frozen takes a lock that is stale.",
        "Jobs of yours, in files beside Lockstep's.",
        "the command that `pins` prints, in the file and line that it names",
        gate="pins",
    ),
    "settings": Facet(
        "The variables that the service's source reads, against .env.example, deploy files and the list of secrets.",
        "A variable that is missing in one place is found out where that place starts.",
        "Values; a variable with a default need not be given. One that nothing reads is a warning.",
        "uv run noxfile.py -s pins -- --fix, or the line that it prints",
        gate="pins",
    ),
    "deploy files": Facet(
        "Ports, grace periods, timeouts and limits in deploy files, against server.toml.",
        "A grace shorter than the drain kills requests in flight.",
        "Never.",
        "uv run noxfile.py -s pins -- --fix, or the number that it prints",
        gate="pins",
    ),
    "actions": Facet(
        "Actions in workflows, each by its commit.",
        "A tag can be moved by whoever owns it.",
        "Actions of this repository.",
        "uv run noxfile.py -s pins -- --refresh",
        gate="pins",
    ),
    "images": Facet(
        "Every image that the Dockerfile, CI and deploy files take from elsewhere, each by its digest.",
        "A tag can be moved, and the same commit is then another image.",
        "A tag that names a version, told in each run; one such as latest or 3 is an error.",
        "uv run noxfile.py -s pins -- --refresh",
        gate="pins",
    ),
    "vulnerabilities": Facet(
        "What a vulnerability service knows of the locked packages; asked by `audit` only, since it takes a network.",
        "A lock keeps what was fine on the day it was made, and nothing in it says what was found out since.",
        "What `[tool.lockstep.audit] ignore` names, with a reason, until the day that it names.",
        "uv run noxfile.py -s upgrade -- -P NAME",
        gate="audit",
    ),
}
