"""Catches mail for development and shows it, with the parts of Mailpit's API that tests use; delivers nothing."""
