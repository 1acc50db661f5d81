"""What an engine decides, without an engine."""
