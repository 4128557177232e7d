"""What `image` asks of a built image."""
