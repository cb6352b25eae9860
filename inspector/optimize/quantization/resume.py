"""What an interrupted search left behind, so that the next one for the same model, inputs and versions goes on from there.

It lies in the user's cache folder and is never trusted: what is damaged, too large, not a regular file of this user or of
another make is ignored, and a search that cannot write goes on without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from inspector.optimize.quantization.fallback_influence_answer import Influence
from inspector.records.optimization import InputSet, Judgement, NodeSensitivity

_FORMAT: Final = 1
_LARGEST_STATE: Final = 4 << 20
_LARGEST_RANGES: Final = 32 << 20
_MOST_SEARCHES: Final = 32
_STATE: Final = "state.msgpack"  # JSON has no infinity, which is the SQNR of a node that loses nothing

EARLIER: Final = "from an earlier run"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that an earlier run had judged, or could not make, and why it was not taken."""

    key: str
    name: str
    outcome: str
    reason: str
    failed_at: str = ""
    sqnr_db: float | None = None
    cosine: float | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a search; terms are what the judge demanded, under which alone verdicts hold."""

    format: int = _FORMAT
    terms: str = ""
    rejected: tuple[Rejected, ...] = ()
    passed: tuple[str, ...] = ()
    """Keys of candidates that passed: they are made again, first."""
    sensitivity: tuple[NodeSensitivity, ...] = ()
    influence: Mapping[str, tuple[Influence, ...]] = field(default_factory=dict)
    """What nodes do alone, by the key of the trial that was looked into."""


@dataclass(slots=True)
class SearchMemory:
    """Reads and writes the memory of one search; folder None remembers nothing."""

    folder: Path | None
    memory: Memory = field(default_factory=Memory)

    @classmethod
    def of(cls, identity: Sequence[str]) -> SearchMemory:
        """Return the memory of the search that these texts tell apart from any other."""
        key = hashlib.sha256("\0".join(identity).encode("utf-8", "surrogateescape")).hexdigest()[:40]
        folder = cache_folder() / key
        return cls(folder, _read(folder / _STATE))

    def rejected(self, key: str) -> Rejected | None:
        """Return why an earlier run did not take the candidate of that key, None where it is not known."""
        return next((one for one in self.memory.rejected if one.key == key), None)

    def note(self, **changes: Any) -> None:
        """Remember more, at once and whole or not at all."""
        from dataclasses import replace

        self.memory = replace(self.memory, **changes)
        self._write()

    def forget(self) -> None:
        """Start over with the verdicts; collected ranges are true whatever the judge demands, and may be in use."""
        self.memory = Memory()
        if self.folder is not None:
            with contextlib.suppress(OSError):
                (self.folder / _STATE).unlink(missing_ok=True)

    def ranges(self, method: str) -> Path | None:
        """Return the file of ranges an earlier run collected by a method."""
        if self.folder is None:
            return None
        file = self.folder / f"ranges-{method}"
        return file if _is_ours(file, _LARGEST_RANGES) else None

    def keep_ranges(self, method: str, source: str) -> None:
        """Keep a copy of collected ranges."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            if Path(source).stat().st_size <= _LARGEST_RANGES:
                self._make_folder(self.folder)
                draft = self.folder / f"ranges-{method}.{os.getpid()}.draft"
                shutil.copyfile(source, draft)
                draft.replace(self.folder / f"ranges-{method}")

    def _write(self) -> None:
        import msgspec

        if self.folder is None:
            return
        data = msgspec.msgpack.encode(self.memory)
        if len(data) > _LARGEST_STATE:
            return
        with contextlib.suppress(OSError):
            self._make_folder(self.folder)
            draft = self.folder / f"{_STATE}.{os.getpid()}.draft"
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / _STATE)

    @staticmethod
    def _make_folder(folder: Path) -> None:
        """Make the folder, and room for it: the searches longest untouched go first."""
        if folder.is_dir():
            return
        folder.mkdir(parents=True, mode=0o700)
        searches = [entry for entry in folder.parent.iterdir() if entry.is_dir() and not entry.is_symlink()]
        searches.sort(key=lambda entry: entry.stat().st_mtime)
        for old in searches[:-_MOST_SEARCHES]:
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)


def cache_folder() -> Path:
    """Return the folder of searches under XDG_CACHE_HOME (default ~/.cache); relative values are ignored, as the XDG base
    directory specification asks."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path("~/.cache").expanduser()
    return base / "modelpack-tui" / "int8"


def digest_of(inputs: InputSet) -> str:
    """Return a digest of the values of an InputSet, from the checksums its files carry."""
    digest = hashlib.sha256("\0".join(inputs.names).encode("utf-8", "surrogateescape"))
    for index in range(inputs.count):
        try:
            with zipfile.ZipFile(Path(inputs.folder, f"{index:05d}.npz")) as archive:
                members = sorted((entry.filename, entry.CRC, entry.file_size) for entry in archive.infolist())
        except (OSError, zipfile.BadZipFile):
            members = []
        digest.update(repr(members).encode())
    return digest.hexdigest()


def terms_of(judgement: Judgement) -> str:
    """Return what the judge demanded, as far as a judgement tells: the gates, and the terms of conformance."""
    gates = sorted((check.gate.figure, check.gate.bound, check.gate.threshold) for check in judgement.gates)
    met = judgement.conformance
    terms = (met.metric, met.margin, met.confidence, met.samples) if met is not None else ()
    return repr((gates, terms)) if gates else ""


def _read(file: Path) -> Memory:
    """Return what the file holds, nothing where that cannot be trusted."""
    import msgspec

    if not _is_ours(file, _LARGEST_STATE):
        return Memory()
    try:
        memory = msgspec.msgpack.decode(file.read_bytes(), type=Memory)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Memory()
    return memory if memory.format == _FORMAT else Memory()


def _is_ours(file: Path, largest: int) -> bool:
    """Whether it is a regular file of this user, not too large, that no one else may write."""
    try:
        status = file.lstat()
    except OSError:
        return False
    if not stat.S_ISREG(status.st_mode) or status.st_size > largest:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
