"""`python -m inspector` is the command `modelpack-tui`."""

import sys

from inspector.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
