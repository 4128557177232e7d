"""What services are built and run in: a container engine, base images, and an interpreter that uv installs, all made offline."""
