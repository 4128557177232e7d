"""What stands around the server, run for its tests: units as systemd reads them, nginx with the rendered files, and clients."""
