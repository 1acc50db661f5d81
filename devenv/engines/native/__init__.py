"""The native engine: the stack as processes of this machine, kept by one supervisor a project; needs no Docker."""

NOTE = "processes.json"
"""The supervisor's note in a project's state. Without it there was never a process, and nobody has to load the rest."""
