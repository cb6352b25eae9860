"""What of an engine's file system this process sees: the same one, or the engine's own through /proc."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")
_SECONDS: Final = 4.0
_PROC: Final = Path("/proc")


def engine_pid(socket_path: str) -> int:
    """Return the process that listens on a unix socket; 0 where it is out of sight, or another made the socket for it."""
    with suppress(OSError, AttributeError), socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_SECONDS)
        asking.connect(socket_path)
        pid = _CREDENTIALS.unpack(asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[0]
        return int(pid) if pid > 1 else 0  # 1 is systemd, which listens for others until somebody comes
    return 0


def in_sight(folder: str, pid: int) -> str:
    """Return how to reach a folder that the engine names; empty where there is no way."""
    ways = (folder, f"/proc/{pid}/root{folder}") if pid else (folder,)
    return next((way for way in ways if Path(way).is_dir()), "")


def mounted_in_sight(folder: str, pid: int) -> str:
    """Return how to reach a folder that is the root of a mount of the engine's; empty where it is none to be seen."""
    ways = (folder, f"/proc/{pid}/root{folder}") if pid else (folder,)
    return next((way for way in ways if _is_mounted(way)), "")


def mounts_named(name: str, pid: int) -> tuple[str, ...]:
    """Return the folders of that name on which the engine has something mounted, by its own account of its mounts."""
    found = []
    for who in (str(pid) if pid else "self", "self"):
        with suppress(OSError):
            for line in (_PROC / who / "mountinfo").read_bytes().splitlines():
                parts = line.split(b" ")
                if len(parts) > 4 and parts[4].rpartition(b"/")[2] == name.encode():
                    found.append(os.fsdecode(parts[4]))
    return tuple(dict.fromkeys(found))


def device(folder: str) -> int | None:
    """Return the number of the file system that a folder is on; None where it is not to be seen."""
    try:
        return Path(folder).stat().st_dev
    except OSError:
        return None


def _is_mounted(folder: str) -> bool:
    here, above = device(folder), device(f"{folder}/..")
    return here is not None and here != above
