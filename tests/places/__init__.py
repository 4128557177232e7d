"""Places to build and run services in: a container engine, base images, and an interpreter that uv installs, all made offline."""
