"""What of the project goes into the image, worked out from its files alone; no module here knows an engine."""
