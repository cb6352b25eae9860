"""The list of artifacts opened lately, kept across runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspector.records.artifact import Artifact
    from inspector.records.opened import Opened

MOST_ENTRIES = 20
_LARGEST_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class RecentArtifact:
    """One artifact opened before: absolute path, format, bytes and when (seconds since the epoch)."""

    path: str
    format: str
    size_bytes: int
    opened: float


class RecentList:
    """Reads and writes recent.json; a missing, unreadable or corrupt file is an empty list, a failing write is no error."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @classmethod
    def in_state_folder(cls) -> RecentList:
        """Return the list under XDG_STATE_HOME (default ~/.local/state)."""
        named = os.environ.get("XDG_STATE_HOME", "")
        state = Path(named) if Path(named).is_absolute() else Path("~/.local/state").expanduser()
        return cls(state / "modelpack-tui" / "recent.json")

    def entries(self) -> tuple[RecentArtifact, ...]:
        """Return the artifacts, latest first."""
        import json

        try:
            if self.file.stat().st_size > _LARGEST_FILE:
                return ()
            document = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return ()
        rows = document.get("recent") if isinstance(document, dict) else None
        found = (_entry(row) for row in rows[:MOST_ENTRIES]) if isinstance(rows, list) else ()
        return tuple(entry for entry in found if entry is not None)

    def add(self, artifact: Artifact) -> None:
        """Put an artifact at the top."""
        self.put(artifact.path, artifact.format, artifact.size_bytes)

    def put(self, named: str, format_: str, size_bytes: int) -> None:
        """Put a path at the top, with what it holds and its bytes."""
        import json
        import time

        path = named if on_engine(named) else str(Path(named).absolute())
        latest = RecentArtifact(path, format_, size_bytes, time.time())
        kept = (latest, *(entry for entry in self.entries() if entry.path != path))[:MOST_ENTRIES]
        text = json.dumps({"schema": 1, "recent": [asdict(entry) for entry in kept]}, indent=1)
        with contextlib.suppress(OSError, UnicodeError):
            _write(self.file, text)


def remembered(opened: Opened) -> Artifact:
    """Return an artifact as the list takes it: one on an engine under a name that says so."""
    from dataclasses import replace

    from inspector.tui.tabs import artifact_shown
    from inspector.workflows.targets import SCHEME

    artifact = artifact_shown(opened)
    if artifact.format == "image" and getattr(opened, "image").source == "engine":  # noqa: B009
        return replace(artifact, path=SCHEME + artifact.path.removeprefix(SCHEME))
    return artifact


def on_engine(path: str) -> bool:
    """Return whether this names an image on an engine, not a path."""
    return path.startswith("docker://")


def _entry(row: object) -> RecentArtifact | None:
    if not isinstance(row, Mapping):
        return None
    values: Mapping[str, Any] = row
    path, kind = values.get("path"), values.get("format")
    number, opened = values.get("size_bytes"), values.get("opened")
    if not isinstance(path, str) or not path or "\0" in path or not isinstance(kind, str):
        return None
    if not isinstance(number, int) or not isinstance(opened, (int, float)):
        return None
    return RecentArtifact(path, kind, number, float(opened))


def _write(file: Path, text: str) -> None:
    """Write the file as a whole or not at all: a temporary file in the same folder takes its place."""
    import tempfile

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=".recent-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
