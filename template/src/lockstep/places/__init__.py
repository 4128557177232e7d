# Lockstep's: places, looked into and compared. Change it by `copier update`, not by hand.
"""Look into laptop, CI, image and running container, and judge each against the repository's promise."""
