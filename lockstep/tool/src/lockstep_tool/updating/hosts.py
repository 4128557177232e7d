"""Open a change request, or renew the one that is open, by the interface of the host that CI runs on."""

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from lockstep_serve.errors import COULD_NOT_LOOK, Refusal

__all__ = ["Host", "find_host"]

TOKEN = "LOCKSTEP_UPDATE_TOKEN"
SECONDS = 60


@dataclass(frozen=True)
class Host:
    """Where to push, as whom, and how this host's interface calls the parts of a change request."""

    repository: str
    user: str
    token: str
    requests: str
    header: tuple[str, str]
    open_of_branch: str
    number: str
    change: str
    source: str
    target: str
    text: str
    base: str

    @property
    def login(self) -> dict[str, str]:
        """Git's setting that carries the token: in no command line, and in no file."""
        secret = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        return {"http.extraHeader": f"Authorization: Basic {secret}"}

    def open_request(self, branch: str, title: str, text: str) -> str:
        """Its address; raises Refusal when the host does not take it."""
        query = urllib.parse.urlencode({"state": "opened" if self.change == "PUT" else "open"})
        found = self.send("GET", f"{self.requests}?{query}&{self.open_of_branch}{urllib.parse.quote(branch, safe='')}")
        if found:
            answer = self.send(self.change, f"{self.requests}/{found[0][self.number]}", {"title": title, self.text: text})
        else:
            fields = {"title": title, self.text: text, self.source: branch, self.target: self.base}
            answer = self.send("POST", self.requests, fields)
        return str(answer.get("html_url") or answer.get("web_url"))

    def send(self, method: str, address: str, fields: dict[str, str] | None = None) -> Any:
        data = json.dumps(fields).encode() if fields else None
        headers = {"Content-Type": "application/json", "Accept": "application/json", self.header[0]: self.header[1]}
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            body = error.read(500).decode(errors="replace").replace("\n", " ")
            raise Refusal(
                "The host does not take the change request.",
                [(f"{method} {address}", f"{error.code} {body}")],
                f"Give {TOKEN} the right to write change requests, and allow CI in the settings to open them.",
            ) from error
        except OSError as error:
            raise Refusal(
                "The host cannot be reached.", [(address, str(error))], "Run the job again.", code=COULD_NOT_LOOK
            ) from error


def find_host() -> Host:
    """The host that this job runs on; raises Refusal elsewhere, and without a token."""
    settings = os.environ
    if not settings.get(TOKEN):
        raise Refusal("There is no token to propose an update with.", [(TOKEN, "not set")], "Set it, as the workflow says.")
    if settings.get("GITHUB_ACTIONS"):
        owner = settings["GITHUB_REPOSITORY"].partition("/")[0]
        return Host(
            repository=f"{settings['GITHUB_SERVER_URL']}/{settings['GITHUB_REPOSITORY']}.git",
            user="x-access-token",
            token=settings[TOKEN],
            requests=f"{settings['GITHUB_API_URL']}/repos/{settings['GITHUB_REPOSITORY']}/pulls",
            header=("Authorization", f"Bearer {settings[TOKEN]}"),
            open_of_branch=f"head={owner}:",
            number="number",
            change="PATCH",
            source="head",
            target="base",
            text="body",
            base=settings["GITHUB_REF_NAME"],
        )
    if settings.get("GITLAB_CI"):
        return Host(
            repository=f"{settings['CI_PROJECT_URL']}.git",
            user="oauth2",
            token=settings[TOKEN],
            requests=f"{settings['CI_API_V4_URL']}/projects/{settings['CI_PROJECT_ID']}/merge_requests",
            header=("PRIVATE-TOKEN", settings[TOKEN]),
            open_of_branch="source_branch=",
            number="iid",
            change="PUT",
            source="source_branch",
            target="target_branch",
            text="description",
            base=settings["CI_COMMIT_BRANCH"],
        )
    raise Refusal(
        "Change requests are opened from CI.",
        [("GITHUB_ACTIONS", "not set"), ("GITLAB_CI", "not set")],
        "Here, commit the update and push it yourself.",
    )
