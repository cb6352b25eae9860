"""The page cache before a start: cold or warm as it is wanted, looked at, and a word where that was not achieved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.plain_line import plain_line
from inspector.records.measurement import CacheState

if TYPE_CHECKING:
    from inspector.isolation.page_cache import FileResidency, Residency
    from inspector.records.benchmark import PhaseSample

MOST_RESIDENT: Final = 0.1
"""Share of all watched bytes that may stay in the cache of a cold start. The interpreter and the C library never leave it,
since the process that measures has them mapped as well: 7 % of what ONNX Runtime loads, less of what a larger one does."""
MOST_RESIDENT_ARTIFACT: Final = 0.01
"""The same for the artifact's own files, which nothing but the process to be measured should have in use."""
LEAST_RESIDENT: Final = 0.99
"""Share of all watched bytes that must be in the cache of a warm start."""
_NAMED: Final = 3
_IN_USE: Final = "in use by running processes"


class CachedFiles:
    """The files that a start uses, and how much of them was in the page cache right before it."""

    def __init__(self, cache: CacheState, artifact_files: Sequence[str], used_files: Sequence[str]) -> None:
        self._cache = cache
        self._artifact = frozenset(_real(path) for path in artifact_files)
        # The artifact's come last, so that there is little time for others to read them again.
        self._files = (*sorted({_real(path) for path in used_files} - self._artifact), *sorted(self._artifact))
        self._found: Residency | None = None

    def prepare(self) -> None:
        """Bring about the wanted state of the cache, and look."""
        from inspector.isolation.page_cache import bring_in, evict, residency

        (evict if self._cache == "cold" else bring_in)(self._files)
        self._found = residency(self._files)

    @property
    def resident_share(self) -> float | None:
        """Of the files' bytes, between 0 and 1, right before the start; None where it is not known."""
        return None if self._found is None else self._found.share

    def note_after(self, phases: Sequence[PhaseSample]) -> str:
        """Return the note of a start with these phases, which can show that a cold cache did not last.

        Between eviction and its phase another process can read the artifact: most of it then comes from no storage, while
        other phases did read from there (where none does, the platform does not count).
        """
        if self._cache != "cold" or self._found is None:
            return self.note
        gone = sum(file.total_bytes - (file.resident_bytes or 0) for file in self._found.files if file.path in self._artifact)
        read = next((phase.read_bytes for phase in phases if phase.name == "read"), None)
        if read is None or read * 2 >= gone or not any(phase.read_bytes for phase in phases if phase.name != "read"):
            return self.note
        why = "another process read the artifact meanwhile"
        return f"{self.note}; {why}" if self.note else f"cold cache not achieved: {why}"

    @property
    def note(self) -> str:
        """Why the wanted state was not achieved; empty where it was, but for what the kernel does not tell."""
        found = self._found
        if found is None or found.share is None:
            return "" if found is None else "what is in the page cache is not known"
        if self._cache == "warm":
            why = "" if found.share >= LEAST_RESIDENT else f"warm cache not achieved: {found.share:.1%} of the files is in it"
        else:
            why = self._why_not_cold(found)
        return "; ".join(text for text in (why, found.note) if text)

    def _why_not_cold(self, found: Residency) -> str:
        share = found.share or 0.0
        own = [file for file in found.files if file.path in self._artifact]
        total = sum(file.total_bytes for file in own)
        stays = sum(file.resident_bytes or 0 for file in own)
        if share <= MOST_RESIDENT and stays <= MOST_RESIDENT_ARTIFACT * total:
            return ""
        others = [file for file in found.files if file.path not in self._artifact] if share > MOST_RESIDENT else []
        staying = [*_by_size(own), *_by_size(others)]
        return f"cold cache not achieved: {share:.0%} of the files stays in it: {_named(staying)}"


def _by_size(files: Sequence[FileResidency]) -> list[FileResidency]:
    """Return the files of which something is cached, those with most of it first."""
    return sorted((file for file in files if file.resident_bytes), key=lambda file: -(file.resident_bytes or 0))


def _named(staying: Sequence[FileResidency]) -> str:
    """Return the names of the first files, with the reason why they stay."""
    shown = [f"{plain_line(Path(file.path).name, 60)} ({file.why_stays or _IN_USE})" for file in staying[:_NAMED]]
    more = len(staying) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _real(path: str) -> str:
    """Return the file that a path leads to, so that none is counted twice."""
    try:
        return str(Path(path).resolve())
    except (OSError, RuntimeError):
        return path
