"""What the runtime's profiler writes: a JSON list with an event a line, read line by line, damaged lines skipped."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

_KERNEL: Final = "_kernel_time"
_NODE: Final = b'"cat" : "Node"'
_RUN: Final = b'"name" :"model_run"'
_LONGEST_LINE: Final = 1 << 20
_UNNAMED: Final = re.compile(r'"tid" ?: ?(\d+).*?"dur" ?: ?(\d+).*?"ts" ?: ?(\d+).*"op_name" ?: ?"(\w+)"')


class Event(NamedTuple):
    """One execution of a node, or one run of the model; times in microseconds from the session's start."""

    name: str
    operator: str
    place: str
    """Index of the node in its graph, as text."""
    thread: int
    start: int
    duration: int
    provider: str = ""


@dataclass(slots=True)
class Profile:
    """What a profile holds, in the order it was written; cut_off where it does not end as it should."""

    nodes: list[Event] = field(default_factory=list)
    runs: list[Event] = field(default_factory=list)
    cut_off: bool = False


def read_events(file: Path, limit: int) -> Profile:
    """Return the executions of nodes and the runs in a profile, of its first limit bytes. Raises OSError."""
    profile = Profile()
    last = b""
    with file.open("rb") as lines:
        while lines.tell() < limit and (line := lines.readline(_LONGEST_LINE)):
            last = line.strip() or last
            if _NODE in line[:40] and (event := _event(line)) is not None:
                profile.nodes.append(event)
            elif _RUN in line and (event := _event(line)) is not None:
                profile.runs.append(event)
    profile.cut_off = not last.endswith(b"]")
    return profile


class _Arguments(msgspec.Struct):
    """What we want to know of an execution."""

    op_name: str = ""
    node_index: str = ""
    provider: str = ""


class _Line(msgspec.Struct):
    """One line of a profile."""

    cat: str
    name: str
    tid: int
    ts: int
    dur: int
    args: _Arguments


_decoder = msgspec.json.Decoder(_Line)


def _event(line: bytes) -> Event | None:
    """Return the event of one line, None where it is no whole execution or makes no sense."""
    data = line.strip().rstrip(b",")
    try:
        told = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _without_name(data.decode("utf-8", "replace"))
    if told.cat == "Node" and not told.name.endswith(_KERNEL):
        return None
    name, of = told.name.removesuffix(_KERNEL), told.args
    return Event(name, of.op_name, of.node_index, told.tid, told.ts, told.dur, of.provider)


def _without_name(text: str) -> Event | None:
    """Return what can be told of an event whose name breaks the JSON, as names with quotes do in older runtimes."""
    found = _UNNAMED.search(text) if _KERNEL in text else None
    if found is None:
        return None
    return Event("", found[4], "", int(found[1]), int(found[3]), int(found[2]))
