"""Look into laptop, CI, image and running container, and judge each against the repository's promise."""
