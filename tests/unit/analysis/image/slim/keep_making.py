"""Small images to trace: files, links and settings in a mapping, what was observed, and what stays of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.slim.keep import kept_by_trace
from inspector.records.image_contents import ElfNeeds
from inspector.records.image_inspection import ImageInspection
from inspector.records.serving import Observation
from inspector.records.slimming import KeepReason
from tests.unit.analysis.image.content_making import Content, image_of, layer
from tests.unit.analysis.image.layer_making import folder, hard_link, symlink

__all__ = ["LIBC", "elf", "folder", "hard_link", "inspected", "kept", "observed", "symlink"]

X86, ARM = 62, 183
LIBC = ElfNeeds(("ld-linux-x86-64.so.2",), soname="libc.so.6", machine=X86)


def elf(
    *needed: str, search: str = "", inherited: bool = False, loader: str = "", machine: int = X86, bits: int = 64
) -> ElfNeeds:
    """Return what an ELF file needs; search as RUNPATH, or RPATH where it is inherited, is written."""
    folders = tuple(search.split(":")) if search else ()
    return ElfNeeds(needed, folders, interpreter=loader, machine=machine, bits=bits, is_inherited=inherited)


def inspected(files: Mapping[str, Content | str], **config: object) -> ImageInspection:
    """Return an image of one layer; a text is the target of a symlink."""
    entries = {path: symlink(path, content) if isinstance(content, str) else content for path, content in files.items()}
    image = image_of(layer(entries), **config)
    return ImageInspection(image, merge(image.layers))


def observed(opened: Collection[str] = (), executed: Collection[str] = (), listed: Collection[str] = ()) -> Observation:
    return Observation(frozenset(opened), frozenset(executed), frozenset(listed))


def kept(
    files: Mapping[str, Content | str],
    opened: Collection[str] = (),
    executed: Collection[str] = (),
    listed: Collection[str] = (),
    *,
    needs: Mapping[str, ElfNeeds] | None = None,
    keep: Callable[[str], bool] | None = None,
    contents: Mapping[str, bytes] | None = None,
    added_back: Collection[str] = (),
    **config: object,
) -> dict[str, KeepReason]:
    """Return what stays of files, folders that only lie above something left out."""
    observation = observed(opened, executed, listed)
    found = kept_by_trace(inspected(files, **config), observation, needs or {}, keep, contents, added_back)
    return {path: reason for path, reason in found.items() if reason != "folder"}
