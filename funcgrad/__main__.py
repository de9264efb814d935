"""``python -m funcgrad``, the same as the command ``funcgrad``."""

import sys

from funcgrad.command import main

if __name__ == "__main__":
    sys.exit(main())
