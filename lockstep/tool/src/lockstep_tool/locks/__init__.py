"""Judge `uv.lock` without a network, ask the registry when told to, bring it back to pyproject.toml."""
