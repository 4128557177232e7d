"""The other way round: services without a fault, of random valid answers, of which no session may say anything."""

import os
import platform
import random
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from services import Service
from snapshot import Template, git, rules_of

__all__ = ["alarms_of_files", "answers_of", "false_alarms"]

WORDS = ("orders", "a", "x1", "billing", "the", "very", "long", "name", "of", "some", "api", "9lives", "web", "v2", "service")
DESCRIPTIONS = ("A web service.", 'Says "hé" \\ and {{ nothing }} 🚀', "it's 100% #1: yes", "-", "日本語の説明", "a" * 120)


def answers_of(template: Template, count: int, seed: int) -> Iterator[dict[str, object]]:
    """`count` sets of valid answers, the same for the same seed; what is offered is read from copier.yml."""
    rules, chance = rules_of(template), random.Random(seed)
    offered, models, interfaces = (rules[name]["default"] for name in ("offered", "models", "interfaces"))
    for _ in range(count):
        framework = chance.choice(list(offered["framework"]))
        fitting = [server for server, interface in models.items() if interface in interfaces[framework]]
        yield {
            "project_name": name_of(chance),
            "description": chance.choice(DESCRIPTIONS),
            "framework": framework,
            "work": chance.choice(list(offered["work"])),
            "server": chance.choice(fitting),
            "python": platform.python_version(),
            "ci": chance.choice(list(offered["ci"])),
            "deploy": [way for way in offered["deploy"] if chance.random() < 0.5],
        }


def name_of(chance: random.Random) -> str:
    """Lower-case words joined by hyphens, the first of which begins with a letter; no locked package is called so."""
    words = [chance.choice([word for word in WORDS if word[0].isalpha()]), *chance.choices(WORDS, k=chance.randint(1, 3))]
    return "-".join(words)


def false_alarms(template: Template, folder: Path, count: int, seed: int) -> int:
    """Render, judge files, and judge one built environment for each set of packages; 1 when anything was blamed."""
    built: dict[tuple[object, ...], str] = {}
    alarms, refused = [], 0
    for number, answers in enumerate(answers_of(template, count, seed), start=1):
        root = folder / "services" / str(number) / str(answers["project_name"])
        done = template.copy(root, answers)
        if done.returncode or not (root / "uv.lock").is_file():
            alarms.append(f"{answers}: not rendered: {(done.stderr or done.stdout).strip()[-300:]}")
            refused += 1
            continue
        found = alarms_of_files(root)
        brought = "prometheus" in deploy_of(answers), "opentelemetry" in str(answers.get("extras"))
        packages = (answers["framework"], answers["server"], *brought)
        if not found and packages not in built:
            found = alarms_of_environment(root)
            built[packages] = str(answers["project_name"])
        alarms += [f"{answers}: {said}" for said in found]
        mark = "✗" if found else "✓"
        line = f"  {mark} {number} of {count}: {answers['project_name']}, {answers['framework']}, {answers['server']}"
        if sys.stdout.isatty() and not found:
            print(f"\r\x1b[K{line}", end="", flush=True)
        elif found or number % 10 == 0:
            print(line, flush=True)
        shutil.rmtree(root.parent)
    print(f"\n{count} services (seed {seed}), {len(built)} sets of packages built and looked into: {len(alarms)} false alarms.")
    for alarm in alarms:
        print(f"\n{alarm}")
    return int(bool(alarms))


def deploy_of(answers: Mapping[str, object]) -> list[str]:
    deploy = answers["deploy"]
    assert isinstance(deploy, list)
    return deploy


def alarms_of_files(root: Path) -> list[str]:
    """What `lock` and `pins` blame in a service as it was born, committed as its team would."""
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Born from Lockstep")
    service = Service(root, {})
    done = [(session, service.lockstep(session)) for session in ("lock", "pins")]
    return [f"{session}: {said.stdout.strip()}" for session, said in done if said.returncode]


def alarms_of_environment(root: Path) -> list[str]:
    """What `parity` blames in a production set that was just built; that there is no image to look at is no alarm."""
    settings = {"LOCKSTEP_ENGINE": "no-such-engine", "PATH": os.environ["PATH"]}
    done = Service(root, settings).lockstep("parity")
    return [] if "\n0 differences matter" in done.stdout else [f"parity: {done.stdout.strip()}"]
