"""The commands of `lockstep`, a module each: its docstring, its words, and what it does in a service's directory."""
