# Lockstep's: what is shipped. Change it by `copier update`, not by hand.
"""The components of the lock and of the image, and what is known against them."""
