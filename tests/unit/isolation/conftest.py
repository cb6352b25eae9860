"""Lets child processes of these tests import child_entries by name, as they import the program's own entries."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
