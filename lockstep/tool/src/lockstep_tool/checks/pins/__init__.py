"""What `pins` asks of the files that repeat a version, a command or a number."""

ORDER = ("layout", "versions", "commands", "settings", "deploy_files", "proxy", "actions", "images", "not_judged")
