"""Build the production image, look into it, build it again and compare, publish it."""
