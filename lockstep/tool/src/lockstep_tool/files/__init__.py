"""Find every place that repeats a version, a number or a command, and hold it against its one voice."""
