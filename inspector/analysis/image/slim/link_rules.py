"""Names that lead to what is kept: folders above it, symlinks to it, other names of the same file."""

from __future__ import annotations

from inspector.analysis.image.slim.keeping import Keeping


class LinkRules:
    """Keeps every name of a kept file, and everything on the way."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._scene = keeping.scene
        self._linked = keeping.scene.final.linked_files

    def apply(self, path: str) -> None:
        """Keep the folder above a path, the symlinks that lead to it with all they pass, and its hard links."""
        keep = self._keeping.keep
        folder = path.rpartition("/")[0]
        if folder:
            keep(folder, "folder")
        for trail in self._scene.links.leading_to(path):
            for passed in trail.passed:
                keep(passed, "link")
        if self._linked:
            for name in self._linked.get(id(self._scene.entries[path].content), ()):
                keep(name, "link")
