"""What `parity` asks of each environment that it looks into."""

ORDER = (
    "inputs",
    "python",
    "packages",
    "wheels",
    "bytes",
    "unowned_files",
    "modes",
    "search_path",
    "byte_code",
    "source",
    "server",
    "behaviour",
    "flags",
    "time",
    "ambient",
    "uv_settings",
    "tools",
    "interpreter",
    "libraries",
    "process",
)
