"""Bring an existing service under Lockstep without losing a line: a report first, then the files."""
