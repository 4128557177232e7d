# Lockstep's: verdicts on the lock. Change it by `copier update`, not by hand.
"""Judge `uv.lock` without a network, ask the registry when told to, bring it back to pyproject.toml."""
