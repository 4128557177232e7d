"""`lockstep COMMAND`: what the sessions of noxfile.py call, and what starts the server everywhere."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lockstep_serve.errors import DIFFERENT, SAME, Refusal

ROOT = Path.cwd()
OTHERS = (
    "images, container:ID, kept fingerprints (.json), or a command that ends with a Python, such as "
    "kubectl exec -i POD -- python; default: the service's image"
)
NOT_HERE = "Run this in the service's folder, or restore the file from git."


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m lockstep", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the server of this service")
    serve.add_argument("--reload", action="store_true", help="start again when a source file changes")
    reload = commands.add_parser("reload", help="rehearse the new code, then have the running server load it")
    reload.add_argument("pid", nargs="?", type=int, default=1, help="the server's main process; in a container it is 1")
    commands.add_parser("rehearse", help="import and build the application as a worker would, and serve nothing")
    commands.add_parser("health", help="exit 0 when this service takes traffic")
    commands.add_parser("prove", help="boot the production server and see it keep its promises")
    restarts = commands.add_parser("restarts", help="restart the server under load, and count what is lost")
    restarts.add_argument("kinds", nargs="*", help="the restarts to try, such as reload; default: all that there are")
    restarts.add_argument("--rounds", type=int, default=3, help="how often each restart is tried; default 3")
    restarts.add_argument("--seconds", type=float, default=1, help="of load before and after each restart; default 1")
    restarts.add_argument("--json", type=Path, metavar="FILE", help="save what was seen")
    commands.add_parser("answers", help="boot the server, send the service's own requests, print the answers as JSON")
    kept = commands.add_parser("fingerprint", help="print the facets of this place as JSON, or keep this checkout's")
    kept.add_argument("file", nargs="?", type=Path, help="where to keep the production set's; default: print this one")
    lock = commands.add_parser("lock", help="judge uv.lock, without a network")
    lock.add_argument("--registry", action="store_true", help="ask the index as well, which takes a network")
    commands.add_parser("relock", help="bring uv.lock back to pyproject.toml")
    upgrade = commands.add_parser("upgrade", help="move uv, Python and the locked packages, with every echo of them")
    upgrade.add_argument("--uv", default="", metavar="X.Y.Z", help="the uv to move to")
    upgrade.add_argument("--python", default="", metavar="X.Y.Z", help="the Python to move to")
    upgrade.add_argument("-P", dest="packages", action="append", default=[], metavar="NAME", help="only this package")
    upgrade.add_argument("--keep", action="store_true", help="leave the packages as they are")
    pins = commands.add_parser("pins", help="compare every stated version")
    pins.add_argument("--nox", help="the version of the nox that runs")
    pins.add_argument("--fix", action="store_true", help="rewrite what differs")
    pins.add_argument("--refresh", action="store_true", help="ask for the digests of images and the commits of actions")
    image = commands.add_parser("image", help="build the production image and hold it to its contract")
    image.add_argument("--engine", default="", metavar="NAME", help="docker, podman or both; default: the one that answers")
    image.add_argument("--twice", action="store_true", help="build twice without a cache, and compare layer by layer")
    image.add_argument("--look", default="", metavar="IMAGE", help="look into an image of the engine, and build none")
    image.add_argument("--same-as", default="", metavar="IMAGE", help="compare the build with an image of the engine")
    in_image = commands.add_parser("in-image", help="run the tests by the image's interpreter with its packages")
    in_image.add_argument("words", nargs="*", help="of pytest's command line, behind `--`")
    parity = commands.add_parser("parity", help="compare places with the promise and with each other")
    parity.add_argument("--only", action="store_true", help="compare the places that are named, without this machine")
    parity.add_argument("others", nargs=argparse.REMAINDER, help=OTHERS)
    check = commands.add_parser("check", help="look at any repositories, read only: which pins and facets hold there")
    check.add_argument("paths", nargs="+", type=Path, help="folders of repositories, made from the template or not")
    check.add_argument("--sort", default="service", metavar="COLUMN", help="service; broken or a facet: worst first")
    check.add_argument("--details", action="store_true", help="say what is wrong and how to mend it, for more than one")
    check.add_argument("--json", type=Path, metavar="FILE", help="save what was found")
    check.add_argument("--jobs", type=int, help="processes that look; default: one for each processor")
    sbom = commands.add_parser("sbom", help="write what the lock promises and what the image holds, and compare")
    sbom.add_argument("image", nargs="?", default="", help="the image to look into; default: the service's")
    audit = commands.add_parser("audit", help="ask a vulnerability service about the locked packages")
    audit.add_argument("--all", action="store_true", dest="everything", help="those that only developers need, too")
    audit.add_argument("--seconds", type=float, default=30, help="to wait for each answer; default 30")
    publish = commands.add_parser("publish", help="push the image of this commit, and say by which digest it is known")
    publish.add_argument("repository", help="where to, such as registry.example.org/team/orders-api")
    explain = commands.add_parser("explain", help="say what a facet is")
    explain.add_argument("facet", nargs="*")
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run a command (`words`, or the command line's); a user's mistake becomes a message, not a traceback."""
    arguments = parser().parse_args(words)
    try:
        code = COMMANDS[arguments.command](arguments)
        sys.stdout.flush()  # nox writes to the other stream, and what was said first is to stand first
        return code
    except Refusal as refusal:
        sys.stdout.flush()
        print(refusal, file=sys.stderr)
        return refusal.code
    except FileNotFoundError as error:
        missing = Path(str(error.filename)).name
        print(Refusal(f"{missing} is not there.", [(str(error.filename), "missing")], NOT_HERE), file=sys.stderr)
        return DIFFERENT


