"""Judge locks by what they say, ask the index what it has now, bring uv.lock back to pyproject.toml."""
