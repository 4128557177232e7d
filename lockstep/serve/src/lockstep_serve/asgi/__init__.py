"""What stands around an ASGI application."""
