"""How parts of an image are written: instructions, modes, owners, digests, shares of a layer."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping, Sequence

from inspector.records.file_system import ChangeKind
from inspector.records.image import Entry, EntryKind, HistoryStep, Image, Layer
from inspector.records.image_inspection import ImageInspection
from inspector.records.image_waste import LayerWaste
from inspector.report.figures import bytes_text

MARKS: Mapping[ChangeKind, str] = {"added": "+", "modified": "~", "metadata": "±", "removed": "-", "unchanged": " "}
CHANGE_ROLES: Mapping[ChangeKind, str] = {
    "added": "good",
    "modified": "medium",
    "metadata": "violet",
    "removed": "high",
    "unchanged": "",
}
KIND_NAMES: Mapping[EntryKind, str] = {
    "file": "file",
    "directory": "folder",
    "symlink": "symbolic link",
    "hard_link": "hard link",
    "character_device": "character device",
    "block_device": "block device",
    "fifo": "pipe",
}
_TYPE_BITS: Mapping[EntryKind, int] = {
    "file": stat.S_IFREG,
    "directory": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "hard_link": stat.S_IFREG,
    "character_device": stat.S_IFCHR,
    "block_device": stat.S_IFBLK,
    "fifo": stat.S_IFIFO,
}
_BUILD_ARGUMENTS = re.compile(r"\|\d+ .*?(?=/bin/sh -c )", re.DOTALL)
_SHELLS = re.compile(r"/bin/(?:ba|da)?sh (?:-[a-z]*o pipefail )?-[a-z]+ ")
_NO_OPERATION = re.compile(r"(?:/bin/sh -c )?#\(nop\)\s+")
_BUILDER = " # buildkit"
_SHORT_DIGEST = 12


def instruction_text(created_by: str) -> str:
    """Return an instruction as the build file says it: without the shell, build arguments and marks that builders add."""
    text = " ".join(created_by.split()).removesuffix(_BUILDER)
    plain = _NO_OPERATION.sub("", text, count=1)
    if plain != text:
        return plain
    text = _BUILD_ARGUMENTS.sub("", text, count=1)
    run = text.removeprefix("RUN ")
    command = _SHELLS.sub("", run, count=1) if _SHELLS.match(run) else run
    if run != text or command != run:
        return f"RUN {command}"
    return text or "no instruction is recorded"


def layer_title(layer: Layer) -> str:
    """Return what made a layer, on one line."""
    return instruction_text(layer.created_by or layer.comment)


def mode_text(entry: Entry) -> str:
    """Return kind and permissions as ls writes them: "-rwxr-xr-x"."""
    return stat.filemode(_TYPE_BITS[entry.kind] | entry.mode)


def owner_text(entry: Entry) -> str:
    """Return owner and group by number."""
    return f"{entry.uid}:{entry.gid}"


def short_digest(digest: str) -> str:
    """Return enough of a digest to tell it from others."""
    return digest.removeprefix("sha256:")[:_SHORT_DIGEST]


def shown_name(image: Image) -> str:
    """Return what a person calls the image: its first name and tag, or where it came from."""
    return image.references[0] if image.references else image.artifact.path.rstrip("/").rpartition("/")[2]


def pulled_bytes(image: Image) -> int | None:
    """Return the bytes a pull moves; None where a layer's are not known."""
    sizes = [layer.compressed_bytes for layer in image.layers]
    known = [size for size in sizes if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None


def unpacked_bytes(image: Image) -> int | None:
    """Return the bytes of all layers unpacked; None where a layer's are not known."""
    known = [layer.size_bytes for layer in image.layers if layer.size_bytes is not None]
    return sum(known) if len(known) == len(image.layers) else None


def layer_bytes(layer: Layer) -> int | None:
    """Return the bytes of a layer unpacked, or as stored while only that is known."""
    return layer.size_bytes if layer.size_bytes is not None else layer.compressed_bytes


def wasted_by_layer(inspection: ImageInspection) -> Mapping[int, LayerWaste]:
    """Return what each layer ships and keeps, as far as that is known."""
    return {share.layer: share for share in inspection.waste.by_layer} if inspection.waste is not None else {}


def indexed_layers(image: Image) -> int:
    """Return how many layers, from the base up, have been read."""
    return next((layer.index for layer in image.layers if layer.entries is None), len(image.layers))


def layer_bar(layer: Layer, share: LayerWaste | None, largest: int, width: int) -> tuple[tuple[str, str], ...]:
    """Return a bar of what stays of a layer, solid, and of what could go, shaded; the largest layer's takes all the width.

    Where that is not known yet the bar is of the layer's size.
    """
    if share is None:
        return _stacked(layer_bytes(layer) or 0, 0, largest, width)
    return _stacked(share.final_bytes, share.reclaimable_bytes, largest, width)


def _stacked(final: int, wasted: int, largest: int, width: int) -> tuple[tuple[str, str], ...]:
    total = final + wasted
    cells = min(width, max(1, round(total / largest * width))) if total and largest else 0
    shaded = min(cells, max(1, round(wasted / total * cells))) if wasted else 0
    if shaded == cells and final and cells > 1:
        shaded -= 1
    return (("█" * (cells - shaded), "bar"), ("▒" * shaded, "rest"))


def size_note(layer: Layer, share: LayerWaste | None) -> str:
    """Return the sizes of a layer in words."""
    stored = layer.compressed_bytes
    parts = [f"{bytes_text(layer.size_bytes)} unpacked"] if layer.size_bytes is not None else []
    if stored is not None and (layer.compression != "none" or layer.size_bytes is None):
        parts.append(f"{bytes_text(stored)} {layer.compression if layer.compression != 'none' else 'stored'}")
    if share is not None:
        shipped = bytes_text(share.shipped_bytes)
        some = f"{bytes_text(share.final_bytes)} of {shipped} of files kept"
        parts.append(some if share.reclaimable_bytes else f"{shipped} of files, all kept")
    return " · ".join(parts) or "not read yet"


def steps_of(image: Image) -> Sequence[HistoryStep]:
    """Return the history, or a step a layer where none is recorded."""
    return image.history or [HistoryStep(layer.created_by, layer.created, layer.comment, layer.index) for layer in image.layers]
