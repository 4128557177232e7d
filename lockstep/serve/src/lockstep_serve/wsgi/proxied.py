"""Tell a WSGI application whom `client_address` believes, before anything else sees a request."""

from typing import Any

from lockstep_serve.client_address import SCHEMES, find_client, parse_proxies, take_off
from lockstep_serve.definition import Definition

__all__ = ["Proxied"]


class Proxied:
    """The application, told so; `root` is the path below which clients see it, whether the proxy passes that on or not."""

    def __init__(self, application: Any, definition: Definition) -> None:
        self.application, self.root = application, definition.root_path
        self.trusted = parse_proxies(definition.trusted_proxies)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        peer = environ.get("REMOTE_ADDR", "")
        if self.trusted(peer):
            if (scheme := environ.get("HTTP_X_FORWARDED_PROTO", "").lower()) in SCHEMES:
                environ["wsgi.url_scheme"] = scheme
            peer = find_client(environ.get("HTTP_X_FORWARDED_FOR", ""), self.trusted) or peer
        environ["REMOTE_ADDR"] = peer.removeprefix("::ffff:")
        if self.root:
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = self.root, take_off(environ["PATH_INFO"], self.root)
        return self.application(environ, start_response)
