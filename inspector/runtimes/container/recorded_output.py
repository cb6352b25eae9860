"""What a container prints, kept at both ends of each stream: messages of the start and of the end, never all of a flood."""

from __future__ import annotations

from typing import Final

from inspector.runtimes.container.output import Output

MOST_HEAD: Final = 256 << 10
MOST_TAIL: Final = 256 << 10


class BothEnds:
    """The first and the last bytes of a stream; what is left out between them is said in its place."""

    def __init__(self, head: int = MOST_HEAD, tail: int = MOST_TAIL) -> None:
        self.count = 0
        self._most_head, self._most_tail = head, tail
        self._head, self._tail = bytearray(), bytearray()

    def add(self, data: bytes) -> None:
        """Take in what comes next."""
        self.count += len(data)
        room = self._most_head - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room < len(data) else b""
        if len(self._tail) > 2 * self._most_tail:
            del self._tail[: -self._most_tail]

    @property
    def content(self) -> bytes:
        """What is kept, with a line about what is not."""
        tail = bytes(self._tail[-self._most_tail :])
        left_out = self.count - len(self._head) - len(tail)
        between = f"\n[{left_out:,} bytes left out]\n".encode() if left_out else b""
        return bytes(self._head) + between + tail


class RecordedOutput(Output):
    """Both streams of a container, of which the ends are kept."""

    def __init__(self, wanted: str = "") -> None:
        super().__init__(wanted)
        self.streams = (BothEnds(), BothEnds())

    def feed(self, stream: int, data: bytes) -> None:
        """Take in what one stream (0 or 1) brought."""
        self.streams[stream].add(data)
        super().feed(stream, data)
