"""The kernel's fanotify(7): which files of a file system are opened, executed, and by which process."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import stat
import struct
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

OPEN: Final = 0x20
OPEN_EXEC: Final = 0x1000
ON_FOLDER: Final = 0x40000000
OVERFLOW: Final = 0x4000

_AT_ONCE: Final = 256
"""Events read at once: each comes with a descriptor, of which a process has few."""
_LONGEST_PATH: Final = 4096
_METADATA: Final = struct.Struct("=IBBHQii")
_VERSION: Final = 3
_CLOSE_ON_EXEC_NONBLOCKING: Final = 0x1 | 0x2
_UNLIMITED_QUEUE: Final = 0x10
_REPORT_ERRORS: Final = 0x2000
"""FAN_REPORT_FD_ERROR, since Linux 6.13: a descriptor that could not be made is told instead of dropped."""
_ITSELF: Final = 0x1000
"""AT_EMPTY_PATH of statx(2)."""
_TYPE: Final = 0x1
_MODE_AT: Final = 28
"""Where struct statx has its stx_mode."""
_ADD_FILE_SYSTEM: Final = 0x1 | 0x100
_HERE: Final = -100
_NO_DESCRIPTOR: Final = -1
# Calls that take microseconds keep the interpreter's lock: to get it back, where another thread is busy, takes milliseconds.
_library: Final = ctypes.PyDLL(None, use_errno=True)
_room: Final = ctypes.create_string_buffer(_LONGEST_PATH)
_NOBODY_CAN_OPEN: Final = frozenset({errno.ENXIO, errno.ENODEV})
"""Sockets and devices without a driver: who tried to open them got the same error."""


@dataclass(frozen=True, slots=True)
class FileEvent:
    """One event as the kernel tells it; descriptor is the file itself, or below 0 why there is none. pid 0: out of sight."""

    mask: int
    descriptor: int
    pid: int

    @property
    def is_lost(self) -> bool:
        """Whether something was opened that nobody can name any more."""
        if self.mask & OVERFLOW:
            return True
        return self.descriptor < 0 and -self.descriptor not in _NOBODY_CAN_OPEN

    def path(self) -> bytes | None:
        """Return the path as the kernel knows it, from the root of the namespace the file was opened in; None for none.

        For one thread at a time.
        """
        if self.descriptor < 0:
            return None
        length = _library.readlink(b"/proc/self/fd/%d" % self.descriptor, _room, _LONGEST_PATH)
        return ctypes.string_at(_room, length) if 0 < length < _LONGEST_PATH else None

    def is_folder(self) -> bool:
        """Whether it is a folder that was opened, which the kernel does not tell by itself. For one thread at a time."""
        if self.descriptor < 0 or _library.statx(self.descriptor, b"", _ITSELF, _TYPE, _room) < 0:
            return False
        return stat.S_ISDIR(int.from_bytes(ctypes.string_at(ctypes.addressof(_room) + _MODE_AT, 2), sys.byteorder))

    def mount(self) -> int | None:
        """Return the number of the mount that the file was opened through, as /proc/self/mountinfo counts them."""
        try:
            with open(f"/proc/self/fdinfo/{self.descriptor}", "rb") as file:  # noqa: PTH123 - asked for often
                lines = file.read(4096).split(b"\n")
        except OSError:
            return None
        return next((int(line[7:]) for line in lines if line.startswith(b"mnt_id:")), None)


_NONSENSE: Final = FileEvent(OVERFLOW, _NO_DESCRIPTOR, 0)


class Fanotify:
    """Tells what is opened on file systems that were marked, by any process; must be closed.

    Raises OSError: EPERM where the process may not (it takes CAP_SYS_ADMIN), ENOSYS where the kernel cannot.
    """

    def __init__(self, unlimited: bool = True) -> None:
        """unlimited: whether the kernel may queue more than some 16,000 events before it drops them."""
        if not sys.platform.startswith("linux"):
            raise OSError(errno.ENOSYS, "fanotify is Linux's own")
        self._events = ctypes.create_string_buffer(_AT_ONCE * _METADATA.size)
        queue = _UNLIMITED_QUEUE if unlimited else 0
        try:
            self.descriptor = self._initialized(_CLOSE_ON_EXEC_NONBLOCKING | queue | _REPORT_ERRORS)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self.descriptor = self._initialized(_CLOSE_ON_EXEC_NONBLOCKING | queue)

    def watch(self, folder: str) -> None:
        """Tell what is opened on the file system that a folder is on, wherever it is mounted; raises OSError."""
        mark = _library.fanotify_mark
        mark.argtypes = [ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p]
        wanted = OPEN | OPEN_EXEC | ON_FOLDER
        if mark(self.descriptor, _ADD_FILE_SYSTEM, wanted, _HERE, os.fsencode(folder)) < 0:
            raise _failure()

    @contextlib.contextmanager
    def events(self) -> Iterator[list[FileEvent]]:
        """Hold the next events, none where nothing happened; their descriptors are closed afterwards.

        Raises OSError where the kernel gives none.
        """
        found = parse(self._data())
        try:
            yield found
        finally:
            for event in found:
                if event.descriptor >= 0:
                    _library.close(event.descriptor)

    @property
    def waiting(self) -> int:
        """How many events nobody has read yet; raises OSError."""
        length = fcntl.ioctl(self.descriptor, termios.FIONREAD, bytes(4))
        return int.from_bytes(length, sys.byteorder) // _METADATA.size

    def close(self) -> None:
        """Watch no more; may be called twice."""
        if self.descriptor >= 0:
            descriptor, self.descriptor = self.descriptor, -1
            os.close(descriptor)

    def _initialized(self, flags: int) -> int:
        # Descriptors of what was opened are made with the second: a FIFO must not keep us waiting for whoever writes into it.
        descriptor: int = _library.fanotify_init(flags, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_LARGEFILE)
        if descriptor < 0:
            raise _failure()
        return descriptor

    def _data(self) -> bytes:
        length = _library.read(self.descriptor, self._events, len(self._events))
        if length >= 0:
            return ctypes.string_at(self._events, length)
        error = _failure()
        if isinstance(error, BlockingIOError):
            return b""
        raise error


def can_watch() -> OSError | None:
    """Return what keeps this process from watching file systems; None if nothing does."""
    try:
        Fanotify().close()
    except OSError as error:
        return error
    return None


def parse(data: bytes) -> list[FileEvent]:
    """Return the events in what was read; what makes no sense, and all after it, is one event that is lost."""
    found: list[FileEvent] = []
    place = 0
    while place < len(data):
        if len(data) - place < _METADATA.size:
            return [*found, _NONSENSE]
        length, version, _, _, mask, descriptor, pid = _METADATA.unpack_from(data, place)
        if version != _VERSION or length < _METADATA.size or place + length > len(data):
            return [*found, _NONSENSE]
        found.append(FileEvent(mask, descriptor, pid))
        place += length
    return found


def _failure() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
