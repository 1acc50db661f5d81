"""Recipes are data: one parametrised test looks at every file."""
