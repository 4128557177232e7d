"""A history as it happens: a template and a service of its own, and after every update a look at what must hold."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from owners import Owners, read_owners
from services import Service
from snapshot import Template, git, rules_of, said

from .changes import CHANGES, last_question
from .edits import EDITS
from .ledger import Ledger, find_entered
from .looking import find_differences, find_forgotten, find_leftovers, find_stale_lock, list_unmerged, read_answers
from .steps import Answers, History, Release, Step, Team, Update

__all__ = ["Walk"]


@dataclass
class Walk:
    """Where a history is. `version` is the template's newest; `yes` is the made-up question that was answered so."""

    template: Template
    service: Service
    ledger: Ledger = field(default_factory=Ledger)
    version: int = 1
    reached: int = 1
    number: int = 0
    yes: str = ""

    def follow(self, history: History) -> list[str]:
        """Do every step; what must not be, a line for each, of the first update after which something is wrong."""
        for step in (*history.steps, Update()):
            self.number += 1
            try:
                wrong = self.take_step(step)
            except (subprocess.SubprocessError, AssertionError, OSError) as error:
                wrong = [f"it cannot be done: {error}", *str(getattr(error, "stderr", "")).splitlines()]
            if wrong:
                return [f"at step {self.number + 1}, `{step}`:", *wrong]
        return self.judge_end()

    def take_step(self, step: Step) -> list[str]:
        match step:
            case Team(edit):
                self.edit(edit)
            case Release(changes):
                self.release(changes)
            case Answers(question, choice):
                return self.answer_anew(question, choice)
            case Update() if self.version > self.reached:
                return self.update(read_answers(self.service))
        return []

    def edit(self, edit: str) -> None:
        before = git(self.service.path, "rev-parse", "HEAD").strip()
        EDITS[edit](self.service, self.number)
        self.commit(f"The team {edit}")
        self.ledger.enter(self.service.path, before, "HEAD")

    def release(self, changes: tuple[str, ...]) -> None:
        self.version += 1
        for change in changes:
            asked = last_question(self.template.path)
            CHANGES[change](self.template.path, self.version)
            if asked == self.yes and "question" in change and "asks" not in change:
                self.yes = last_question(self.template.path) if change.startswith("renames") else ""
        git(self.template.path, "add", "--all")
        git(self.template.path, "commit", "--quiet", "--allow-empty", "--message", " and ".join(changes))
        git(self.template.path, "tag", f"v{self.version}.0.0")

    def answer_anew(self, question: str, choice: int) -> list[str]:
        before = read_answers(self.service)
        answer = self.choice(question, choice, before)
        if answer is None or answer == before.get(question):
            return []
        if question == "deploy" and "prometheus" not in said(answer):
            self.ledger.lines.pop(f"src/{self.service.package().name}/metrics.py", None)  # it goes with its answer
        name = next((name for name in before if name.startswith("extra_")), "") if question == "extra" else question
        self.yes = name if question == "extra" else self.yes
        before.pop(name)
        return self.update(before, f"--data={name}={said(answer)}", "--vcs-ref=:current:")

    def choice(self, question: str, choice: int, before: Mapping[str, object]) -> object:
        """One of the answers that fit; None where there is nothing to choose."""
        rules = rules_of(self.template)
        match question:
            case "server":
                speaks = rules["interfaces"]["default"][before["framework"]]
                fitting = [name for name, spoken in rules["models"]["default"].items() if spoken in speaks]
                return fitting[choice % len(fitting)]
            case "deploy":
                offered = list(rules["offered"]["default"]["deploy"])
                return [name for place, name in enumerate(offered) if choice >> place & 1]
            case "ci":
                offered = list(rules["offered"]["default"]["ci"])
                return offered[choice % len(offered)]
            case _:
                return "yes" if any(name.startswith("extra_") for name in before) else None

    def update(self, before: Mapping[str, object], *words: str) -> list[str]:
        """Update, look, bring the lock along, commit."""
        done = self.template.update(self.service.path, *words)
        if done.returncode:
            return [f"not updated: {line}" for line in done.stderr.strip().splitlines()[-6:]]
        if not words:
            self.reached = self.version
        wrong = [f"{path}   <- in conflict" for path in sorted(list_unmerged(self.service) - {"uv.lock"})]
        wrong += [*self.ledger.lost(self.service.path), *find_entered(self.service.path, self.owners())]
        wrong += [*find_leftovers(self.service), *find_forgotten(before, self.service)]
        if not wrong:
            wrong = find_stale_lock(self.service)
        self.commit("Update")
        return wrong

    def judge_end(self) -> list[str]:
        """Lockstep's files are those of a new service, and a renamed question kept its answer."""
        wrong = find_differences(
            self.service, self.template, f"v{self.reached}.0.0", self.owners(), self.service.path.parent / "fresh", merged=False
        )
        answer = read_answers(self.service).get(self.yes, "yes")
        return wrong if answer == "yes" else [*wrong, f"{self.yes}   was yes   is {answer}   <- forgotten"]

    def owners(self) -> Owners:
        return read_owners(self.template.path, self.service.package().name)

    def commit(self, message: str) -> None:
        git(self.service.path, "add", "--all")
        git(self.service.path, "commit", "--quiet", "--allow-empty", "--message", message)
