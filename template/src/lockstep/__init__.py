# Lockstep's: the environment tool of this service. Change it by `copier update`, not by hand.
"""Serve, prove and compare: the laptop, CI and the production container run one setup.

Here is what several packages need, and what the service itself imports. `serve` runs in production, `proof` puts that
through its paces; `places`, `locks`, `files` and `images` judge; `supply` lists what is shipped; `checks` looks at any
repository. Only standard library, because all of it lies in the image.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
