"""Work for a child process that never ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable


def sleep(seconds: int, report: Callable[[int, int, str], None]) -> int:
    """Sleep and give the seconds back."""
    report(0, seconds, "asleep")
    time.sleep(seconds)
    return seconds
