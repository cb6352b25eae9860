"""Numbers, times and sizes as people type them; whatever else is typed is refused in one line."""

from __future__ import annotations

import argparse
import re

LARGEST = 2**31 - 1
"""Lengths beyond it exist in no runtime."""

MOST_THREADS = 1024
LONGEST_SECONDS = 7 * 24 * 3600
LEAST_MEMORY = 256 * 1024**2
"""Bytes below which no runtime starts."""

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_DECIMAL = {f"{prefix}B": 1000**power for power, prefix in enumerate(("", "K", "M", "G", "T"))}
_BINARY = {f"{prefix}{suffix}": 1024**power for power, prefix in enumerate("KMGT", start=1) for suffix in ("", "iB")}
_BYTES = {name.lower(): factor for name, factor in {"": 1, **_DECIMAL, **_BINARY}.items()}
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([a-zA-Z]*)\Z")


def length(text: str) -> int:
    """Return a whole number from 1 to LARGEST."""
    return _whole(text, 1, LARGEST)


def thread_count(text: str) -> int:
    """Return a whole number from 1 to MOST_THREADS."""
    return _whole(text, 1, MOST_THREADS)


def seed_number(text: str) -> int:
    """Return a whole number from 0 to LARGEST."""
    return _whole(text, 0, LARGEST)


def seconds(text: str) -> float:
    """Return a time as seconds: 60s, 5m, 1.5h."""
    match = _QUANTITY.match(text)
    found = float(match[1]) * _SECONDS[match[2]] if match and match[2] in _SECONDS else 0.0
    if not 0 < found <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time of up to a week, such as 60s, 5m or 1h")
    return found


def byte_count(text: str) -> int:
    """Return a size as bytes: 4GiB and 4G are powers of 1,024, 4GB of 1,000."""
    match = _QUANTITY.match(text)
    found = int(float(match[1]) * _BYTES[match[2].lower()]) if match and match[2].lower() in _BYTES else 0
    if not LEAST_MEMORY <= found < 2**50:
        raise argparse.ArgumentTypeError(f"'{text}' is not a size of at least 256MiB, such as 4GiB or 800MB")
    return found


def _whole(text: str, least: int, most: int) -> int:
    digits = text.lstrip("0") or "0"
    if text.isascii() and text.isdigit() and len(digits) <= len(str(most)) and least <= int(digits) <= most:
        return int(digits)
    raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} to {most}")
