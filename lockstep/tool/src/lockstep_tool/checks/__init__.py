"""Everything that is compared or judged: one module a check, in the package of the session that runs it."""
