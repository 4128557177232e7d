# Lockstep's: a look at any repository. Change it by `copier update`, not by hand.
"""What `check` looks at, read only, where Lockstep is not, or not yet."""
