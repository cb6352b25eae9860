"""How a slimmed image is proven and written, as rows to change; no drawing here."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from inspector.records.slimming import Exercise, SlimRequest
from inspector.records.written_image import LayerCompression
from inspector.tui.widgets.benchmark import values
from inspector.tui.widgets.benchmark.figures import seconds_text

SettingId = Literal["exercise", "ready", "command", "contract", "data", "starts", "budget", "compression", "keep", "drop"]
COMPRESSIONS: tuple[LayerCompression, ...] = ("gzip", "zstd")
NO_EXERCISE = "needs an exercise: x adds one"

_TITLES: dict[SettingId, str] = {
    "exercise": "exercise",
    "ready": "ready when",
    "command": "command",
    "contract": "contract",
    "data": "inputs",
    "starts": "starts",
    "budget": "budget",
    "compression": "layers",
    "keep": "keep",
    "drop": "drop",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One line: what it is, what it says, and, of an exercise, which one (None: there is none yet)."""

    id: SettingId
    title: str
    value: str
    on: bool | None = None
    """Whether it is switched on; None: it is a value."""
    exercise: int | None = None
    told: str = ""
    """Of an exercise or a file: all that was told."""
    lacking: bool = False
    """Whether something is missing without it."""

    @property
    def key(self) -> tuple[str, int]:
        """What tells a row from the others."""
        return self.id, -1 if self.exercise is None else self.exercise


def settings(request: SlimRequest) -> list[Setting]:
    """Return the rows: exercises first, since without one nothing is traced or proven."""
    lacking = not request.exercises
    rows = [
        Setting("exercise", _TITLES["exercise"] if not at else "", exercise_text(one), exercise=at, told=one.told)
        for at, one in enumerate(request.exercises)
    ]
    rows += [Setting("exercise", _TITLES["exercise"], "none: x adds one", lacking=True)] if lacking else []
    rows += [
        Setting("ready", _TITLES["ready"], request.start.ready or "health check or output"),
        Setting("command", _TITLES["command"], shlex.join(request.start.command) or "the image's own"),
        Setting("contract", _TITLES["contract"], _contract_text(request)),
        Setting("data", _TITLES["data"], request.data.rpartition("/")[2] or "the contract's", told=request.data),
        Setting("starts", _TITLES["starts"], "compared with before", on=request.compare_starts),
        Setting("budget", _TITLES["budget"], f"{seconds_text(request.budget_seconds)} a level"),
        Setting("compression", _TITLES["compression"], request.compression),
        Setting("keep", _TITLES["keep"], shlex.join(request.keep) or "nothing by name"),
        Setting("drop", _TITLES["drop"], shlex.join(request.drop) or "nothing by name"),
    ]
    return rows


def exercise_text(exercise: Exercise) -> str:
    """Return an exercise in a short line: what it is, then a file's name, a URL, or the command."""
    if exercise.kind == "contract":
        return f"contract: {exercise.told.removeprefix('contract:')}"
    if exercise.kind == "http":
        return f"requests: {exercise.told.rpartition('/')[2]}"
    return f"run: {exercise.told}"


def _contract_text(request: SlimRequest) -> str:
    return "none: c names one" if request.contract is None else request.contract.name or "yours"


@dataclass(frozen=True, slots=True)
class SlimEdit:
    """How one value is changed: what is asked, an example, what stands there now, and what typing gives."""

    title: str
    hint: str
    text: str
    parse: Callable[[str], Any]
    """None where it is not understood; may raise an InspectorError that says why."""
    apply: Callable[[SlimRequest, Any], SlimRequest]


def edit_of(setting: SettingId, request: SlimRequest) -> SlimEdit | None:
    """Return how a value is changed; None for what is switched, or asked for in a dialog of its own."""
    match setting:
        case "ready":
            hint = "http://HOST:PORT/path, log:TEXT, exit, or nothing"
            return SlimEdit("ready when", hint, request.start.ready, values.ready, _with_ready)
        case "command":
            text = values.command_typed(request.start.command)
            return SlimEdit("command", "nothing: the image's own", text, values.command, _with_command)
        case "data":
            return SlimEdit("inputs", "path of an .npz, or nothing", request.data, _data_path, _with_data)
        case "budget":
            text = values.seconds_typed(request.budget_seconds)
            return SlimEdit("budget", "for each level, such as 60s or 5m", text, values.seconds, _with_budget)
        case "keep":
            return SlimEdit("keep", _PATTERNS, shlex.join(request.keep), patterns, _with_keep)
        case "drop":
            return SlimEdit("drop", _PATTERNS, shlex.join(request.drop), patterns, _with_drop)
        case _:
            return None


