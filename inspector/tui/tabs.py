"""The workbench's tabs: what each is called and the widget that draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from textual.widget import Widget

from inspector.tui.actions import Where

if TYPE_CHECKING:
    from inspector.records.artifact import Artifact
    from inspector.records.opened import Opened


class Pane(Protocol):
    """What the workbench asks of a tab's content: show an inspection, keeping cursor and scroll where they are."""

    def show(self, inspection: Any) -> None:
        """Show the inspection; called again with a fuller one of the same artifact."""
        ...


def _overview() -> type[Widget]:
    from inspector.tui.widgets.overview import OverviewPane

    return OverviewPane


def _graph() -> type[Widget]:
    from inspector.tui.widgets.graph import GraphPane

    return GraphPane


def _operators() -> type[Widget]:
    from inspector.tui.widgets.operators_pane import OperatorsPane

    return OperatorsPane


def _signatures() -> type[Widget]:
    from inspector.tui.widgets.signatures_pane import SignaturesPane

    return SignaturesPane


def _weights() -> type[Widget]:
    from inspector.tui.widgets.weights_pane import WeightsPane

    return WeightsPane


def _findings() -> type[Widget]:
    from inspector.tui.widgets.findings_pane import FindingsPane

    return FindingsPane


def _optimize() -> type[Widget]:
    from inspector.tui.widgets.optimize import OptimizePane

    return OptimizePane


def _slim() -> type[Widget]:
    from inspector.tui.widgets.slim import SlimPane

    return SlimPane


def _benchmark() -> type[Widget]:
    from inspector.tui.widgets.benchmark import BenchmarkPane

    return BenchmarkPane


def _image_overview() -> type[Widget]:
    from inspector.tui.widgets.image.overview import ImageOverviewPane

    return ImageOverviewPane


def _files() -> type[Widget]:
    from inspector.tui.widgets.image.files_pane import FilesPane

    return FilesPane


def _packages() -> type[Widget]:
    from inspector.tui.widgets.image.packages_pane import PackagesPane

    return PackagesPane


def _waste() -> type[Widget]:
    from inspector.tui.widgets.image.waste_pane import WastePane

    return WastePane


def _history() -> type[Widget]:
    from inspector.tui.widgets.image.history_pane import HistoryPane

    return HistoryPane


def _blobs() -> type[Widget]:
    from inspector.tui.widgets.image.blobs_pane import BlobsPane

    return BlobsPane


Kind = Literal["onnx", "saved_model", "tflite", "image", "pack", "kit"]
Tabs = Mapping[Where, tuple[str, Callable[[], type[Widget]]]]

_MODEL_TABS: Tabs = {
    "overview": ("Overview", _overview),
    "graph": ("Graph", _graph),
    "operators": ("Operators", _operators),
    "signatures": ("Signatures", _signatures),
    "weights": ("Weights", _weights),
    "findings": ("Findings", _findings),
}

PANES: Mapping[Kind, Tabs] = {
    "onnx": {**_MODEL_TABS, "optimize": ("Optimize", _optimize), "benchmark": ("Benchmark", _benchmark)},
    "saved_model": {**_MODEL_TABS, "optimize": ("Optimize", _optimize), "benchmark": ("Benchmark", _benchmark)},
    "tflite": {**_MODEL_TABS, "benchmark": ("Benchmark", _benchmark)},
    "image": {
        "image_overview": ("Overview", _image_overview),
        "files": ("Files", _files),
        "packages": ("Packages", _packages),
        "waste": ("Waste", _waste),
        "history": ("History", _history),
        "findings": ("Findings", _findings),
        "slim": ("Slim", _slim),
        "benchmark": ("Benchmark", _benchmark),
    },
    "pack": {
        "image_overview": ("Overview", _image_overview),
        "blobs": ("Blobs", _blobs),
        "findings": ("Findings", _findings),
    },
    "kit": {
        "image_overview": ("Overview", _image_overview),
        "blobs": ("Blobs", _blobs),
        "files": ("Files", _files),
        "findings": ("Findings", _findings),
    },
}
"""Tabs in order by kind of artifact, with what imports the widget: when a tab is first wanted, so that the first frame pays
for none of them. Steps of optimizing start from a SavedModel or an ONNX model, never from a TFLite model. A pack is an OCI
artifact that is no image, a kit one that has archives of files among its blobs."""

SHORT_TITLES: Mapping[str, str] = {"operators": "Ops", "signatures": "In/out", "benchmark": "Bench", "packages": "Pkgs"}
"""Titles of tabs where all do not fit in full."""

MODELS: tuple[Kind, ...] = ("onnx", "saved_model", "tflite")
"""Kinds that are a model, not an image."""

_MODEL_KINDS: Mapping[str, Kind] = {"onnx": "onnx", "saved_model": "saved_model", "tflite": "tflite"}

LISTS: tuple[Where, ...] = ("operators", "weights", "files", "packages", "waste", "history", "blobs", "findings")

_IMAGE_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.zstd")


def kind_of(opened: Opened) -> Kind:
    """Return which tabs show what was opened."""
    from inspector.records.inspection import Inspection

    if isinstance(opened, Inspection):
        return _MODEL_KINDS.get(opened.computation.artifact.format, "onnx")
    if not opened.image.artifact_type:
        return "image"
    return "kit" if opened.image.layers else "pack"


def artifact_shown(opened: Opened) -> Artifact:
    """Return the artifact that was opened, without importing what images are made of where it is none."""
    from inspector.records.inspection import Inspection

    return opened.computation.artifact if isinstance(opened, Inspection) else opened.image.artifact


def key_of(opened: Opened, tab: Where) -> str:
    """Return the key that shows a tab of what was opened."""
    return str(list(PANES[kind_of(opened)]).index(tab) + 1)


def likely_kind(path: str) -> Kind:
    """Return which tabs to show while nothing is known but the name."""
    if path.startswith("docker://") or path.casefold().endswith(_IMAGE_SUFFIXES):
        return "image"
    from pathlib import Path

    if Path(path, "oci-layout").is_file():
        return "image"
    if path.casefold().endswith(".tflite"):
        return "tflite"
    return "saved_model" if Path(path).is_dir() else "onnx"
