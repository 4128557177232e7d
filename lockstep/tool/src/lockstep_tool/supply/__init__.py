"""The components of the lock and of the image, and what is known against them."""
