"""A manifest and the files it must come to, a folder each."""
