"""The parts of the probe: they run inside the environment that is looked into, and use the standard library only."""
