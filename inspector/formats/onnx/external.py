"""External data: weights whose values lie in other files, and what is wrong with those files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import MISSING, Located, Locator
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.ranges import cover
from inspector.records.artifact import ByteRange, ExternalFile
from inspector.records.dtype import packed_bytes
from inspector.records.tensor import Storage, Weight

MOST_FILES: Final = 10_000
PADDING: Final = 64 * 1024
"""Gaps up to this many bytes are alignment, as writers of external data pad to 4 or 64 KiB."""

_MOST_RANGES: Final = 1_000
_LARGEST_NUMBER: Final = (1 << 63) - 1


class ExternalData:
    """The external data of one model, put together weight by weight and judged file by file."""

    def __init__(self, model: Path, cleaner: TextCleaner, notes: Notes) -> None:
        self._locator = Locator(model)
        self._label = model.name
        self._cleaner = cleaner
        self._notes = notes
        self._located: dict[str, Located] = {}
        self._ranges: dict[str, list[ByteRange]] = {}
        self._checksums: dict[str, str] = {}

    def place(self, weight: Weight, described: Mapping[str, bytes]) -> Weight:
        """Return the weight with the file, offset and length that the model describes for it."""
        location, is_plain = self._plain_text(described.get("location", b""))
        found = self._locate(location, is_plain)
        if found.contained:
            location = str(PurePosixPath(location))
        offset = self._number(weight, described, "offset") or 0
        expected = packed_bytes(weight.dtype, weight.element_count)
        length = self._number(weight, described, "length")
        if length is None:
            length = expected if expected is not None else max(0, (found.size_bytes or 0) - offset)
        elif expected is not None and length != expected:
            self._note(
                weight,
                "weight-size-mismatch",
                f"weight {weight.name} has {length:,} bytes in {location}; its shape and {weight.dtype} ask for {expected:,}",
            )
        self._located.setdefault(location, found)
        self._ranges.setdefault(location, []).append(ByteRange(offset, length))
        if "checksum" in described:
            self._checksums.setdefault(location, self._cleaner.clean_value(described["checksum"]))
        return replace(weight, storage=Storage("external", location, offset, length))

    def _plain_text(self, raw: bytes) -> tuple[str, bool]:
        """Return the text as it is where nothing in it needs escaping but backslashes, else what can be shown of it."""
        slashes = raw.replace(b"\\", b"/")
        if self._cleaner.clean_value(slashes).encode() == slashes:
            return raw.decode(), True
        return self._cleaner.clean_value(raw), False

    def _locate(self, location: str, is_plain: bool) -> Located:
        if location not in self._located:
            if len(self._located) >= MOST_FILES:
                raise UnreadableArtifact(f"{self._label}: names more than {MOST_FILES:,} external files", "")
            refused = Located(problem="a name that is not plain text")
            self._located[location] = self._locator.locate(location) if is_plain else refused
        return self._located[location]

    def _number(self, weight: Weight, described: Mapping[str, bytes], key: str) -> int | None:
        text = described.get(key)
        if text is None:
            return None
        number = int(text) if text.isdigit() and len(text) <= 20 else -1
        if 0 <= number <= _LARGEST_NUMBER:
            return number
        shown = self._cleaner.clean_value(text)[:40]
        self._note(weight, "external-data-invalid", f"weight {weight.name}: {key} {shown!r} is no number of bytes")
        return None

    def _note(self, weight: Weight, rule: str, message: str) -> None:
        self._notes.add(rule, "high", message, f"weight {weight.name}", "runtimes refuse such a model", tensor=weight.name)

    def files(self) -> tuple[ExternalFile, ...]:
        """Return every file named, in the order first met, with its findings noted."""
        return tuple(self._judge(location, ranges) for location, ranges in self._ranges.items())

    def _judge(self, location: str, ranges: list[ByteRange]) -> ExternalFile:
        found = self._located[location]
        size = found.size_bytes
        coverage = cover(ranges, size if size is not None else 0)
        missing = 0
        if size is not None:
            missing = coverage.used_bytes - cover((_clip(one, size) for one in ranges), size).used_bytes
        file = ExternalFile(
            location,
            size,
            found.contained,
            found.link,
            len(ranges),
            coverage.used_bytes,
            missing,
            coverage.overlaps[:_MOST_RANGES],
            coverage.gaps[:_MOST_RANGES] if size is not None else (),
            self._checksums.get(location, ""),
            None,
            found.problem,
        )
        self._note_file(file)
        return file

    def _note_file(self, file: ExternalFile) -> None:
        place = f"file {file.location}"
        users = "1 weight" if file.tensor_count == 1 else f"{file.tensor_count:,} weights"
        add = self._notes.add
        if file.problem == MISSING:
            hint = "put it beside the model, or download it again"
            add("external-data-missing", "high", f"{file.location} with the values of {users} is not there", place, hint)
        elif file.problem:
            escapes = self._located[file.location].escapes
            rule = "external-data-escapes" if escapes else "external-data-unusable"
            message = f"{file.location} is {file.problem}: never opened, {users} cannot be read"
            add(rule, "high", message, place, "external data must be a regular file in the model's folder")
        if file.link == "hub_cache":
            message = f"{file.location} is a link into the Hugging Face cache that holds this model"
            add("hub-cache-link", "info", message, place, "copy the files out of the cache before shipping them")
        elif file.link != "none" and file.contained:
            kind = "symbolic" if file.link == "symlink" else "hard"
            add(
                "external-data-link",
                "low",
                f"{file.location} is a {kind} link within the model's folder",
                place,
                "some runtimes refuse links",
            )
        if file.missing_bytes:
            message = f"{file.location} ends {file.missing_bytes:,} bytes before the values of its weights do"
            add("external-data-truncated", "high", message, place, "download it again")
        self._note_ranges(file, place)

    def _note_ranges(self, file: ExternalFile, place: str) -> None:
        if file.overlaps:
            shared = sum(one.length for one in file.overlaps)
            self._notes.add(
                "external-data-overlap",
                "medium",
                f"weights share {shared:,} bytes of {file.location} without being the same weight",
                place,
                "changing one would change the other",
            )
        unused = sum(gap.length for gap in file.gaps if gap.length >= PADDING)
        if unused and file.contained:
            message = f"no weight uses {unused:,} of the {file.size_bytes or 0:,} bytes of {file.location}"
            self._notes.add("external-data-gap", "low", message, place, "left behind by a tool, or hidden on purpose")


def _clip(one: ByteRange, size: int) -> ByteRange:
    start = min(one.offset, size)
    return ByteRange(start, min(one.offset + one.length, size) - start)
