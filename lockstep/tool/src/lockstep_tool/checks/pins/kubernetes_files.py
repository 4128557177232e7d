"""The check `kubernetes files`: whether those in deploy/kubernetes are what the template gives."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.comparing import Place
from lockstep_tool.files.deployed import VARIABLE, given_variables
from lockstep_tool.files.given import Given, compare_given, given_files
from lockstep_tool.files.node import Scalar, Sequenced, Unreadable, matching
from lockstep_tool.files.yaml_file import parse_yaml
from lockstep_tool.service import Service
from lockstep_tool.stand_ins import hide_value

__all__ = ["CHECK", "PLACES"]

POD = "spec/template/spec"
CONTAINER = f"{POD}/containers/[]"
SCHEDULING = (
    "affinity",
    "imagePullSecrets",
    "nodeSelector",
    "priorityClassName",
    "serviceAccountName",
    "tolerations",
    "topologySpreadConstraints",
)
PLACES = (
    Place("spec/replicas", "another number", r"[1-9]\d*"),
    Place("spec/replicas", "none, where the autoscaler has it", less=True),
    *(Place(f"spec/{key}", "another number", r"[1-9]\d*") for key in ("maxUnavailable", "minReplicas", "maxReplicas")),
    Place("spec/metrics/[]/resource/target/averageUtilization", "another number", r"[1-9]\d*"),
    Place("spec/metrics/[]", "your metrics", more=True),
    Place("spec/behavior", "how fast it scales"),
    Place("spec/ingressClassName", "the class of your ingress", more=True),
    Place("spec/tls", "your certificates"),
    Place("spec/rules/[]/host", "your host", r"[\w.*-]+"),
    Place("metadata/labels/*", "your labels", more=True),
    Place("metadata/annotations", "your annotations"),
    Place("metadata/namespace", "your namespace"),
    Place("spec/template/metadata/labels/*", "your labels", more=True),
    Place("spec/template/metadata/annotations", "your annotations"),
    *(Place(f"{POD}/{key}", "where it runs, and as whom it pulls") for key in SCHEDULING),
    Place(f"{POD}/terminationGracePeriodSeconds", "the grace of server.toml", r"\d+"),
    Place(f"{POD}/securityContext/fsGroup", "the group of its volumes", r"[1-9]\d*", more=True),
    # A path of the host has a slash.
    Place(f"{POD}/volumes/[]", "volumes that are no path of the host", r"[\w.-]*", more=True),
    Place(f"{CONTAINER}/image", "the registry and the digest that your pipeline pushes", r"\S+"),
    Place(f"{CONTAINER}/resources", "your resources"),
    Place(f"{CONTAINER}/ports/[]/containerPort", "the port of server.toml", r"\d+"),
    Place(f"{CONTAINER}/env/[]", "variables of your service", more=True),
    Place(f"{CONTAINER}/envFrom/[]", "more secrets and maps", more=True),
    Place(
        f"{CONTAINER}/volumeMounts/[]",
        "mounts on /data, /srv, /mnt, /media, /var/lib",
        r"/(?:data|srv|mnt|media|var/lib)(?:/.*)?|[\w.-]+",
        more=True,
    ),
    *(
        place
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        for place in (
            Place(f"{CONTAINER}/{probe}/*", "other numbers", r"[1-9]\d*"),
            Place(f"{CONTAINER}/{probe}/*", "more numbers", r"\d+", key=r"\w+(?:Seconds|Threshold)", more=True),
        )
    ),
    Place("spec/type", "how it is reached", r"ClusterIP|LoadBalancer|NodePort", more=True),
    Place("spec/ports/[]/port", "another port of the cluster", r"\d+"),
)
BESIDE = ("deploy/kubernetes/*.y*ml", "deploy/kubernetes/*.json")
KIND = Given(("deploy/kubernetes/*.yaml",), parse_yaml, PLACES, ("deploy/kubernetes/*.yaml",))


def find(service: Service) -> Iterator[Finding]:
    """Whatever the template does not give."""
    yield from compare_given(service, CHECK, KIND)
    yield from stated_again(service)
    for one in given_variables(service) if not service.detached else ():
        if fnmatch(one.file, KIND.files[0]) and not re.fullmatch(VARIABLE, one.name):
            yield CHECK.finding(
                f"{one.file} changes the interpreter or the server by a variable.",
                where=(
                    (f"{one.file}:{one.line}", f"{one.name}={hide_value(service, one.name, one.value)}   <- not your service's"),
                ),
            )


def stated_again(service: Service) -> Iterator[Finding]:
    """Files of the team's with an object of the same kind and name: `kubectl apply -f` takes all files of the directory."""
    ours = {name for name in given_files(service) if fnmatch(name, KIND.files[0])}
    known = {key for name in sorted(ours) if service.files.has(name) for key, _ in objects_of(service, name)}
    for name in () if service.detached else service.files.named(*BESIDE):
        if name not in ours and (twice := [(key, line) for key, line in objects_of(service, name) if key in known]):
            yield CHECK.finding(
                "An object of the service is stated a second time.",
                where=tuple((f"{name}:{line}", f"{kind} {title}   <- whoever comes last wins") for (kind, title), line in twice),
                fix=f"Put what differs into an overlay (kustomize), and take it out of {name}.",
            )


def objects_of(service: Service, name: str) -> Iterator[tuple[tuple[str, str], int]]:
    """Kind and name of each object in a file, with its line; what cannot be read has none."""
    first = 0
    for part in re.split(r"(?m)^(?=---)", service.files.text(name)):
        try:
            document = parse_yaml("\n" * first + part)
        except Unreadable:
            document = Sequenced(1)
        first += part.count("\n")
        kind, title = (next(matching(document, path), None) for path in ("kind", "metadata/name"))
        if isinstance(kind, Scalar) and isinstance(title, Scalar):
            yield (kind.text, title.text), kind.line


CHECK = Check(
    name="kubernetes files",
    session="pins",
    asks="Everything in deploy/kubernetes, parsed and compared with what the template gives, and stated once.",
    why="A container that may do more, or is killed sooner, is not the one that was proved.",
    allowed="Image, replicas, resources, scheduling, labels, variables, and volumes that lie over no code; overlays are yours.",
    fix="Put back what differs; yours go to an overlay (kustomize).",
    find=find,
)
