"""The manifest: what the user wrote in devenv.toml, validated, nothing filled in from elsewhere; knows no engine."""
