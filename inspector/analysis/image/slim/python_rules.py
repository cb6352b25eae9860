"""What Python needs of its installation without opening it, and what belongs to every module that stays.

Sources: Python's Modules/getpath.py (landmarks), Lib/site.py (.pth files, customization), PEP 3147 and 488 (bytecode).
"""

from __future__ import annotations

import re
from typing import Final

from inspector.analysis.image.slim.keeping import Keeping
from inspector.analysis.image.slim.owners import source_of
from inspector.records.slimming import KeepReason

_LIBRARY: Final = re.compile(r"(?:.*/)?(?:lib|lib64|Lib)/python(\d+\.\d+)t?(?=/)")
_SITE: Final = re.compile(r"(?:.*/)?(?:site|dist)-packages(?=/)")
_TAGGED: Final = re.compile(r"\.(?:cpython|pypy)-?(\d)(\d+)t?-?\w*(?:\.opt-[12])?\.pyc")
_PROGRAM: Final = re.compile(r"python(?:\d(?:\.\d+)?)?t?")
_MODULES: Final = (".py", ".pyc", ".so")
_ALWAYS: Final = (
    "os", "stringprep", "encodings/__init__", "encodings/aliases", "encodings/utf_8", "encodings/utf_8_sig", "encodings/ascii",
    "encodings/latin_1", "encodings/idna", "encodings/punycode", "encodings/unicode_escape", "encodings/raw_unicode_escape",
    "encodings/cp437", "encodings/cp1252",
)  # fmt: skip
"""Modules of the library that decide where Python finds itself, or are looked for at odd moments, as for a host's name."""
_CUSTOMIZATION: Final = ("sitecustomize", "usercustomize")
_IMPORTED: Final = re.compile(r"(?:\bimport\s+|__import__\(\s*['\"])([A-Za-z_][\w.]*)")
_MOST_LINES: Final = 1000
_MOST_VERSIONS: Final = 16


class PythonRules:
    """Keeps bytecode with its source and the other way round, packages of modules, and landmarks."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._scene = keeping.scene
        self._folders: set[str] = set()
        """Folders of modules, libraries and sites that were seen to."""
        self._versions: set[str] = set()
        self._modules: dict[str, None] = {}
        """Kept modules outside of any library: which Python runs them is told by which of them stay."""

    def apply(self, path: str) -> None:
        """Keep what goes with a kept file of Python."""
        if not self._scene.is_file(path):
            return
        folder, _, name = path.rpartition("/")
        if name.endswith(_MODULES):
            self._keep_packages(folder.removesuffix("/__pycache__"))
        if name.endswith(".py"):
            self._keep_bytecode(path)
        elif name.endswith(".pyc"):
            self._keeping.keep_with_end(source_of(path), "source")
        library = _LIBRARY.match(path)
        if library is not None:
            self._keep_library(library[0], library[1])
        site = _SITE.match(path)
        if site is not None:
            self._keep_site(site[0])
        if _PROGRAM.fullmatch(name):
            self._keep_beside_program(folder)

    def _is_new(self, folder: str) -> bool:
        if folder in self._folders:
            return False
        self._folders.add(folder)
        return True

    def _keep_packages(self, folder: str) -> None:
        """Keep __init__ of a folder of modules and of those around it."""
        while folder and self._is_new(folder):
            self._keep_module(f"{folder}/__init__", "source")
            folder = folder.rpartition("/")[0]

    def _keep_module(self, stem: str, reason: KeepReason) -> None:
        for path in (f"{stem}.py", f"{stem}.pyc"):
            if self._scene.is_file(path):
                self._keeping.keep_with_end(path, reason)

    def _keep_bytecode(self, path: str) -> None:
        """Keep the bytecode of a module that a Python in use would take, of all levels of optimization."""
        library = _LIBRARY.match(path)
        versions = {library[1]} if library is not None else self._versions
        if library is None:
            self._modules[path] = None
        for bytecode in self._scene.bytecode.get(path, ()):
            if version_of(bytecode) in versions:
                self._keeping.keep_with_end(bytecode, "bytecode")

    def _keep_library(self, library: str, version: str) -> None:
        """Keep the landmarks of the standard library in a folder, once a file of it stays."""
        if not self._is_new(f"{library}/"):
            return
        home = library.rpartition("/")[0].rpartition("/")[0]
        self._keeping.keep(f"{home}/pyvenv.cfg" if home else "pyvenv.cfg", "start-up")
        if not {f"{library}/os.py", f"{library}/os.pyc"} & self._scene.entries.keys():
            return
        for name in _ALWAYS:
            self._keep_module(f"{library}/{name}", "start-up")
        for name in ("lib-dynload", "site-packages", "dist-packages"):
            self._keeping.keep(f"{library}/{name}", "start-up")
        for path in self._scene.children.get(f"{library}/lib-dynload", ()):
            if path.startswith(f"{library}/lib-dynload/unicodedata."):
                self._keeping.keep(path, "start-up")
        self._keeping.keep(f"{library.rpartition('/')[0]}/python{version.replace('.', '')}.zip", "start-up")
        self._keep_customization(library)
        self._learn(version)

    def _learn(self, version: str) -> None:
        """Take in that a version of Python runs, for modules outside of any library."""
        if version not in self._versions and len(self._versions) < _MOST_VERSIONS:
            self._versions.add(version)
            for path in list(self._modules):
                self._keep_bytecode(path)

    def _keep_site(self, site: str) -> None:
        """Keep what is read of a folder of packages at every start, once a file of it stays."""
        if not self._is_new(f"{site}/"):
            return
        self._keep_customization(site)
        for path in self._scene.children.get(site, ()):
            if path.endswith(".pth"):
                self._keeping.keep_with_end(path, "start-up")
                self._keep_named(path, site)

    def _keep_named(self, path: str, site: str) -> None:
        """Keep the folders that a .pth file names, and the modules that it imports."""
        for line in self._scene.text(path).splitlines()[:_MOST_LINES]:
            if line.startswith(("import ", "import\t")):
                for module in _IMPORTED.findall(line):
                    self._keep_imported(site, module.replace(".", "/"))
            elif line.strip() and not line.startswith("#"):
                name = line.strip()
                self._keeping.keep_name(name if name.startswith("/") else f"{site}/{name}", "start-up")

    def _keep_imported(self, site: str, module: str) -> None:
        self._keep_module(f"{site}/{module}", "start-up")
        self._keep_module(f"{site}/{module}/__init__", "start-up")

    def _keep_customization(self, folder: str) -> None:
        for name in _CUSTOMIZATION:
            for module in (f"{folder}/{name}.py", f"{folder}/{name}/__init__.py"):
                self._keeping.keep_name(module, "start-up")

    def _keep_beside_program(self, folder: str) -> None:
        """Keep what tells a Python program where its library is."""
        home = folder.rpartition("/")[0]
        for name in (f"{folder}/pyvenv.cfg", f"{home}/pyvenv.cfg" if home else "pyvenv.cfg"):
            self._keeping.keep(name, "start-up")
        for path in self._scene.children.get(folder, ()):
            if path.endswith("._pth"):
                self._keeping.keep(path, "start-up")


def version_of(path: str) -> str:
    """Return the version of Python that bytecode in __pycache__ is for, such as "3.11"; empty where its name does not tell."""
    tag = _TAGGED.search(path.rpartition("/")[2])
    return f"{tag[1]}.{tag[2]}" if tag is not None else ""


def library_version(path: str) -> str:
    """Return the version of Python that the library is of which a file lies in, such as "3.11"; empty outside of any."""
    library = _LIBRARY.match(path)
    return library[1] if library is not None else ""
