"""The check `deploy files`: whether they repeat the numbers of server.toml, the one server definition."""

from collections.abc import Iterator

from lockstep_serve.kinds import KINDS
from lockstep_tool.checks.check import Check
from lockstep_tool.checks.finding import Finding
from lockstep_tool.files.proxy import listening
from lockstep_tool.files.tree import Statement
from lockstep_tool.service import Service

__all__ = ["CHECK", "compared_files"]

# The value that a file repeats, a pattern whose group is what it says, and where.
REPEATED = (
    ("grace", r"stop_grace_period:\s*(\d+)s", "deploy/compose.yaml"),
    ("grace", r"terminationGracePeriodSeconds:\s*(\d+)", "deploy/kubernetes/*.yaml"),
    ("grace", r"TimeoutStopSec=(\d+)", "deploy/systemd/*.service"),
    ("port", r"containerPort:\s*(\d+)", "deploy/kubernetes/*.yaml"),
    ("port", r"^ListenStream=(?:\S*:)?(\d+)\s*$", "deploy/systemd/*.socket"),
    ("port", r"^EXPOSE\s+(\d+)", "Dockerfile"),
    ("backlog", r"^Backlog=(\d+)", "deploy/systemd/*.socket"),
)
PUBLISHED = (r"^\s+-\s*['\"]?(?:[\d.]+:)?(?:\d+:)?(\d+)['\"]?\s*$", "deploy/compose.yaml")


def find(service: Service) -> Iterator[Finding]:
    """Where a deploy file and the definition disagree."""
    for name, *where in REPEATED:
        for found in service.files.statements(*where) if name in service.definition.values else ():
            wanted = service.definition.values[name].value
            yield from compare(name, (service.stated_in(name), f"{name} = {wanted}"), wanted, found)
    yield from published_ports(service)
    yield from variables_of_the_image(service)


def compare(name: str, stated: tuple[str, str], wanted: int, found: Statement) -> Iterator[Finding]:
    """A finding unless what was found says the wanted number, too."""
    if int(found.match[1]) != wanted:
        yield CHECK.finding(
            f"The {name} is stated two ways.",
            where=(stated, (found.spot, f"{found.line.strip()}   <- differs")),
            fix=f"Put {wanted} into {found.file}, or change both; `uv run noxfile.py -s pins -- --fix` does the first.",
            repairs=(found.repair(str(wanted)),),
        )


def published_ports(service: Service) -> Iterator[Finding]:
    """What compose publishes is where the proxy listens, or the service where no proxy stands before it."""
    wanted = int(service.definition.port)
    stated = (service.stated_in("port"), f"port = {wanted}")
    for listener in listening(service.files)[:1]:
        stated, wanted = (listener.spot, str(listener)), int(listener.words[0].rpartition(":")[2])
    for found in service.files.statements(*PUBLISHED):
        yield from compare("port", stated, wanted, found)


def variables_of_the_image(service: Service) -> Iterator[Finding]:
    """A server variable in the image's environment would overrule server.toml wherever the image runs."""
    for name, value in service.definition.values.items():
        for found in service.files.statements(rf"^(?:ENV)?\s+{value.env}=([^\s\\]+)", "Dockerfile"):
            if not means(name, found.match[1].strip("\"'"), value.value):
                wanted = f"{value.value:g}" if isinstance(value.value, float) else str(value.value)
                yield CHECK.finding(
                    f"The value {name} is stated two ways.",
                    where=((service.stated_in(name), f"{name} = {wanted}"), (found.spot, f"{found.line.strip()}   <- differs")),
                    fix="State it in server.toml; set the variable where the image runs, if one environment differs.",
                    repairs=(found.repair(wanted),),
                )


def means(name: str, text: str, wanted: object) -> bool:
    """Whether a variable's text is this value of the server definition."""
    try:
        return bool(KINDS[name].parse(text) == wanted)
    except ValueError:
        return False


def compared_files(service: Service) -> set[str]:
    """The files that repeat something of server.toml."""
    values = service.definition.values
    repeated = [found for name, *where in REPEATED if name in values for found in service.files.statements(*where)]
    return {found.file for found in [*repeated, *service.files.statements(*PUBLISHED)]}


CHECK = Check(
    name="deploy files",
    session="pins",
    asks="Ports, grace periods and queues in deploy files and the Dockerfile, against server.toml.",
    why="A grace shorter than the drain kills requests in flight.",
    allowed="Never.",
    fix="uv run noxfile.py -s pins -- --fix, or the number that it prints",
    find=find,
)
