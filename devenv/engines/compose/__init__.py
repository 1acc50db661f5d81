"""The compose engine: Compose creates what the rendered file says, the Engine API starts, observes and removes it."""
