"""Globs of absolute paths, matched without backtracking however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Final

from inspector.errors import UsageError

_LONGEST: Final = 4096
_MOST_SEGMENTS: Final = 64
_MOST_WITH_WILDCARDS: Final = 64
_WILDCARD: Final = re.compile(r"[*?\[]")
_STARS: Final = re.compile(r"\*+")

Segment = str | re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Glob:
    """One glob: folders that are written out, then runs of segments between which any folders may lie."""

    text: str
    prefix: str
    runs: tuple[tuple[Segment, ...], ...] = ()
    is_anchored: bool = True
    """Whether the first run follows the prefix at once."""
    below_only: bool = False
    """Whether only what lies in the matched folder is meant."""

    def matches_rest(self, parts: Sequence[str], start: int) -> bool:
        """Tell whether what follows the prefix matches the parts of a path from start on, or the folders first among them.

        The end is open, so the first place where a run fits is the best one.
        """
        at = start
        for number, run in enumerate(self.runs):
            end = _fit(run, parts, at, is_here=number == 0 and self.is_anchored)
            if end is None:
                return False
            at = end
        return not self.below_only or at < len(parts)


def _fit(run: Sequence[Segment], parts: Sequence[str], start: int, *, is_here: bool) -> int | None:
    """Return where a run of segments ends that begins at start, or at the first place after it."""
    last = start if is_here else len(parts) - len(run)
    for at in range(start, last + 1):
        end = at + len(run)
        if end <= len(parts) and all(map(_fits, run, parts[at:end])):
            return end
    return None


def _fits(segment: Segment, part: str) -> bool:
    return segment == part if isinstance(segment, str) else segment.match(part) is not None


def parse_glob(text: str) -> Glob | None:
    """Return the glob that a text is; None where it is none, since it does not begin with "/" or has ".." in it.

    "*", "?" and "[…]" stand for characters of one name, "**" for any folders; a glob that matches a folder means all that is
    in it, and "/" at its end only that. Raises UsageError for globs that are longer than paths.
    """
    if not text.startswith("/"):
        return None
    segments = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in segments:
        return None
    if len(text) > _LONGEST or len(segments) > _MOST_SEGMENTS:
        raise UsageError(f"pattern is too long: {text[:60]}…", f"at most {_LONGEST:,} characters and {_MOST_SEGMENTS} folders")
    written = next((place for place, part in enumerate(segments) if _WILDCARD.search(part)), len(segments))
    rest = segments[written:]
    below = text.endswith("/") or rest[-1:] == ["**"]
    runs: list[list[Segment]] = [[]]
    for part in rest:
        if part == "**":
            runs.append([])
        else:
            runs[-1].append(_segment(part))
    is_anchored = bool(runs[0])
    return Glob(text, "/".join(segments[:written]), tuple(tuple(run) for run in runs if run), is_anchored, below)


def _segment(part: str) -> Segment:
    return re.compile(translate(_STARS.sub("*", part))) if _WILDCARD.search(part) else part


class Globs:
    """Many globs, found by the folders that they begin with."""

    def __init__(self, globs: Iterable[Glob]) -> None:
        """Raises UsageError for more globs with wildcards than can be tried on every file."""
        self._by_prefix: dict[str, list[Glob]] = {}
        wild = 0
        for glob in globs:
            self._by_prefix.setdefault(glob.prefix, []).append(glob)
            wild += bool(glob.runs)
        if wild > _MOST_WITH_WILDCARDS:
            raise UsageError(
                f"{wild:,} patterns with wildcards are more than can be tried on every file",
                f"give at most {_MOST_WITH_WILDCARDS}, or names of packages and folders",
            )

    def matches(self, path: str) -> bool:
        """Tell whether any glob means the path of an entry, or a folder above it."""
        return bool(self._by_prefix) and any(True for _ in self.meaning(path))

    def meaning(self, path: str) -> Iterator[Glob]:
        """Yield the globs that mean a path."""
        parts: list[str] | None = None
        for depth, prefix in _prefixes(path):
            for glob in self._by_prefix.get(prefix, ()):
                parts = path.split("/") if parts is None else parts
                if glob.matches_rest(parts, depth):
                    yield glob


def _prefixes(path: str) -> Iterator[tuple[int, str]]:
    """Yield the folders above a path and the path itself, with how many names they are."""
    yield 0, ""
    depth, end = 1, path.find("/")
    while end >= 0 and depth <= _MOST_SEGMENTS:
        yield depth, path[:end]
        depth, end = depth + 1, path.find("/", end + 1)
    if end < 0:
        yield depth, path
