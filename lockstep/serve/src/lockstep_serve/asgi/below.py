"""Give an ASGI application the path below which clients see it, as ASGI has it."""

from typing import Any

__all__ = ["Below"]


class Below:
    """An application that sees the whole path, and which part of it is not its own."""

    def __init__(self, application: Any, root: str) -> None:
        self.application, self.root = application, root

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            raw_path = self.root.encode() + scope["raw_path"]
            scope = {**scope, "root_path": self.root, "path": self.root + scope["path"], "raw_path": raw_path}
        await self.application(scope, receive, send)
