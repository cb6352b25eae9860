"""TOML as plain values, within bounds: a file of rules may come from a stranger."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

from inspector.errors import InspectorError, UsageError
from inspector.formats.clean_text import one_line

LARGEST: Final = 1 << 20
"""Bytes of a file."""

MOST_PARTS: Final = 64
"""Parts of one dotted key, which reading takes the square of; rules need five."""

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY: Final = re.compile(rf"(?:{_PART}[ \t]*\.[ \t]*){{{MOST_PARTS}}}")
_DEEP: Final = re.compile(r"[\[{](?:[\s,]*[\[{]){32}")


class BadToml(Exception):
    """The text is no TOML, or more than is read: what is wrong, in one line that is safe to show."""


def text_of(path: Path) -> str:
    """Return the text of the file at path; UsageError where it cannot be read, is too large or no UTF-8."""
    from inspector.formats.onnx.open_file import open_regular

    label = one_line(path)
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            data = file.read(LARGEST + 1)
    except InspectorError as error:
        raise UsageError(error.message.replace("not a model file", "no file of rules"), "name a modelpack.toml") from None
    except OSError as error:
        raise UsageError(f"{label}: {error.strerror or error}", "check the disk") from None
    if len(data) > LARGEST:
        raise UsageError(f"{label}: is larger than {LARGEST:,} bytes", "a file of rules takes a few kilobytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{label}:{line}: is no UTF-8", "save the file as UTF-8") from None


def parse_toml(text: str) -> dict[str, Any]:
    """Return the values in the text; raises BadToml."""
    import tomllib

    if _LONG_KEY.search(text):
        raise BadToml(f"a key has more than {MOST_PARTS} parts")
    if _DEEP.search(text):
        raise BadToml("lists and tables are nested too deep")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadToml(one_line(error)) from None
    except RecursionError:
        raise BadToml("lists and tables are nested too deep") from None
    except ValueError as error:
        raise BadToml(f"cannot be read: {one_line(error)}") from None
