"""The command line where no engine is needed, or none is there."""
