"""What stands around a WSGI application."""
