"""The native engine: the stack as processes of this machine, kept by one supervisor a project; needs no Docker."""
