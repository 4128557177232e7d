"""What `lock` asks of uv.lock, of the locks of scripts, and of the tool's own."""

ORDER = ("fresh", "honest", "wheels", "tool", "cooldown", "registry")
