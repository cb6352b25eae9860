"""Which signature of a .tflite file is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.errors import UsageError
from inspector.isolation.plain_line import plain_line

DEFAULT_SIGNATURE: Final = "serving_default"


def chosen(wanted: str, offered: Sequence[str]) -> str:
    """Return the raw name of the signature to call ("": the default one, else the first by name); "" where there are none.

    Raises UsageError where there is none of that name.
    """
    names = sorted(offered)
    if not wanted:
        return DEFAULT_SIGNATURE if DEFAULT_SIGNATURE in names else next(iter(names), "")
    if wanted in names:
        return wanted
    held = f"it has {', '.join(plain_line(name, 60) for name in names[:12])}" if names else "it has none"
    raise UsageError(f'it has no signature "{plain_line(wanted, 80)}"; {held}', "name one of them" if names else "name none")
