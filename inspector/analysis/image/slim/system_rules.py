"""What of the system is needed without being seen: settings, mount points, homes, certificates, languages, time zones.

Sources: the Filesystem Hierarchy Standard; localedata and setlocale(3); tzset(3); iconv's gconv-modules; the OCI image
specification on volumes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from inspector.analysis.image.slim.keeping import Keeping

_MOST_SETTING: Final = 1 << 20
_MOUNTS: Final = (
    "proc", "sys", "dev", "dev/pts", "dev/shm", "dev/mqueue", "tmp", "run", "var/run", "run/lock", "var/lock", "var/tmp", "mnt",
    "media", "srv", "var/log", "var/cache", "var/lib",
)  # fmt: skip
_MADE_BY_ENGINES: Final = ("proc", "sys", "dev", "run")
"""What lies below is there only once the container runs."""
_PACKAGES: Final = re.compile(
    r"(?:.*/)?(?:(?:site|dist)-packages|node_modules|\.cache|\.venv|conda-meta|python\d+\.\d+)(?:/|$)"
)
"""Folders of packages and caches, which programs do not write to while they serve."""
_CERTIFICATE_VARIABLES: Final = (
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "GIT_SSL_CAINFO", "PIP_CERT",
)  # fmt: skip
_CERTIFICATE_FOLDERS: Final = ("etc/ssl", "etc/pki", "usr/lib/ssl", "usr/local/share/ca-certificates", "usr/local/ssl")
_LANGUAGE_VARIABLES: Final = ("LANG", "LC_ALL", "LANGUAGE")
_LOCALES: Final = "usr/lib/locale"
_ZONES: Final = "usr/share/zoneinfo"
_ALWAYS_ZONES: Final = ("UTC", "Etc/UTC")
_GCONV: Final = re.compile(r"(?:.*/)?gconv(?=/)")
_MOST_VALUES: Final = 100
_NO_HOMES: Final = frozenset(("usr", "usr/bin", "usr/sbin", "usr/local", "var", "var/lib", "lib", "opt", "bin", "sbin", "srv"))
"""Folders of the system that passwd(5) gives to some users."""


class SystemRules:
    """Keeps what every program may count on."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._scene = keeping.scene

    def keep_all(self) -> None:
        """Keep everything that does not depend on what was seen."""
        self._keep_settings()
        self._keep_mount_points()
        self._keep_home()
        self._keep_named_in_environment()
        self._keep_certificates()
        self._keep_locales()
        self._keep_zones()

    def apply(self, path: str) -> None:
        """Keep the tables of character sets where any converter stays."""
        gconv = _GCONV.match(path)
        if gconv is not None:
            for one in self._scene.children.get(gconv[0], ()):
                if one.rpartition("/")[2].startswith("gconv-modules"):
                    self._keeping.keep_below(one, "locale", _MOST_SETTING)

    def _keep_settings(self) -> None:
        """Keep /etc but for large files, and for links to what may go: those stay with what they lead to."""
        self._keeping.keep_name("etc/ld.so.cache", "start-up")
        for path in self._scene.below(etc := self._scene.real("etc") or "etc"):
            if self._scene.kind(path) == "symlink":
                if self._scene.links.find(path) is None:
                    self._keeping.keep(path, "settings")
            elif self._scene.size(path) <= _MOST_SETTING:
                self._keeping.keep(path, "settings")
        self._keeping.keep(etc, "settings")
        for name in ("usr/lib/os-release", "etc/os-release"):
            self._keeping.keep_name(name, "settings")

    def _keep_mount_points(self) -> None:
        """Keep folders that programs and engines put things into, and what only a running container has an end for."""
        for name in _MOUNTS:
            self._keeping.keep_name(name, "mount point")
        for volume in self._scene.config.volumes[:_MOST_VALUES]:
            path = self._keeping.keep_name(volume, "mount point")
            if path:
                self._keeping.keep_below(path, "mount point")
        owner = self._owner()
        for path, place in sorted(self._scene.entries.items()):
            kind = place.content.kind
            if kind in ("character_device", "block_device", "fifo"):
                self._keeping.keep(path, "device")
            elif kind == "directory" and self._is_for_writing(path, place.entry.mode, place.entry.uid, owner):
                self._keeping.keep(path, "mount point")
            elif kind == "symlink" and self._leads_to_mount(path):
                self._keeping.keep(path, "link")

    def _is_for_writing(self, path: str, mode: int, uid: int, owner: int) -> bool:
        if not self._scene.children.get(path) or mode & 0o1002:
            return True
        return owner > 0 and uid == owner and _PACKAGES.match(path) is None

    def _leads_to_mount(self, path: str) -> bool:
        end = self._scene.links.follow(path).end
        return (
            end is not None and end not in self._scene.entries and end.startswith(tuple(f"{top}/" for top in _MADE_BY_ENGINES))
        )

    def _user(self) -> list[str]:
        """Return the fields of passwd(5) of the user that programs run as."""
        wanted = self._scene.config.user.partition(":")[0] or "0"
        rows = [line.split(":") for line in self._scene.text(self._scene.real("etc/passwd")).splitlines()]
        return next((row for row in rows if len(row) >= 6 and wanted in (row[0], row[2])), [wanted, "", wanted, "", "", ""])

    def _owner(self) -> int:
        number = self._user()[2]
        return int(number) if number.isdecimal() and len(number) < 12 else 0

    def _keep_home(self) -> None:
        """Keep the folder that programs start in, and the user's home with its small files, packages and caches left out."""
        self._keeping.keep_name(self._scene.config.working_dir, "home")
        home = self._keeping.keep_name(self._user()[5], "home")
        self._keeping.keep_name(self._scene.environment.get("HOME", ""), "home")
        if not home or self._owner() <= 0 or home in _NO_HOMES:
            return
        start = len(home) + 1
        for path in self._scene.below(home):
            if _PACKAGES.match(path[start:]) is None and self._scene.size(path) <= _MOST_SETTING:
                self._keeping.keep(path, "home")

    def _keep_named_in_environment(self) -> None:
        """Keep folders that variables name: programs may only ask whether they are there; and small files that they name."""
        for value in list(self._scene.environment.values())[:_MOST_VALUES]:
            for name in value.split(":")[:_MOST_VALUES]:
                path = self._scene.real(name) if name.startswith("/") else ""
                if path and self._scene.size(path) <= _MOST_SETTING:
                    self._keeping.keep(path, "settings")

    def _keep_certificates(self) -> None:
        """Keep the certificates that the system trusts, wherever the links of /etc/ssl/certs lead."""
        for name in _CERTIFICATE_FOLDERS:
            folder = self._scene.real(name)
            for path in (folder, *self._scene.below(folder)) if folder else ():
                self._keep_certificate(path)
        for variable in _CERTIFICATE_VARIABLES:
            path = self._scene.real(self._scene.environment.get(variable, ""))
            for one in (path, *self._scene.below(path)) if path else ():
                self._keep_certificate(one)

    def _keep_certificate(self, path: str) -> None:
        """Keep a certificate, and what it is a link to."""
        if self._scene.kind(path) == "symlink":
            path = self._scene.real(path)
        if path and self._scene.size(path) <= _MOST_SETTING:
            self._keeping.keep(path, "certificates")

    def _keep_locales(self) -> None:
        names = dict.fromkeys(_named_locales(self._scene.environment.items()))
        for name in ("C", *names):
            for spelling in _spellings(name):
                folder = self._scene.real(f"{_LOCALES}/{spelling}")
                if folder:
                    self._keeping.keep_below(folder, "locale")
        if names:
            self._keeping.keep_name(f"{_LOCALES}/locale-archive", "locale")
            self._keeping.keep_name("usr/share/locale/locale.alias", "locale")

    def _keep_zones(self) -> None:
        self._keeping.keep_name("etc/localtime", "time zone")
        zone = self._scene.environment.get("TZ", "").lstrip(":")
        for name in (*_ALWAYS_ZONES, zone):
            path = self._scene.real(name if name.startswith("/") else f"{_ZONES}/{name}") if name else ""
            if self._scene.kind(path) == "file":
                self._keeping.keep(path, "time zone")


def _named_locales(environment: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the languages that variables name, but for those that every C library has built in."""
    for name, value in environment:
        if name in _LANGUAGE_VARIABLES or name.startswith("LC_"):
            for one in value.split(":")[:_MOST_VALUES]:
                if one and one.partition(".")[0] not in ("C", "POSIX") and "/" not in one:
                    yield one


def _spellings(name: str) -> Iterator[str]:
    """Yield the folders that may hold a locale: the code set as written, and as glibc normalizes it."""
    language, dot, code_set = name.partition(".")
    code_set, at, modifier = code_set.partition("@")
    yield name
    if name == "C" or not dot:
        yield f"{language}.utf8"
        yield f"{language}.UTF-8"
    if dot:
        yield f"{language}.{re.sub(r'[^a-z0-9]', '', code_set.lower())}{at}{modifier}"
