"""What `audit` asks a vulnerability service."""
