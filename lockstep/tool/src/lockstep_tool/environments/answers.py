"""Send the service's own requests to a server of an environment, one that is there or one that is started for it."""

from lockstep_tool.environments.asking import Answers, ask_paths
from lockstep_tool.environments.own_requests import own_requests
from lockstep_tool.prove.process import Server
from lockstep_tool.prove.production import Production
from lockstep_tool.prove.proofs import ANSWERS, recall, remember
from lockstep_tool.prove.subject import describe_subject
from lockstep_tool.prove.trials import begin

__all__ = ["ask_environment", "ask_server", "recall_answers"]


def ask_environment(environment: Production) -> Answers:
    """Of a server that is started for it; raises Refusal when it does not come."""
    with Server(environment, {"workers": 1}) as server:
        begin(server, "it was not asked")
        return ask_server(server)


def ask_server(server: Server) -> Answers:
    """Of a server that is ready."""
    return ask_paths(server.port, own_requests(server.production.service))


def recall_answers(environment: Production) -> Answers:
    """Those that were given by exactly these bytes on this machine; else of a server that is started for it."""
    root, subject = environment.service.root, describe_subject(environment)
    if memory := recall(root, ANSWERS, subject):
        found: Answers = memory["answers"]
        return found
    found, after = ask_environment(environment), describe_subject(environment)
    if after.key == subject.key:
        remember(root, ANSWERS, after, {"answers": found})
    return found
