"""The service: what the team writes. How it is served and proved is `lockstep/`'s part."""
