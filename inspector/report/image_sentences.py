"""The facts of a container image as short phrases, shared by screens and reports so that all say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspector.records.artifact import Format
from inspector.records.image import ImageSource, Manifest
from inspector.records.image_contents import PullChange, PullCost
from inspector.records.image_review import ConfigReview, ImageReview, LayerReview
from inspector.records.image_waste import WasteCause, WastedFile
from inspector.report.figures import bytes_text, plural, share_text

CAUSES: dict[WasteCause, str] = {
    "overwritten": "overwritten",
    "deleted": "deleted",
    "copied_up": "copied up unchanged",
}

CHANGES: dict[PullChange, str] = {"weights": "only the weights", "code": "only the code", "dependencies": "only dependencies"}

FORMATS: dict[Format, str] = {"onnx": "ONNX", "saved_model": "SavedModel", "tflite": "TFLite", "image": "container image"}

SOURCES: dict[ImageSource, str] = {
    "docker archive": "docker archive",
    "legacy docker archive": "legacy docker archive",
    "OCI archive": "OCI archive",
    "OCI layout": "OCI layout",
    "engine": "container engine, which does not know what a pull moves (compressed bytes)",
}

_MOST_NUMBERS = 12
_NO_OPERATION = re.compile(r"^(?:RUN )?(?:/bin/sh -c )?#\(nop\)\s+")
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ (?P<arguments>.*?) )?/bin/(?:ba|da)?sh -(?:e?x?c|o pipefail -c)\s+")
_BUILDKIT = re.compile(r"\s+# buildkit$")


def instruction_text(created_by: str) -> str:
    """Return the instruction as it stood in the Dockerfile, as far as what history says of it can be turned back."""
    text = _BUILDKIT.sub("", " ".join(created_by.split()))
    done = _NO_OPERATION.sub("", text)
    if done != text:
        return done
    done = _SHELL.sub("", text)
    return f"RUN {done}" if done != text else text


def image_facts(image: ImageReview) -> list[str]:
    """Return what an image is in a few words each: platform, sizes, layers, files; of another OCI artifact its type."""
    if image.artifact_type:
        return ["OCI artifact", image.artifact_type, bytes_text(sum(blob.size_bytes for blob in image.blobs))]
    facts = [image.platform, sizes_text(image), plural(image.layer_count, "layer")]
    return ["container image", *(fact for fact in facts if fact), plural(image.file_count, "file")]


def sizes_text(image: ImageReview) -> str:
    """Return what is stored or pulled and what it becomes: "412.3 MB compressed, 1.1 GB unpacked"."""
    if image.compressed_bytes == image.size_bytes and image.size_bytes is not None:
        return f"{bytes_text(image.size_bytes)} unpacked"
    known = image.compressed_bytes is not None
    stored = f"{bytes_text(image.compressed_bytes)} compressed" if known else "compressed size unknown"
    unpacked = f"{bytes_text(image.size_bytes)} unpacked" if image.size_bytes is not None else ""
    return ", ".join(part for part in (stored, unpacked) if part)


def source_sentence(image: ImageReview) -> str:
    """Return where the image was read from and what that leaves unknown."""
    parts = [SOURCES[image.source]]
    if not image.complete:
        parts.append("not every layer could be read: figures cover what was")
    return " · ".join(parts)


def waste_sentence(image: ImageReview) -> str:
    """Return the sum that waste is: "3.1 GB shipped − 2.9 GB final = 212.0 MB reclaimable (7 %), about 80.1 MB of a pull"."""
    shipped, final = bytes_text(image.shipped_bytes), bytes_text(image.final_bytes)
    share = f" ({share_text(image.reclaimable_bytes / image.shipped_bytes)})" if image.shipped_bytes else ""
    compressed = image.reclaimable_compressed_bytes
    pull = f", about {bytes_text(compressed)} of a pull" if compressed and image.compressed_bytes != image.size_bytes else ""
    return f"{shipped} shipped − {final} final = {bytes_text(image.reclaimable_bytes)} reclaimable{share}{pull}"


def leftovers_sentence(image: ImageReview) -> str:
    """Return what leftovers come to: "1.4 GB in 24,310 files (45 % of the final file system), an estimate"."""
    left = image.leftovers
    if not left.union_files:
        return "none found"
    share = f" ({share_text(left.union_bytes / image.final_bytes)} of the final file system)" if image.final_bytes else ""
    return f"{bytes_text(left.union_bytes)} in {plural(left.union_files, 'file')}{share}, an estimate"


def packages_sentence(image: ImageReview) -> str:
    """Return how many packages there are, their bytes, and what no package owns."""
    owned = f"{plural(image.package_count, 'package')}, {bytes_text(image.package_bytes)}" if image.package_count else "none"
    return f"{owned} · {plural(image.unowned_files, 'file')} of {bytes_text(image.unowned_bytes)} belong to none"


def runs_sentence(config: ConfigReview) -> str:
    """Return what a container runs, as whom and where: "python -m serve · as 1000 · in /app"."""
    line = " ".join(_quoted(word) for word in (*config.entrypoint, *config.command))
    parts = [line or "nothing by default", f"as {config.user or 'root'}"]
    if config.working_dir:
        parts.append(f"in {config.working_dir}")
    if config.ports:
        parts.append(f"ports {', '.join(config.ports[:_MOST_NUMBERS])}")
    return " · ".join(parts)


def layer_notes(layer: LayerReview) -> list[str]:
    """Return what is wrong with a layer."""
    return [
        note for note in (layer.problem, "its digest is not the one stated" if layer.verification == "mismatch" else "") if note
    ]


def wasted_sentence(file: WastedFile) -> str:
    """Return which layer ships a wasted file and which makes it waste: "layer 2, deleted by layer 5"."""
    cause = "copied up" if file.cause == "copied_up" else file.cause
    by_layer = "itself" if file.layer == file.by_layer else f"layer {file.by_layer}"
    return f"layer {file.layer}, {cause} by {by_layer}"


def numbers_text(numbers: Sequence[int]) -> str:
    """Return layer numbers with runs drawn together: "2, 5–9"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    shown = ["–".join(map(str, run)) for run in runs[:_MOST_NUMBERS]]
    return ", ".join([*shown, *(["…"] if len(runs) > _MOST_NUMBERS else [])])


def pull_sentence(cost: PullCost, image: ImageReview) -> str:
    """Return what moves when one kind of content changes: "layers 5–9, 812.0 MB, for 1.2 MB of code"."""
    if not cost.layers:
        return "no layer holds any"
    noun = "layer" if len(cost.layers) == 1 else "layers"
    unit = "" if image.compressed_bytes is not None else " uncompressed"
    moved = f"{noun} {numbers_text(cost.layers)}, {bytes_text(cost.bytes)}{unit}"
    return f"{moved}, for {bytes_text(cost.needed_bytes)} of content"


def manifest_sentence(manifest: Manifest) -> str:
    """Return what one manifest of an index is."""
    kind = {"image": "image", "attestation": "attestation", "artifact": "artifact", "unknown": "unknown kind"}[manifest.kind]
    parts = [
        manifest.platform,
        kind if manifest.kind != "image" else "",
        f"about {manifest.about[:19]}" if manifest.about else "",
        "shown here" if manifest.chosen else "",
        ", ".join(manifest.references[:4]),
    ]
    return " · ".join(part for part in parts if part)


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word or not word else word
