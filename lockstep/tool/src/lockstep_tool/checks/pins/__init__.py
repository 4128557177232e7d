"""What `pins` asks of the files that repeat a version, a command or a number."""

ORDER = (
    "layout",
    "definition",
    "versions",
    "commands",
    "ci_files",
    "menu",
    "settings",
    "requests",
    "deploy_files",
    "compose_file",
    "kubernetes_files",
    "systemd_units",
    "proxy",
    "build_file",
    "uv_toml",
    "actions",
    "images",
    "not_judged",
)
