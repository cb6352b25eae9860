"""What could be opened: recent artifacts, samples, and what a folder holds; no drawing here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from inspector.tui.recent import RecentList, on_engine

_MOST_LISTED = 5_000
_MOST_HERE = 100
_MODEL_SUFFIXES = (".onnx", ".tflite", ".pb", ".pbtxt", ".tar", ".gz", ".tgz", ".zst", ".json")

Kind = Literal["recent", "sample", "engine", "folder", "model", "file"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing to open: its path, what kind of thing, bytes where known, and how it is written in a list."""

    path: str
    kind: Kind
    size_bytes: int | None
    label: str


def recent_candidates(recent: RecentList) -> list[Candidate]:
    """Return the artifacts opened lately that are still there, latest first."""
    return [
        Candidate(entry.path, "recent", entry.size_bytes, _short(entry.path))
        for entry in recent.entries()
        if on_engine(entry.path) or os.path.lexists(entry.path)
    ]


def sample_candidates() -> list[Candidate]:
    """Return the samples that come with a source checkout; none where only the package is installed."""
    folder = Path(__file__).parents[2] / "sample_models"
    packed = (found.parent for marker in ("saved_model.pb", "oci-layout") for found in folder.glob(f"*/{marker}"))
    samples = sorted((*folder.glob("*.onnx"), *folder.glob("*.tar"), *packed))
    return [Candidate(str(one), "sample", None if one.is_dir() else _size(one), f"{folder.name}/{one.name}") for one in samples]


def folder_candidates() -> list[Candidate]:
    """Return the models and images in the working folder; looks at all that is in it, so not on the UI's thread."""
    here = (one for one in typed_candidates("") if one.kind == "model" and not one.label.endswith(".json"))
    return list(islice(here, _MOST_HERE))


def engine_candidates() -> list[Candidate]:
    """Return the images of the engines that answer; asks them, so not on the UI's thread."""
    from inspector.formats.image.engine import engine_images
    from inspector.workflows.targets import SCHEME

    found = islice(engine_images(), _MOST_LISTED)
    return [Candidate(f"{SCHEME}{name}", "engine", size, f"{SCHEME}{name}") for name, size in found]


def begun_candidates(text: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the images on engines whose name begins with what was typed, docker:// written or not."""
    images = (one for one in candidates if one.kind == "engine")
    return [one for one in images if one.path.startswith(text) or one.path.partition("//")[2].startswith(text)]


def typed_candidates(text: str) -> list[Candidate]:
    """Return what the folder of a half-typed path holds that begins with its last part: folders, models, other files."""
    folder, begun = _split(text)
    try:
        with os.scandir(folder) as entries:
            found = [
                _listed(entry)
                for entry in islice(entries, _MOST_LISTED)
                if entry.name.casefold().startswith(begun.casefold())
                and (begun.startswith(".") or not entry.name.startswith("."))
            ]
    except (OSError, ValueError):
        return []
    return sorted(found, key=lambda candidate: (_RANKS.index(candidate.kind), candidate.label.casefold()))


_RANKS: tuple[Kind, ...] = ("recent", "sample", "model", "folder", "file", "engine")


def complete(text: str, candidates: Sequence[Candidate]) -> str:
    """Return the text completed as far as all candidates agree; a single folder is entered."""
    if not candidates:
        return text
    if on_engine(text):
        common = os.path.commonprefix([candidate.path for candidate in candidates])  # noqa: RUF071 -- names, not paths
        return common if len(common) > len(text) else text
    folder, begun = _split(text)
    names = [Path(candidate.path).name for candidate in candidates]
    common = os.path.commonprefix(names)  # noqa: RUF071 -- names, not paths: character by character is what is wanted
    if len(common) <= len(begun) and len(names) > 1:
        return text
    head = text[: len(text) - len(begun)]
    return head + common + ("/" if len(names) == 1 and Path(folder, common).is_dir() else "")


def is_openable_folder(path: str) -> bool:
    """Return whether a folder is an artifact itself, not a place to look in."""
    return any(Path(path, name).exists() for name in ("saved_model.pb", "saved_model.pbtxt", "oci-layout"))


def _split(text: str) -> tuple[str, str]:
    """Return the folder a half-typed path is in, "~" resolved, and the part of a name that was typed so far."""
    head, begun = os.path.split(text)
    return str(Path(head or ".").expanduser()), begun


def _begins(name: str, begun: str) -> bool:
    """Return whether a name begins with what was typed; hidden ones only where a dot was typed."""
    return name.casefold().startswith(begun.casefold()) and (begun.startswith(".") or not name.startswith("."))


def _listed(entry: os.DirEntry[str]) -> Candidate:
    try:
        folder = entry.is_dir()
    except OSError:
        folder = False
    if folder:
        kind: Kind = "model" if is_openable_folder(entry.path) else "folder"
        return Candidate(entry.path, kind, None, f"{entry.name}/")
    kind = "model" if entry.name.casefold().endswith(_MODEL_SUFFIXES) else "file"
    return Candidate(entry.path, kind, _size(Path(entry.path)), entry.name)


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None


def _short(path: str) -> str:
    """Return the path as seen from the working folder or the home folder where it lies inside one of them."""
    for base, shown in ((_folder(Path.cwd), ""), (_folder(Path.home), "~" + os.sep)):
        if base and path.startswith(base + os.sep):
            return shown + path[len(base) + 1 :]
    return path


def _folder(find: Callable[[], Path]) -> str:
    """Return a folder that need not exist: the working folder may be gone, and there may be no home."""
    try:
        return str(find())
    except (OSError, RuntimeError):
        return ""


def unique(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates without those whose path came before."""
    return list({candidate.path: candidate for candidate in reversed(list(candidates))}.values())[::-1]
