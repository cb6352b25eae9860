"""The header: the name of this program, what is open, and the figures that say what kind of thing it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from inspector.report.figures import bytes_text, count_text, plural
from inspector.report.saved_model_sentences import version_fact
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.lines import Lines

if TYPE_CHECKING:
    from inspector.records.artifact import Computation
    from inspector.records.image import Image
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Opened


_FORMATS = {"onnx": "ONNX", "saved_model": "SavedModel", "tflite": "TFLite", "image": "image"}
_PRODUCT = " modelpack-tui "


class ArtifactBar(Lines):
    """One line: product, file name, facts; facts give way first, then the product name, then the middle of the name."""

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(id="artifact-bar")
        self._device = device
        self._title = ""
        self._facts: tuple[str, ...] = ()

    def show_path(self, path: str) -> None:
        """Show what is being opened while nothing is known of it."""
        self._title, self._facts = Path(path).name or path, ()
        self.refresh(layout=True)

    def show(self, opened: Opened) -> None:
        """Show what is open."""
        from inspector.records.inspection import Inspection
        from inspector.tui.tabs import artifact_shown

        artifact = artifact_shown(opened)
        self._title = artifact.inside or Path(artifact.path).name or artifact.path
        if isinstance(opened, Inspection):
            self._facts = (*_facts(opened), self._device)
        else:
            self._title = _image_title(opened.image)
            self._facts = _image_facts(opened)
        self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line."""
        product = Content.styled(_PRODUCT, "$accent-text bold") if width >= 60 else Content(" ")
        room = width - product.cell_length - 1
        facts = list(self._facts)
        while facts and len(" · ".join(facts)) + min(len(self._title), 24) + 4 > room:
            facts.pop(1 if len(facts) == 5 and facts[1].startswith(("opset", "TF ")) else -1)
        right = plain(" · ".join(facts), "$soft")
        name = plain(shorten(self._title, room - right.cell_length - 3), "$ink bold")
        gap = max(1, room - name.cell_length - right.cell_length - 1)
        return [Content.assemble(product, " ", name, " " * gap, right)]


def saved_model_facts(computation: Computation) -> tuple[str, ...]:
    """Return the version of TensorFlow that saved a SavedModel: "TF 2.21.0"; nothing for another artifact."""
    facts = computation.saved_model
    return (version_fact(facts.main.tensorflow_version),) if facts is not None and facts.main.tensorflow_version else ()


def _facts(inspection: Inspection) -> tuple[str, ...]:
    """Return what tells most first; the last is the first to give way."""
    computation = inspection.computation
    opset = computation.opsets.get("ai.onnx")
    return (
        _FORMATS[computation.artifact.format],
        *((f"opset {opset}",) if opset is not None else ()),
        *saved_model_facts(computation),
        bytes_text(computation.total_bytes),
        plural(len(computation.graph.nodes), "node"),
        f"{count_text(inspection.cost.parameters)} params" if inspection.operators else "counting",
    )


def _image_title(image: Image) -> str:
    """Return what the image is called, or the file's name where it is called nothing."""
    return image.references[0] if image.references else Path(image.artifact.path).name or image.artifact.path


def _image_facts(inspection: ImageInspection) -> tuple[str, ...]:
    """Return source, platform, sizes, layers and files of an image, or kind, size and blobs of another artifact."""
    from inspector.tui.widgets.image.image_text import pulled_bytes, unpacked_bytes

    image, final = inspection.image, inspection.file_system
    if image.artifact_type:
        size = sum(blob.size_bytes for blob in image.blobs)
        return ("OCI artifact", bytes_text(size), plural(len(image.blobs), "blob"))
    pulled, unpacked = pulled_bytes(image), unpacked_bytes(image)
    smaller = pulled is not None and pulled != unpacked
    return (
        image.source,
        *((image.platform,) if image.platform else ()),
        *((f"{bytes_text(unpacked)}",) if unpacked is not None else ()),
        *((f"{bytes_text(pulled)} pulled",) if smaller else ()),
        plural(len(image.layers), "layer"),
        *((plural(final.file_count, "file"),) if final is not None else ()),
    )
