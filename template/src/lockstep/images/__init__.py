# Lockstep's: the image. Change it by `copier update`, not by hand.
"""Build it, hold it to its contract, build it again and compare, publish it."""
