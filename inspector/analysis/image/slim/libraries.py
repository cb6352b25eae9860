"""Libraries that kept ELF files need, found where the loader finds them, without running it.

Sources: ld.so(8); glibc's elf/dl-load.c on RPATH that is inherited; musl's ldso/dynlink.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from inspector.analysis.image.elf import parse_elf
from inspector.analysis.image.slim.keeping import Keeping
from inspector.records.image_contents import ElfNeeds
from inspector.records.slimming import KeepReason

_TRIPLETS: Final = {
    (62, 64): "x86_64-linux-gnu", (183, 64): "aarch64-linux-gnu", (3, 32): "i386-linux-gnu", (40, 32): "arm-linux-gnueabihf",
    (243, 64): "riscv64-linux-gnu", (22, 64): "s390x-linux-gnu", (21, 64): "powerpc64le-linux-gnu",
}  # fmt: skip
"""Debian's names for folders of libraries, by machine and bits."""
_LIBC: Final = re.compile(r"libc(?:\.so\.6|-2\.\d+\.so)")
_OPENED_BY_LIBC: Final = ("libgcc_s.so.1", "libresolv.so.2")
"""Libraries that the C library loads by name when a thread is cancelled, or a host looked up."""
_SERVICES: Final = ("files", "dns", "compat")
_MOST_SETTINGS: Final = 64
_MOST_CONTEXTS: Final = 16
_MOST_FOLDERS: Final = 64
_MOST_VARIANTS: Final = 32

Folders = tuple[str, ...]


