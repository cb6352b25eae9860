"""Values of a plan as a person types and reads them; what is not understood gives None."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from inspector.records.measurement import CacheState

Value = TypeVar("Value")

_MOST_VALUES = 16
_LARGEST = 1 << 20
_MOST_CPUS = 1024.0
_LONGEST_SECONDS = 86_400.0
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?) *([a-z]*)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"": 1.0, "b": 1.0, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9}
_BITS = {"kbit": 125.0, "mbit": 125e3, "gbit": 125e6}


def _several(text: str, one: Callable[[str], Value | None]) -> tuple[Value, ...] | None:
    """Return distinct values in the order typed; None where one is not understood, or there is none, or there are many."""
    found = [one(word) for word in text.replace(",", " ").split()]
    known = tuple(dict.fromkeys(value for value in found if value is not None))
    return known if known and len(known) <= _MOST_VALUES and None not in found else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= _LARGEST else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def batches(text: str) -> tuple[int, ...] | None:
    """Return batch sizes from "1,8"."""
    return _several(text, _whole)


def threads(text: str) -> tuple[int, ...] | None:
    """Return numbers of threads from "1,2,all"; 0 stands for all."""
    return _several(text, lambda word: 0 if word in ("all", "0") else _whole(word))


def caches(text: str) -> tuple[CacheState, ...] | None:
    """Return states of the page cache from "cold, warm" or "both"."""
    states: dict[str, CacheState] = {"cold": "cold", "warm": "warm"}
    words = "cold warm" if text.strip() == "both" else text.replace(" and ", " ")
    return _several(words, states.get)


def loads(text: str) -> tuple[float, ...] | None:
    """Return shares of capacity from "50,70 %" or "0.5"."""

    def one(word: str) -> float | None:
        number = _number(word)
        share = number / 100 if number is not None and number >= 1 else number
        return share if share is not None and share <= 0.99 else None

    return _several(text.replace("%", " "), one)


def cpus(text: str) -> tuple[float, ...] | None:
    """Return processors' time a second from "1,0.5"."""

    def one(word: str) -> float | None:
        number = _number(word)
        return number if number is not None and 0.01 <= number <= _MOST_CPUS else None

    return _several(text, one)


def seconds(text: str) -> float | None:
    """Return seconds from "60", "60s", "5m"."""
    found = _quantity(text, _SECONDS)
    return found if found is not None and found <= _LONGEST_SECONDS else None


def bandwidth(text: str) -> int | None:
    """Return bytes a second from "125MB", "1Gbit"."""
    found = _quantity(text.removesuffix("/s"), {**_BYTES, **_BITS})
    return round(found) if found is not None and 1 <= found <= 1e15 else None


def _quantity(text: str, units: dict[str, float]) -> float | None:
    match = _QUANTITY.fullmatch(text.strip().casefold())
    if match is None or match[2] not in units:
        return None
    return float(match[1]) * units[match[2]] or None


def command(text: str) -> tuple[str, ...] | None:
    """Return the words of a command as a shell splits them; none for an empty text."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return None


def ready(text: str) -> str | None:
    """Return what counts as ready, where it is one of the ways there are."""
    wanted = text.strip()
    known = wanted in ("", "exit") or (wanted.startswith("log:") and len(wanted) > 4) or _is_http(wanted)
    return wanted if known else None


def _is_http(text: str) -> bool:
    try:
        address = urlsplit(text)
        return address.scheme == "http" and bool(address.hostname) and address.port != 0
    except ValueError:
        return False


def numbers_text(numbers: Sequence[float]) -> str:
    """Return "1, 0.5, 0.25"."""
    return ", ".join(f"{number:g}" for number in numbers)


def shares_text(shares: Sequence[float]) -> str:
    """Return "50, 70, 90 %"."""
    return f"{', '.join(f'{share * 100:g}' for share in shares)} %"


def threads_typed(counts: Sequence[int]) -> str:
    """Return "1,2,all"."""
    return ",".join(str(count) if count else "all" for count in counts)


def shares_typed(shares: Sequence[float]) -> str:
    """Return "50,70,90": percent."""
    return ",".join(f"{share * 100:g}" for share in shares)


def seconds_typed(number: float) -> str:
    """Return "60s"."""
    return f"{number:g}s"


def bandwidth_typed(bytes_per_second: int) -> str:
    """Return "125MB"."""
    return f"{bytes_per_second / 1e6:g}MB"


def command_typed(words: Sequence[str]) -> str:
    """Return the words as a shell reads them back."""
    return shlex.join(words)
