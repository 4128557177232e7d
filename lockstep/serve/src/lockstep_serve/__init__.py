"""What serves a service in production, and what its application may ask: is it draining, and what is running here.

These names are the public surface; everything else may change with any version.
"""

from lockstep_serve.drain import draining
from lockstep_serve.identity import Identity, identity

__all__ = ["Identity", "draining", "identity"]
