"""Start the production server, do to it what happens to servers, and count what is lost."""
