"""The wheel, built and installed elsewhere."""
