"""Tests of devenv.console; a package so that its helpers import relatively, whatever pytest's import mode is."""
