"""What tf2onnx says while it converts: it logs what it cannot, goes on, and writes a graph that is none."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Final

from inspector.isolation.plain_line import plain_line

_UNSUPPORTED: Final = "Tensorflow op [%s: %s] is not supported"
_FAILED: Final = "Failed to convert node"
_MOST: Final = 4


class Complaints(logging.Handler):
    """Gathers what tf2onnx's logger is told: operators it has no way to convert, nodes it failed at."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.unsupported: dict[str, str] = {}
        """The first node of each operator."""
        self.failures: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what matters of a record; what cannot be told from it is left out."""
        if record.msg == _UNSUPPORTED and isinstance(record.args, tuple) and len(record.args) == 2:
            node, operator = (str(one) for one in record.args)
            self.unsupported.setdefault(operator, node)
        elif str(record.msg).startswith(_FAILED) and isinstance(record.args, tuple) and record.args:
            cause = record.exc_info[1] if record.exc_info else None
            self.failures.append(f"node {record.args[0]}: {cause}" if cause else f"node {record.args[0]}")

    def sentence(self) -> str:
        """Return why the graph cannot be converted, with a node of each operator; empty where nothing stands against it."""
        if not self.unsupported:
            return plain_line(self.failures[0], 240) if self.failures else ""
        named = [f"{operator} (node {short(node)})" for operator, node in self.unsupported.items()]
        more = f" and {len(named) - _MOST} more" if len(named) > _MOST else ""
        verb = "has" if len(named) == 1 else "have"
        return plain_line(f"{', '.join(named[:_MOST])}{more} {verb} no ONNX operator", 280)


def short(node: str) -> str:
    """Return a node's name without the calls that inlining put before it."""
    parts = node.split("/")
    while len(parts) > 1 and parts[0].rstrip("_0123456789") in ("PartitionedCall", "StatefulPartitionedCall"):
        parts.pop(0)
    return "/".join(parts)


@contextlib.contextmanager
def listening() -> Iterator[Complaints]:
    """Give what tf2onnx says to Complaints and to nobody else."""
    logger = logging.getLogger("tf2onnx")
    complaints = Complaints()
    logger.handlers[:], logger.propagate = [complaints], False
    try:
        yield complaints
    finally:
        logger.removeHandler(complaints)
