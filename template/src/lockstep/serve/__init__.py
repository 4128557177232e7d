# Lockstep's: what production runs. Change it by `copier update`, not by hand.
"""The definition, the server models and what stands around them: all that a request in production meets."""
