"""Look into laptop, CI, image and running container, and compare each with what the repository declares."""
