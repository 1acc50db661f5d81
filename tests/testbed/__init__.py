"""A real Docker engine and stand-in images for the tests; never imported or started by `devenv` itself."""
