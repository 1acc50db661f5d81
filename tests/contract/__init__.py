"""What every engine must do, in the same words for each: see `ENGINES` in conftest.py."""
