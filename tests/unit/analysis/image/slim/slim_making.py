"""Short ways to an inspection: of layers in memory, or of an archive that is read as users' are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.leftovers import find_leftovers
from inspector.analysis.image.models import find_models
from inspector.analysis.image.packages import find_packages
from inspector.analysis.image.waste import find_waste
from inspector.records.event import Finished
from inspector.records.image import Image, Layer
from inspector.records.image_inspection import ImageInspection
from inspector.records.written_image import KeptEntry, Selection
from inspector.workflows.inspect_image import examine_image
from tests.images.build import Entries, ImageSpec, build_layer, docker_archive
from tests.unit.analysis.image.content_making import Content, image_of, layer

SITE = "usr/local/lib/python3.12/site-packages"


def understood(image: Image) -> ImageInspection:
    """Return everything analysis makes of an image in memory."""
    final = merge(image.layers)
    packages = find_packages(image.layers, final)
    leftovers = find_leftovers(image, final, packages)
    models = find_models(image.layers, final, image.blobs)
    return ImageInspection(image, final, find_waste(image.layers, final), leftovers, packages, models)


def of_files(*layers: Mapping[str, Content], **config: object) -> ImageInspection:
    """Return the inspection of layers given as files by path."""
    return understood(image_of(*(layer(files, index) for index, files in enumerate(layers)), **config))  # type: ignore[arg-type]


def of_layers(layers: Sequence[Layer], **config: object) -> ImageInspection:
    """Return the inspection of layers."""
    return understood(image_of(*layers, **config))  # type: ignore[arg-type]


def of_archive(path: Path, layers: Sequence[Entries], **config: Any) -> ImageInspection:
    """Write an archive and read it as users' are."""
    return read(docker_archive(path, [ImageSpec([build_layer(one) for one in layers], config)]))


def read(path: Path) -> ImageInspection:
    """Return the inspection of an archive."""
    events = list(examine_image(path))
    last = events[-1]
    assert isinstance(last, Finished)
    return last.result


def by_path(selection: Selection) -> dict[str, KeptEntry]:
    """Return the entries of a selection by path."""
    found = {entry.path: entry for entry in selection.entries}
    assert len(found) == len(selection.entries), "every path is written once"
    return found


def python_package(
    name: str, files: Mapping[str, Content], version: str = "1.0", requires: Sequence[str] = ()
) -> dict[str, Content]:
    """Return an installed Python distribution: its files, METADATA, and a RECORD of all of them."""
    info = f"{SITE}/{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    contents: dict[str, Content] = {f"{SITE}/{path}": content for path, content in files.items()}
    contents[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n".encode()
    lines = [f"{path.removeprefix(f'{SITE}/')},," for path in (*contents, f"{info}/RECORD")]
    contents[f"{info}/RECORD"] = "\n".join(lines).encode()
    return contents


def debian_packages(
    packages: Mapping[str, Mapping[str, Content]], depends: Mapping[str, str] | None = None
) -> dict[str, Content]:
    """Return installed Debian packages: their files, dpkg's status, and a list of files each."""
    status, contents = [], {}
    for name, files in packages.items():
        needs = f"Depends: {depends[name]}\n" if depends and name in depends else ""
        status.append(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n{needs}Description: x\n"
        )
        contents[f"var/lib/dpkg/info/{name}.list"] = "".join(f"/{path}\n" for path in files).encode()
        contents.update(files)  # type: ignore[arg-type]
    contents["var/lib/dpkg/status"] = "\n".join(status).encode()
    return contents  # type: ignore[return-value]