_PATTERNS = "a kind such as tests, package:NAME, or paths such as '/opt/models/**'"


def patterns(text: str) -> tuple[str, ...] | None:
    """Return patterns as a shell splits them; none for an empty text."""
    found = values.command(text)
    return None if found is None else tuple(dict.fromkeys(found))


def _data_path(text: str) -> str | None:
    """Return the path of a file that is there, or nothing."""
    path = Path(text).expanduser()
    return "" if not text else str(path.absolute()) if path.is_file() else None


def _with_data(request: SlimRequest, value: str) -> SlimRequest:
    return replace(request, data=value)


def _with_ready(request: SlimRequest, value: str) -> SlimRequest:
    return replace(request, start=replace(request.start, ready=value))


def _with_command(request: SlimRequest, value: tuple[str, ...]) -> SlimRequest:
    return replace(request, start=replace(request.start, command=value))


def _with_budget(request: SlimRequest, value: float) -> SlimRequest:
    return replace(request, budget_seconds=value)


def _with_keep(request: SlimRequest, value: tuple[str, ...]) -> SlimRequest:
    return replace(request, keep=value)


def _with_drop(request: SlimRequest, value: tuple[str, ...]) -> SlimRequest:
    return replace(request, drop=value)


def with_exercise(request: SlimRequest, exercise: Exercise, at: int | None) -> SlimRequest:
    """Return the request with one more exercise, or with another one in place of that at an index."""
    known = list(request.exercises)
    if at is None or at >= len(known):
        known.append(exercise)
    else:
        known[at] = exercise
    return replace(request, exercises=tuple(known))


def without_exercise(request: SlimRequest, at: int) -> SlimRequest:
    """Return the request without the exercise at an index."""
    return replace(request, exercises=tuple(one for index, one in enumerate(request.exercises) if index != at))


def next_compression(request: SlimRequest) -> SlimRequest:
    """Return the request with the other compression."""
    at = COMPRESSIONS.index(request.compression)
    return replace(request, compression=COMPRESSIONS[(at + 1) % len(COMPRESSIONS)])


def setting_help(setting: Setting) -> Iterator[str]:
    """Yield what a row means, in sentences."""
    yield from _HELP[setting.id]


_HELP: dict[SettingId, tuple[str, ...]] = {
    "exercise": (
        "What the container is made to do: what it opens meanwhile is what trace keeps, and what it answers is what the"
        " slimmed image must answer, too.",
        "A command in the container (python /app/check.py), a file of requests (predict.http), or"
        " contract:http://HOST:PORT/path, which posts the contract's inputs there.",
        "What no exercise reaches may be missing afterwards: name several. x adds one, e changes it, Delete removes it.",
    ),
    "ready": ("What counts as ready: an address that answers, a line of the log, or that it ends well.",),
    "command": ("What is started in the container, in place of the image's own entrypoint and command.",),
    "contract": (
        "Its golden inputs can be an exercise (contract:URL), its tolerances say what equal answers are, and the slimmed"
        " image carries it as a label. c names one.",
    ),
    "data": (
        "What is posted by an exercise of the kind contract:URL: an .npz with one array for each input. Without one, the"
        " contract's own inputs are, or seeded ones of the shapes that it promises.",
    ),
    "starts": (
        "Whether the slimmed image starts as fast as the original, cold and warm, measured in random order with the"
        " original against itself as the noise floor. It takes most of the budget.",
    ),
    "budget": ("About what proving one level may take, adding back and comparing starts included.",),
    "compression": (
        "How layers are compressed. gzip is what every engine takes; zstd is smaller and unpacks faster, but older"
        " engines refuse it. z changes it.",
    ),
    "keep": (
        "What stays whatever a level finds: kinds of leftovers, package:NAME, or paths. k in the tree adds to it, e"
        " lets you type patterns. keep wins over drop.",
    ),
    "drop": ("What goes at the levels clean and trace: kinds of leftovers, package:NAME, or paths.",),
}
