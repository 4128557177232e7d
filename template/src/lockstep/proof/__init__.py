# Lockstep's: what servers are put through. Change it by `copier update`, not by hand.
"""Start the production server, do to it what happens to servers, and count what is lost."""
