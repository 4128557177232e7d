"""What the service answers; tests write it anew to see which code is served."""

__all__ = ["GREETING"]

GREETING = "Hello"
