"""What `image` asks of a built image."""

ORDER = (
    "user",
    "command",
    "process_1",
    "health",
    "variables",
    "labels",
    "ports",
    "programs",
    "writable",
    "secrets",
    "packages",
    "sources",
    "size",
    "layers",
    "start",
    "environment",
    "stop",
    "exit_code",
    "twice",
)
