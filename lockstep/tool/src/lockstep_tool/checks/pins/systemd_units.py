"""The check `systemd units`: whether those in deploy/systemd are what the template gives, and what drop-ins may add."""

from collections.abc import Iterator

from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.comparing import Place
from lockstep_tool.files.deployed import VARIABLE
from lockstep_tool.files.given import Given, compare_given
from lockstep_tool.files.unit_file import parse_unit
from lockstep_tool.service import Service

__all__ = ["CHECK", "PLACES"]

ASSIGNED = rf"\"?(?:{VARIABLE})=[^\s\"]*\"?"
LIMITS = (
    r"(?:Memory(?:Max|High|Low|Min|SwapMax)|CPU(?:Quota|Weight|Affinity)|IOWeight|TasksMax|Limit[A-Z]+|Nice|Slice|OOM\w+"
    r"|(?:State|Cache|Logs|Configuration)Directory|LoadCredential|SyslogIdentifier|IPAddress(?:Allow|Deny))"
)
HARDENING = (
    r"(?:Protect(?:Clock|Hostname|KernelTunables|KernelModules|KernelLogs|ControlGroups)|Private(?:Devices|Users)"
    r"|Restrict\w+|LockPersonality)"
)
PLACES = (
    Place("Service/TimeoutStopSec/[]", "the grace of server.toml", r"\d+"),
    Place("Socket/ListenStream/[]", "the port of server.toml", r"(?P<same>\S+:)\d+"),
    Place("Socket/Backlog/[]", "the backlog of server.toml", r"\d+"),
    Place("Service/RestartSec/[]", "another wait", r"\d+"),
    Place("Service/Environment/[]", "variables of your service", rf"{ASSIGNED}(?:\s+{ASSIGNED})*", more=True),
    Place("Service/EnvironmentFile/[]", "files of variables", r"-?/\S+", more=True),
    Place("Service/*", "limits and directories", key=LIMITS, more=True),
    Place("Service/*", "more protection", r"yes|true|[A-Z]\S*(?: \S+)*", key=HARDENING, more=True),
    *(
        Place(f"Unit/{key}/[]", "other units", r"\S.*", more=True)
        for key in ("After", "Wants", "Requires", "PartOf", "OnFailure", "Documentation")
    ),
)
KIND = Given(
    ("deploy/systemd/*.service", "deploy/systemd/*.socket"),
    parse_unit,
    PLACES,
    ("deploy/systemd/*",),
    ("deploy/systemd/*.d/*.conf",),
)


def find(service: Service) -> Iterator[Finding]:
    """Whatever the template does not give, in the units and in the drop-ins of the repository."""
    yield from compare_given(service, CHECK, KIND)


CHECK = Check(
    name="systemd units",
    session="pins",
    asks="Service and socket in deploy/systemd, parsed and compared with what the template gives, and drop-ins beside them.",
    why="A unit is read key by key, and a later line of the same key overrules the first.",
    allowed="Variables of yours, limits, more protection, and other units that it waits for; on the host, drop-ins are yours.",
    fix="Put back what differs; yours go to a drop-in (systemctl edit).",
    find=find,
)
