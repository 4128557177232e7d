"""A service as small as one can be, to be served by every model."""
