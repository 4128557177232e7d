# Lockstep's: the environment tool of this service. Change it by `copier update`, not by hand.
"""Serve, prove and compare: the laptop, CI and the production container run one setup."""

__all__ = ["__version__"]

__version__ = "0.1.0"
