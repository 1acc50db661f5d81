"""devenv: one TOML manifest in, a running, ready development environment out."""

__version__ = "0.1.0"
