"""What the ELF files of an image need, and first bytes of any of its files: one pass over the layers, in a child."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.image.layer_places import place_of, seconds_for
from inspector.formats.image.many_answer import ElfAnswer, FirstBytes, ManyRequest, RawElf, WantedContent, WantedLayer
from inspector.isolation.child import run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.records.event import Steps, Warned, result_of
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Image
from inspector.records.image_contents import ElfNeeds

_MAGIC: Final = b"\x7fELF"
_LARGEST: Final = 4 * GIB
"""Bytes of an ELF file in a compressed layer, which has to be copied to be looked into."""
_MOST_FIRST: Final = 1 << 20
_SPARE_SECONDS: Final = 10.0
_MEMORY: Final = 2 * GIB
_HINT: Final = "a library that only such files need may be missing from the slimmed image"


def read_elf_needs(
    image: Image, file_system: FileSystem, paths: Collection[str] | None = None, cancel: CancelToken | None = None
) -> Steps[Mapping[str, ElfNeeds]]:
    """Return what the ELF files at paths need, by path; None: all files whose kept first bytes say that they are ELF files.

    A path may be any name of a file, not that of a symlink. Files that cannot be read, or are damaged, are left out and said
    to be in a warning. Raises ChildFailed when cancelled, or where the child came to grief.
    """
    chosen = _elf_paths(image, file_system) if paths is None else _files(file_system, paths)
    request = _request(image, file_system, dict.fromkeys(chosen, _LARGEST))
    answer = yield from _ask("elf_needs_child:elf_needs_in_child", request, ElfAnswer, cancel, "reading what programs need")
    if answer.problems or answer.refused:
        yield Warned(_unread(answer, chosen), _HINT)
    cleaner = TextCleaner("ELF files")
    return {chosen[raw.number]: _cleaned(raw, cleaner) for raw in sorted(answer.found, key=lambda raw: raw.number)}


def read_first_bytes(
    image: Image, file_system: FileSystem, wanted: Mapping[str, int], cancel: CancelToken | None = None
) -> Steps[Mapping[str, bytes]]:
    """Return the first bytes, at most so many as asked for and 1 MiB each, of files by path; what cannot be read is left out.

    Raises ChildFailed when cancelled, or where the child came to grief.
    """
    chosen = _files(file_system, wanted)
    request = _request(image, file_system, {path: min(wanted[path], _MOST_FIRST) for path in chosen})
    entry = "many_contents_child:first_bytes_in_child"
    answer = yield from _ask(entry, request, FirstBytes, cancel, "reading settings")
    return {chosen[number]: data for number, data in sorted(answer.found)}


def _ask(entry: str, request: ManyRequest, answer: type, cancel: CancelToken | None, title: str) -> Steps:  # type: ignore[type-arg]
    """Have a child read what is wanted; nothing wanted needs no child."""
    if not request.layers:
        return answer()
    limits = Limits(memory_bytes=_MEMORY, wall_seconds=request.seconds + _SPARE_SECONDS)
    return (yield from result_of(run_child(f"inspector.formats.image.{entry}", request, answer, limits, cancel, title=title)))


def _files(file_system: FileSystem, paths: Collection[str]) -> Sequence[str]:
    """Return the paths among these that lead to a file with bytes, in order."""
    places = ((path, file_system.entries.get(path)) for path in sorted(set(paths)))
    return [path for path, place in places if place is not None and place.content.kind == "file" and place.content.size]


def _elf_paths(image: Image, file_system: FileSystem) -> Sequence[str]:
    heads = {layer.index: layer.heads for layer in image.layers}

    def is_elf(place: Placed) -> bool:
        return heads.get(place.content_layer, {}).get(place.content.path, b"").startswith(_MAGIC)

    return _files(file_system, [path for path, place in file_system.entries.items() if is_elf(place)])


def _request(image: Image, file_system: FileSystem, wanted: Mapping[str, int]) -> ManyRequest:
    """Return what to read of which layer; numbers are positions in wanted."""
    by_layer: dict[int, list[WantedContent]] = {}
    for number, (path, most) in enumerate(wanted.items()):
        place = file_system.entries[path]
        content = place.content
        one = WantedContent(number, content.offset, content.size, content.sparse, min(most, content.size))
        by_layer.setdefault(place.content_layer, []).append(one)
    layers = []
    for layer in image.layers:
        where = place_of(layer)
        if where is not None and layer.index in by_layer:
            layers.append(WantedLayer(where, tuple(sorted(by_layer[layer.index], key=lambda one: one.offset))))
    return ManyRequest(tuple(layers), sum(seconds_for(layer.place) for layer in layers))


def _cleaned(raw: RawElf, cleaner: TextCleaner) -> ElfNeeds:
    """Return a record whose texts are cleaned as paths are, so that they still name the same files."""
    clean = cleaner.clean_value
    return ElfNeeds(
        tuple(map(clean, raw.needed)),
        tuple(map(clean, raw.search)),
        clean(raw.soname),
        clean(raw.interpreter),
        raw.machine,
        raw.bits,
        raw.is_inherited,
    )


def _unread(answer: ElfAnswer, chosen: Sequence[str]) -> str:
    parts = []
    if answer.refused:
        count = len(answer.refused)
        first = one_line(chosen[answer.refused[0]])
        parts.append(f"{count:,} ELF file{'s' * (count > 1)} could not be understood, such as {first}")
    parts += [one_line(problem) for problem in answer.problems[:3]]
    return "; ".join(parts)
