"""Find what files of a service state: versions, commands, images, actions, variables and numbers; move them together."""
