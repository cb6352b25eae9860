"""Which files of an image a package owns, as its own records say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from inspector.records.image_contents import Package
from inspector.records.image_inspection import ImageInspection

if TYPE_CHECKING:
    from inspector.analysis.image.symlinks import Symlinks


def package_paths(inspection: ImageInspection, package: Package) -> tuple[str, ...]:
    """Return the paths of the package's files that are in the final file system, and the file that describes it.

    Reads the records of all packages again: not on the UI's thread.
    """
    from inspector.analysis.image.alpine_packages import find_alpine
    from inspector.analysis.image.debian_packages import find_debian
    from inspector.analysis.image.packages_text import as_in_records
    from inspector.analysis.image.python_packages import PythonPackages
    from inspector.analysis.image.stored import Stored
    from inspector.analysis.image.symlinks import Symlinks

    final = inspection.file_system
    if final is None:
        return ()
    stored = Stored(inspection.image.layers, final)
    finders = {
        "debian": lambda: find_debian(stored),
        "alpine": lambda: find_alpine(stored),
        "python": lambda: PythonPackages(stored).find(),
    }
    links = Symlinks(final.entries)
    for described in finders[package.kind]():
        if described.place == package.place and described.name == package.name:
            listed = (path for path, _ in described.files)
            found = (path if path in final.entries else _located(links, as_in_records(path)) for path in listed)
            return (package.place, *(path for path in found if path))
    return (package.place,)


def _located(links: Symlinks, forms: Iterable[str]) -> str | None:
    """Return where a path leads whose folders are symlinks, as merged systems have /lib for /usr/lib."""
    return next((real for real in map(links.locate, forms) if real is not None), None)
