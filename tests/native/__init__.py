"""The native engine: real servers as real processes."""
