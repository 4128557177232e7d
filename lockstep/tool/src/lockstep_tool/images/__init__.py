"""Build it, hold it to its contract, build it again and compare, publish it."""
