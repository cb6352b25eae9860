"""Digests as OCI writes them: algorithm:encoded (image-spec, descriptor.md)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_LENGTHS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_SHAPE: Final = re.compile(r"(sha256|sha384|sha512):([0-9a-f]{64,128})", re.ASCII)
_BLOB_NAME: Final = re.compile(r"blobs/(sha256|sha384|sha512)/([0-9a-f]{64,128})", re.ASCII)


def is_digest(text: str) -> bool:
    """Tell whether text is a digest of a known algorithm and of its length; nothing else may become part of a path."""
    match = _SHAPE.fullmatch(text)
    return match is not None and len(match[2]) == _LENGTHS[match[1]]


def blob_name(digest: str) -> str:
    """Return where a layout keeps the blob with that digest; raises ValueError for what is no digest."""
    if not is_digest(digest):
        raise ValueError("not a digest")
    algorithm, _, encoded = digest.partition(":")
    return f"blobs/{algorithm}/{encoded}"


def digest_in_name(name: str) -> str:
    """Return the digest that the name of a blob stands for; empty for other names."""
    match = _BLOB_NAME.fullmatch(name)
    digest = f"{match[1]}:{match[2]}" if match else ""
    return digest if is_digest(digest) else ""


def matches(data: bytes, digest: str) -> bool:
    """Tell whether data has that digest; raises ValueError for what is no digest."""
    if not is_digest(digest):
        raise ValueError("not a digest")
    algorithm, _, encoded = digest.partition(":")
    return hashlib.new(algorithm, data).hexdigest() == encoded


def sha256_of(data: bytes) -> str:
    """Return the digest of data."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
