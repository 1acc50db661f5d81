"""`python -m devenv`: the command line, for where the script is not on the PATH."""

from devenv.cli import main

if __name__ == "__main__":
    main()