def serve(arguments: argparse.Namespace) -> int:
    from lockstep_serve.serving import serve

    serve(reload=arguments.reload)
    return SAME


def reload(arguments: argparse.Namespace) -> int:
    from lockstep_serve.rehearsal import reload

    print(reload(arguments.pid))
    return SAME


def rehearse(_: argparse.Namespace) -> int:
    from lockstep_serve.rehearsal import rehearse

    rehearse()
    return SAME


def health(_: argparse.Namespace) -> int:
    from lockstep_serve.client import get
    from lockstep_serve.serving import in_force

    try:
        return 0 if get(in_force().port, "/health/ready", timeout=2).status == 200 else 1
    except OSError:
        return 1


def prove(_: argparse.Namespace) -> int:
    from lockstep_tool.prove.prove import prove

    prove()
    return SAME


def restarts(arguments: argparse.Namespace) -> int:
    from lockstep_tool.prove.trials_table import show

    show(arguments.kinds, arguments.rounds, arguments.seconds, arguments.json)
    return SAME


def answers(_: argparse.Namespace) -> int:
    from lockstep_tool.environments.answers import take

    print(json.dumps(take()))
    return SAME


def fingerprint(arguments: argparse.Namespace) -> int:
    from lockstep_tool.fingerprint import take

    if arguments.file:
        from lockstep_tool.environments.parity import keep
        from lockstep_tool.sync import production

        print(keep(ROOT, production(ROOT), arguments.file))
        return SAME
    print(json.dumps(take(), sort_keys=True, separators=(",", ":")))
    return SAME


def lock(arguments: argparse.Namespace) -> int:
    from lockstep_tool.locks import lock, lock_registry

    print(lock.check(ROOT))
    if arguments.registry:
        print(lock_registry.check(ROOT))
    return SAME


def relock(_: argparse.Namespace) -> int:
    from lockstep_tool.locks.relock import relock

    print(relock(ROOT))
    return SAME


def upgrade(arguments: argparse.Namespace) -> int:
    from lockstep_tool.files.upgrade import upgrade

    chosen = {"uv": arguments.uv, "python": arguments.python, "packages": arguments.packages, "keep": arguments.keep}
    print("\n".join(upgrade(ROOT, **chosen)))
    return SAME


def pins(arguments: argparse.Namespace) -> int:
    from lockstep_tool.files.pins import check
    from lockstep_tool.files.refresh import refresh

    if arguments.refresh:
        print("\n".join(refresh(ROOT)))
    print("\n".join(check(ROOT, nox=arguments.nox, fix=arguments.fix)))
    return SAME


def image(arguments: argparse.Namespace) -> int:
    from lockstep_tool.images.image import image

    for line in image(ROOT, arguments.engine, twice=arguments.twice, same_as=arguments.same_as, only_look=arguments.look):
        print(line, flush=True)
    return SAME


def in_image(arguments: argparse.Namespace) -> int:
    from lockstep_tool.images.in_image import run_tests

    return run_tests(ROOT, [word for word in arguments.words if word != "--in-image"])  # the session's own word


def parity(arguments: argparse.Namespace) -> int:
    from lockstep_tool.environments.parity import parity
    from lockstep_tool.sync import production

    return parity(ROOT, None if arguments.only else production(ROOT), arguments.others)


def check(arguments: argparse.Namespace) -> int:
    from lockstep_tool.repositories.check_table import show

    return show(arguments.paths, sort=arguments.sort, details=arguments.details, save=arguments.json, jobs=arguments.jobs)


def sbom(arguments: argparse.Namespace) -> int:
    from lockstep_tool.supply.sbom import sbom

    for line in sbom(ROOT, arguments.image):
        print(line, flush=True)
    return SAME


def audit(arguments: argparse.Namespace) -> int:
    from lockstep_tool.supply.audit import audit

    print(audit(ROOT, everything=arguments.everything, seconds=arguments.seconds))
    return SAME


def publish(arguments: argparse.Namespace) -> int:
    from lockstep_tool.images.publish import publish

    print(publish(ROOT, arguments.repository))
    return SAME


def explain(arguments: argparse.Namespace) -> int:
    from lockstep_tool.checks.explain import explain

    print(explain(" ".join(arguments.facet)))
    return SAME


COMMANDS = {
    "serve": serve,
    "reload": reload,
    "rehearse": rehearse,
    "health": health,
    "prove": prove,
    "restarts": restarts,
    "answers": answers,
    "fingerprint": fingerprint,
    "lock": lock,
    "relock": relock,
    "upgrade": upgrade,
    "pins": pins,
    "image": image,
    "in-image": in_image,
    "parity": parity,
    "check": check,
    "sbom": sbom,
    "audit": audit,
    "publish": publish,
    "explain": explain,
}

if __name__ == "__main__":
    sys.exit(main())
