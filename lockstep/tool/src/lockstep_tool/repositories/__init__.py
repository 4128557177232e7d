"""What `check` looks at, read only, where Lockstep is not, or not yet."""
