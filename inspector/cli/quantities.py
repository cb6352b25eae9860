"""Numbers, times and sizes as people type them; whatever else is typed is refused in one line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import TypeVar

Word = TypeVar("Word")

LARGEST = 2**31 - 1
"""Lengths beyond it exist in no runtime."""

MOST_THREADS = 1024
MOST_JOBS = 64
LONGEST_SECONDS = 7 * 24 * 3600
LEAST_MEMORY = 256 * 1024**2
"""Bytes below which no runtime starts."""

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_DECIMAL = {f"{prefix}B": 1000**power for power, prefix in enumerate(("", "K", "M", "G", "T"))}
_BINARY = {f"{prefix}{suffix}": 1024**power for power, prefix in enumerate("KMGT", start=1) for suffix in ("", "iB")}
_BYTES = {name.lower(): factor for name, factor in {"": 1, **_DECIMAL, **_BINARY}.items()}
_BITS = {"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}
MOST_VALUES = 16
"""Values that one option may list."""
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([a-zA-Z]*(?:/s)?)\Z")


def length(text: str) -> int:
    """Return a whole number from 1 to LARGEST."""
    return _whole(text, 1, LARGEST)


def lengths(text: str) -> tuple[int, ...]:
    """Return whole numbers from 1 to LARGEST, joined by commas, none twice."""
    return _distinct(tuple(length(part) for part in _parts(text)), text)


def thread_counts(text: str) -> tuple[int, ...]:
    """Return whole numbers from 1 to MOST_THREADS, joined by commas, none twice."""
    return _distinct(tuple(_whole(part, 1, MOST_THREADS) for part in _parts(text)), text)


def job_count(text: str) -> int:
    """Return a whole number from 1 to MOST_JOBS."""
    return _whole(text, 1, MOST_JOBS)


def shares(text: str, most: float) -> tuple[float, ...]:
    """Return numbers above 0 up to most, joined by commas, none twice; percentages (50%) are shares."""
    return _distinct(tuple(_share(part, most) for part in _parts(text)), text)


def words(text: str, meanings: Mapping[str, Word]) -> tuple[Word, ...]:
    """Return what the words mean, joined by commas, none twice."""
    parts = [part.strip() for part in _parts(text)]
    for part in parts:
        if part not in meanings:
            raise argparse.ArgumentTypeError(f"there is no {part or '(empty)'} among {', '.join(meanings)}")
    return _distinct(tuple(meanings[part] for part in parts), text)


def bandwidth(text: str) -> int:
    """Return a rate as bytes a second: 1Gbit/s, 100Mbit/s."""
    match = _QUANTITY.match(text)
    found = int(float(match[1]) * _BITS[match[2]] / 8) if match and match[2] in _BITS else 0
    if not 1000 <= found < 2**50:
        raise argparse.ArgumentTypeError(f"'{text}' is not a rate of at least 8kbit/s, such as 100Mbit/s or 1Gbit/s")
    return found


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


def _share(text: str, most: float) -> float:
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    match = _QUANTITY.match(number)
    found = float(match[1]) / (100 if percent else 1) if match and not match[2] else 0.0
    if not 0 < found <= most:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0 up to {most:g}")
    return found


def _parts(text: str) -> list[str]:
    parts = text.split(",", MOST_VALUES)
    if len(parts) > MOST_VALUES:
        raise argparse.ArgumentTypeError(f"more than {MOST_VALUES} values")
    return parts


def _distinct(values: tuple[Word, ...], text: str) -> tuple[Word, ...]:
    if len(set(values)) != len(values):
        raise argparse.ArgumentTypeError(f"'{text}' names something twice")
    return values
