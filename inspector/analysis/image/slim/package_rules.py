"""What says which packages are installed: kept with the packages of which any file stays."""

from __future__ import annotations

from typing import Final

from inspector.analysis.image.packages_text import as_in_records
from inspector.analysis.image.python_packages import PythonPackages
from inspector.analysis.image.slim.keeping import Keeping
from inspector.analysis.image.symlinks import Symlinks

_MOST_BYTES: Final = 1 << 20
_LISTS: Final = ("METADATA", "RECORD", "PKG-INFO", "installed-files.txt", "SOURCES.txt")
_DATABASES: Final = (
    "var/lib/dpkg/status", "var/lib/dpkg/status.d", "lib/apk/db/installed", "usr/lib/apk/db/installed",
    "var/lib/rpm", "usr/lib/sysimage/rpm",
)  # fmt: skip
"""Scanners for vulnerabilities tell from these what is there."""
_CERTIFICATES: Final = {
    "certifi/__init__.py": ("cacert.pem",),
    "grpc/__init__.py": ("_cython/_credentials/roots.pem",),
    "botocore/__init__.py": ("cacert.pem",),
}
"""Certificates that packages open only once they call somebody, by a file that is imported before."""


class PackageRules:
    """Keeps metadata of distributions, and data that a package takes for granted."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._scene = keeping.scene
        self._places: dict[str, list[str]] = {}
        """What describes the distributions that list a file, by its path."""
        self._done: set[str] = set()
        self._learn()

    def keep_databases(self) -> None:
        """Keep what dpkg, apk and rpm know."""
        for name in _DATABASES:
            path = self._scene.real(name)
            if path:
                self._keeping.keep_below(path, "package metadata")

    def apply(self, path: str) -> None:
        """Keep the metadata of the distributions that a file is of, and the certificates that come with it."""
        for place in self._places.get(path, ()):
            if place not in self._done:
                self._done.add(place)
                self._keep_metadata(place)
        parts = path.rsplit("/", 2)
        for name in _CERTIFICATES.get("/".join(parts[-2:]), ()):
            self._keeping.keep_with_end(f"{path.rpartition('/')[0]}/{name}", "certificates")
        if "/".join(parts[-2:]) == "tzdata/__init__.py":
            self._keeping.keep_below(f"{path.rpartition('/')[0]}/zoneinfo", "time zone", _MOST_BYTES)

    def _learn(self) -> None:
        symlinks = Symlinks(self._scene.entries)
        entries = self._scene.entries
        for described in PythonPackages(self._scene.stored).find():
            own = _metadata(described.place)
            for listed, _ in described.files:
                path = listed if listed in entries else _located(symlinks, listed)
                if path is not None and path != own and not path.startswith((f"{own}/", "etc/")):
                    self._places.setdefault(path, []).append(described.place)

    def _keep_metadata(self, place: str) -> None:
        """Keep all that is said of a distribution; lists of files however long they are."""
        folder = _metadata(place)
        self._keeping.keep_below(folder, "package metadata", _MOST_BYTES)
        for name in _LISTS:
            self._keeping.keep(f"{folder}/{name}", "package metadata")


def _metadata(place: str) -> str:
    """Return the folder of all that is said of a distribution, or the one file of it."""
    folder = place.rpartition("/")[0]
    return folder if folder.endswith(("-info", "EGG-INFO")) else place


def _located(symlinks: Symlinks, path: str) -> str | None:
    found = (symlinks.locate(form) for form in as_in_records(path))
    return next((real for real in found if real is not None), None)
