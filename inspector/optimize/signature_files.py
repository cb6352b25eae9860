"""Names of the files that signatures of one artifact become, where each needs a file of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

_LONGEST = 80


def signature_files(first: str, signatures: Sequence[str]) -> list[str]:
    """Return a file name for each signature, none twice and such as any file system takes; the first one's is given.

    The others are first with the signature's name before its suffix: "model.onnx" is followed by "model.encode.onnx".
    """
    stem, suffix = PurePath(first).stem, PurePath(first).suffix
    names = [first]
    for signature in signatures[1:]:
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", signature)[:_LONGEST] or "signature"
        taken = {name.casefold() for name in names}
        tries = (f"{stem}.{safe}{'' if number == 1 else f'.{number}'}{suffix}" for number in range(1, len(signatures) + 1))
        names.append(next(name for name in tries if name.casefold() not in taken))
    return names
