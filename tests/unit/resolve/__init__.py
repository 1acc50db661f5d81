"""What a manifest comes to, and what is wrong with it."""
