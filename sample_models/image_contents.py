"""What files of a small service image hold: stand-ins of the right kind and plausible size, the same every time."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Mapping

from sample_models.image_archive import BUILT, Item

SITE = "usr/local/lib/python3.12/site-packages"
_PYC_MAGIC = b"\xcb\r\r\n"
"""Of CPython 3.12."""
_WORDS = ("image", "pixel", "batch", "label", "score", "table", "queue", "buffer", "window", "kernel", "filter", "stride",
          "padding", "layer", "weight", "tensor", "array", "index", "offset", "length", "header", "footer", "request",
          "response", "worker", "thread", "signal", "socket")  # fmt: skip


def noise(name: str, size: int) -> bytes:
    """Return bytes that do not compress, different for each name."""
    blocks = (hashlib.sha512(f"{name} {number}".encode()).digest() for number in range(size // 64 + 1))
    return b"".join(blocks)[:size]


def prose(name: str, size: int) -> bytes:
    """Return lines of words, different for each name."""
    picks = noise(name, size // 4 + 1)
    words = (_WORDS[pick % len(_WORDS)] + ("\n" if pick > 230 else " ") for pick in picks)
    return "".join(words).encode()[:size]


def program(name: str, size: int) -> bytes:
    """Return what begins like a program or library for x86-64 (an ELF header without sections), half of it compressible."""
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)
    half = (size - len(header)) // 2
    return header + noise(name, half) + bytes(size - len(header) - half)


def archive(name: str, size: int) -> bytes:
    """Return what begins like a static library or a Debian package."""
    return b"!<arch>\n" + noise(name, size - 8)


def module(name: str, functions: int) -> bytes:
    """Return the source of a Python module."""
    picks = noise(name, 3 * functions)
    parts = [f'"""The {name} of the service."""\n']
    for number in range(functions):
        first, second, third = (_WORDS[pick % len(_WORDS)] for pick in picks[3 * number : 3 * number + 3])
        parts.append(
            f"\n\ndef {first}_{second}_{number}({third}, scale={number}.0):\n"
            f'    """Return the {second} of every {third}."""\n'
            f"    return [value * scale for value in {third} if value is not None]\n"
        )
    return "".join(parts).encode()


def bytecode(path: str, source: bytes) -> Item:
    """Return the bytecode beside a module, with the header the interpreter would check it by."""
    folder, _, name = path.rpartition("/")
    header = _PYC_MAGIC + struct.pack("<III", 0, BUILT, len(source))
    body = b"\xe3" + noise(path, len(source) * 2 // 3)
    return Item(f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-312.pyc", header + body)


def distribution(name: str, version: str, files: Mapping[str, bytes], summary: str, compiled: bool) -> list[Item]:
    """Return an installed Python distribution: its files, metadata, a RECORD of all of them and, if compiled, bytecode."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {summary}\nLicense: Apache-2.0\n"
    wheel = "Wheel-Version: 1.0\nGenerator: sample 1\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    described = {f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel, f"{info}/INSTALLER": "pip\n"}
    described[f"{info}/top_level.txt"] = f"{min(files).partition('/')[0]}\n"
    contents = {**files, **{path: text.encode() for path, text in described.items()}}
    compiled_files = [
        bytecode(f"{SITE}/{path}", content) for path, content in files.items() if compiled and path.endswith(".py")
    ]
    lines = [_record_line(path, content) for path, content in sorted(contents.items())]
    lines += [f"{item.path.removeprefix(SITE + '/')},," for item in compiled_files]
    contents[f"{info}/RECORD"] = "\n".join((*lines, f"{info}/RECORD,,", "")).encode()
    return [*(Item(f"{SITE}/{path}", content) for path, content in contents.items()), *compiled_files]


def _record_line(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}"
