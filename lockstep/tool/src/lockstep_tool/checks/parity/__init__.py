"""What `parity` asks of an environment."""