class Libraries:
    """Keeps what ELF files need; libraries of another machine or class do not count."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._scene = keeping.scene
        self._seen: dict[str, set[Folders]] = {}
        self._of_programs: dict[Folders, None] = {(): None}
        """RPATH of programs: whatever they load later looks there, too."""

    def apply(self, path: str) -> None:
        """Keep the loader and the libraries that the file at a path asks for."""
        needs = self._scene.elf.get(path)
        if needs is None:
            return
        if needs.interpreter:
            self._keeping.keep_name(needs.interpreter, "start-up")
            self._learn(self._own_folders(path, needs) if needs.is_inherited else ())
        for inherited in list(self._of_programs):
            self._visit(path, inherited)
        if _LIBC.fullmatch(path.rpartition("/")[2]):
            self._keep_what_libc_opens(path, needs)

    def _learn(self, folders: Folders) -> None:
        """Take in the RPATH of a program, for everything that is kept already, too."""
        if folders in self._of_programs or len(self._of_programs) >= _MOST_CONTEXTS:
            return
        self._of_programs[folders] = None
        for path in list(self._seen):
            self._visit(path, folders)

    def _visit(self, path: str, inherited: Folders) -> None:
        """Keep what a file needs when it is loaded by something with this RPATH, and what that needs."""
        pending = [(path, inherited)]
        while pending:
            path, inherited = pending.pop()
            seen = self._seen.setdefault(path, set())
            needs = self._scene.elf.get(path)
            if needs is None or inherited in seen or len(seen) >= _MOST_CONTEXTS:
                continue
            seen.add(inherited)
            own = self._own_folders(path, needs)
            passed_on = _bounded((*own, *inherited) if needs.is_inherited else inherited)
            search = tuple(self._search(own, inherited, needs))
            for name in needs.needed:
                for library in self._found(name, search, needs):
                    self._keeping.keep(library, "library")
                    pending.append((library, passed_on))

    def _search(self, own: Folders, inherited: Folders, needs: ElfNeeds) -> Iterator[str]:
        """Yield the folders in which the loader looks, in its order."""
        if needs.is_inherited or not needs.search:
            yield from own
            yield from inherited
            yield from self._variable
        else:
            yield from self._variable
            yield from own
        yield from self._settings
        yield from self._usual(needs)

    def _found(self, name: str, folders: Iterable[str], needs: ElfNeeds) -> Iterator[str]:
        """Yield the first library of a name that fits, and those made for newer processors in folders up to that one."""
        if "/" in name:
            path = self._scene.real(name if name.startswith("/") else f"{self._scene.config.working_dir}/{name}")
            if self._fits(path, needs):
                yield path
            return
        for folder in dict.fromkeys(folders):
            for variant in self._scene.children.get(f"{folder}/glibc-hwcaps", ())[:_MOST_VARIANTS]:
                if self._fits(found := self._scene.real(f"{variant}/{name}"), needs):
                    yield found
            if self._fits(found := self._scene.real(f"{folder}/{name}"), needs):
                yield found
                return

    def _fits(self, path: str, needs: ElfNeeds) -> bool:
        """Tell whether a file is a library that such a file can load."""
        if self._scene.kind(path) != "file":
            return False
        other = self._scene.elf.get(path)
        if other is not None:
            return (other.machine, other.bits) == (needs.machine, needs.bits)
        head = parse_elf(self._scene.head(path))
        return head is not None and head.bits == needs.bits

    def _own_folders(self, path: str, needs: ElfNeeds) -> Folders:
        """Return the folders that a file names, for every folder it may be loaded from."""
        if not needs.search:
            return ()
        names = [path, *(trail.passed[0] for trail in self._scene.links.leading_to(path)[:_MOST_CONTEXTS])]
        origins = dict.fromkeys(self._scene.real(name.rpartition("/")[0]) for name in names)
        names = [one for origin in origins for text in needs.search[:_MOST_FOLDERS] for one in _expanded(text, origin, needs)]
        return self._real([name for name in names if name.startswith("/")])

    @cached_property
    def _variable(self) -> Folders:
        text = self._scene.environment.get("LD_LIBRARY_PATH", "")
        return self._real(text.replace(";", ":").split(":"))

    @cached_property
    def _settings(self) -> Folders:
        """Folders that settings name: those of ldconfig, which may include others, and of musl's loader."""
        found: list[str] = []
        for path in settings_of_loaders(self._scene.entries):
            text = self._scene.text(path)
            lines = (line.partition("#")[0].strip() for line in text.replace(":", "\n").splitlines())
            found += [line.partition("=")[0].strip() for line in lines if line.startswith("/")]
        return self._real(found)

    def _usual(self, needs: ElfNeeds) -> Iterator[str]:
        triplet = _TRIPLETS.get((needs.machine, needs.bits))
        names = [f"lib/{triplet}", f"usr/lib/{triplet}", f"usr/local/lib/{triplet}"] if triplet else []
        names += [f"lib{needs.bits}", f"usr/lib{needs.bits}", "lib", "usr/local/lib", "usr/lib"]
        yield from self._real(names)

    def _real(self, names: Sequence[str]) -> Folders:
        return _bounded([folder for name in names if (folder := self._scene.real(name))])

    def _keep_what_libc_opens(self, path: str, needs: ElfNeeds) -> None:
        """Keep what a C library loads by name later: services that look up hosts and users, and the unwinder."""
        folders = (path.rpartition("/")[0], *self._settings, *self._usual(needs))
        for name in (*_OPENED_BY_LIBC, *(f"libnss_{service}.so.2" for service in self._services())):
            self._keep_found(name, folders, needs, "library")

    def _keep_found(self, name: str, folders: Sequence[str], needs: ElfNeeds, reason: KeepReason) -> None:
        for library in self._found(name, folders, needs):
            self._keeping.keep(library, reason)

    def _services(self) -> Iterable[str]:
        """Return the services that nsswitch.conf(5) names, the usual ones included."""
        found = dict.fromkeys(_SERVICES)
        for line in self._scene.text(self._scene.real("etc/nsswitch.conf")).splitlines():
            words = line.partition("#")[0].partition(":")[2].split()
            found.update(dict.fromkeys(word for word in words if word.replace("_", "").isalnum()))
        return list(found)[:_MOST_SETTINGS]


def settings_of_loaders(entries: Iterable[str]) -> Sequence[str]:
    """Return the paths of files in which loaders are told folders; all that ld.so.conf.d holds, as it is usually included."""
    found = (
        path
        for path in entries
        if path == "etc/ld.so.conf"
        or (path.startswith("etc/ld.so.conf.d/") and path.endswith(".conf"))
        or (path.startswith("etc/ld-musl-") and path.endswith(".path"))
    )
    return sorted(found)[:_MOST_SETTINGS]


def _bounded(folders: Iterable[str]) -> Folders:
    return tuple(dict.fromkeys(folders))[:_MOST_FOLDERS]


def _expanded(text: str, origin: str, needs: ElfNeeds) -> Iterator[str]:
    """Yield what a folder of RPATH or RUNPATH may stand for once its variables are replaced."""
    text = re.sub(r"\$(?:ORIGIN\b|\{ORIGIN\})", lambda _: f"/{origin}", text)
    if not re.search(r"\$\{?LIB\b", text):
        yield text
        return
    triplet = _TRIPLETS.get((needs.machine, needs.bits))
    for name in ("lib", f"lib{needs.bits}", *((f"lib/{triplet}",) if triplet else ())):
        yield re.sub(r"\$(?:LIB\b|\{LIB\})", name, text)
