"""Texts that devenv writes: right for those who read them, and never over what is not ours."""
