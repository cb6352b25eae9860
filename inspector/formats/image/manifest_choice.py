"""Which of several manifests is opened."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.errors import UnreadableArtifact, UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.image.manifest_index import Candidate
from inspector.formats.image.manifest_media import part_of
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.formats.image.platforms import host_platform, parse_platform

_MOST_NAMED = 12


def choose(candidates: Sequence[Candidate], platform: str | None, label: str, notes: ImageNotes) -> Candidate:
    """Return the manifest to open: the first image for the platform, for this machine's if none is asked for, or the first.

    Without images the first other artifact. Raises UsageError if the platform asked for is not there, naming those that are,
    and UnreadableArtifact if there is nothing to open.
    """
    readable = [one for one in candidates if one.is_readable]
    images = [one for one in readable if one.kind == "image"]
    if platform is not None:
        wanted = parse_platform(platform)
        fitting = [one for one in images if one.platform.serves(wanted)]
        if not fitting:
            raise UsageError(f"{label}: holds no image for {wanted}", _what_there_is(candidates))
        images = fitting
    else:
        images = _for_this_machine(images, notes)
    if images:
        _note_others(images[0], images, notes)
        return images[0]
    others = [one for one in readable if one.kind == "artifact"]
    if others:
        return others[0]
    raise UnreadableArtifact(f"{label}: holds no image", _why_not(candidates, notes))


def _for_this_machine(images: list[Candidate], notes: ImageNotes) -> list[Candidate]:
    platforms = dict.fromkeys(str(one.platform) for one in images)
    if len(platforms) < 2:
        return images
    host = host_platform()
    fitting = [one for one in images if one.platform.serves(host)]
    chosen = fitting or [one for one in images if one.platform == images[0].platform]
    why = "this machine's" if fitting else f"the first, there is none for {host}"
    message = f"holds images for {_listed(platforms)}: {chosen[0].platform} is shown, {why}"
    notes.add("platform-chosen", "info", message, hint="--platform shows another")
    return chosen


def _note_others(chosen: Candidate, images: Sequence[Candidate], notes: ImageNotes) -> None:
    others = len(images) - 1
    if others:
        name = chosen.references[0] if chosen.references else chosen.descriptor.short
        more = f"{others} more image{'s' if others > 1 else ''}"
        message = f"{more} for the same platform lie{'' if others > 1 else 's'} in the archive: {name} is shown"
        notes.add("several-images", "info", message, hint="save an image alone to see it")


def _what_there_is(candidates: Sequence[Candidate]) -> str:
    images = [one for one in candidates if one.kind == "image"]
    platforms = dict.fromkeys(str(one.platform) or "an image without a platform" for one in images if one.is_readable)
    absent = dict.fromkeys(str(one.platform) for one in images if not one.is_readable and str(one.platform) not in platforms)
    parts = [f"it has {_listed(platforms)}" if platforms else "it has no image that can be read"]
    if absent:
        parts.append(f"{_listed(absent)} is listed but not in the archive")
    return "; ".join(parts)


def _why_not(candidates: Sequence[Candidate], notes: ImageNotes) -> str:
    for finding in notes.findings():
        if finding.severity == "high":
            return finding.message
    if any(part_of(one.descriptor.media_type) == "old manifest" for one in candidates):
        return "its manifest is of Docker's first schema, which is no longer in use: pull the image and save it again"
    if candidates and all(one.kind == "attestation" for one in candidates):
        return "only attestations about images, which lie elsewhere"
    return "save the image again, with docker save or podman save"


def _listed(platforms: dict[str, None]) -> str:
    names = [one_line(name) for name in platforms][:_MOST_NAMED]
    more = len(platforms) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
