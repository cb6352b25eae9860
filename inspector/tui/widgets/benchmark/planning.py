"""What will be measured, as rows to switch on and off and to change; no drawing here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from inspector.records.benchmark import BenchKind, BenchPlan, Device
from inspector.report.figures import bytes_text
from inspector.tui.tabs import Kind
from inspector.tui.widgets.benchmark import values
from inspector.tui.widgets.benchmark.figures import seconds_text

RowId = Literal[
    "cold_start",
    "latency",
    "threads",
    "loads",
    "cpus",
    "node_times",
    "compare",
    "device",
    "budget",
    "ready",
    "command",
    "bandwidth",
]

_ROWS: dict[str, tuple[RowId, ...]] = {
    "onnx": ("cold_start", "latency", "loads", "cpus", "node_times", "compare", "threads", "device", "budget"),
    "saved_model": ("cold_start", "latency", "loads", "cpus", "compare", "threads", "device", "budget"),
    "tflite": ("cold_start", "latency", "loads", "cpus", "compare", "threads", "device", "budget"),
    "image": ("cold_start", "cpus", "ready", "command", "bandwidth", "compare", "budget"),
}
_TITLES: dict[RowId, str] = {
    "cold_start": "cold start",
    "latency": "latency",
    "threads": "threads",
    "loads": "open loop",
    "cpus": "CPU quota",
    "node_times": "node times",
    "compare": "compare",
    "device": "device",
    "budget": "budget",
    "ready": "ready when",
    "command": "command",
    "bandwidth": "transfer",
}
_SWITCHED: frozenset[RowId] = frozenset({"cold_start", "latency", "loads", "cpus", "node_times", "compare"})
DEVICES: tuple[Device, ...] = get_args(Device)
_USUAL_LOADS = (0.5, 0.7, 0.9)
_USUAL_CPUS = (1.0, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of the plan: whether it is switched on (None: it is a value), what it says, what more there is to know."""

    id: RowId
    title: str
    on: bool | None
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan being made: every value is kept, also of what is switched off."""

    kind: Kind
    plan: BenchPlan
    off: frozenset[RowId]

    def switched(self, row: RowId) -> Draft:
        """Return the draft with a row switched on or off; rows that cannot be switched stay as they are."""
        return replace(self, off=self.off ^ {row}) if row in _SWITCHED else self

    def switched_on(self, row: RowId) -> Draft:
        """Return the draft with a row switched on."""
        return replace(self, off=self.off - {row})

    @property
    def kinds(self) -> tuple[BenchKind, ...]:
        """What is measured."""
        offered: tuple[BenchKind, ...] = ("cold_start",) if self.kind == "image" else ("cold_start", "latency")
        return tuple(kind for kind in offered if kind not in self.off)

    def chosen(self) -> BenchPlan:
        """Return the plan without what is switched off."""
        cpus = self.plan.cpus if "cpus" not in self.off else ()
        loads = self.plan.loads if "loads" not in self.off else ()
        return replace(self.plan, kinds=self.kinds, cpus=cpus, loads=loads)


def draft_of(kind: Kind, plan: BenchPlan | None) -> Draft:
    """Return the draft for a kind of artifact, as the command line says where it does."""
    wanted = plan or BenchPlan()
    given: tuple[tuple[RowId, bool], ...] = (
        ("cold_start", "cold_start" in wanted.kinds),
        ("latency", "latency" in wanted.kinds),
        ("loads", bool(wanted.loads)),
        ("cpus", bool(wanted.cpus)),
    )
    values_kept = replace(wanted, loads=wanted.loads or _USUAL_LOADS, cpus=wanted.cpus or _USUAL_CPUS)
    return Draft(kind, values_kept, frozenset(row for row, wanted_here in given if not wanted_here))


def plan_rows(draft: Draft, after: str, node_times: str) -> list[PlanRow]:
    """Return the rows of a kind of artifact; after is what it is compared with (empty: nothing), node_times what is known."""
    rows: list[PlanRow] = []
    for row in _ROWS[draft.kind]:
        on = row not in draft.off if row in _SWITCHED else None
        if row == "compare":
            rows.append(PlanRow(row, _TITLES[row], on and bool(after), after or "nothing: v names one"))
        elif row == "node_times":
            rows.append(PlanRow(row, _TITLES[row], on, node_times or "for the graph's heat"))
        else:
            rows.append(PlanRow(row, _TITLES[row], on, _said(row, draft), _note(row, draft)))
    return rows


def _said(row: RowId, draft: Draft) -> str:
    plan = draft.plan
    match row:
        case "cold_start":
            return f"{' and '.join(plan.caches)} cache"
        case "latency":
            return f"batch {values.numbers_text(plan.batches)}"
        case "threads":
            return values.threads_typed(plan.threads).replace(",", ", ")
        case "loads":
            return f"{values.shares_text(plan.loads)} load"
        case "cpus":
            return f"{values.numbers_text(plan.cpus)} CPU"
        case "device":
            return plan.device
        case "budget":
            return f"{seconds_text(plan.budget_seconds)} in all"
        case "ready":
            return plan.image.ready or "health check or output"
        case "command":
            return " ".join(plan.image.command) or "the image's own"
        case _:
            return f"{bytes_text(plan.image.bytes_per_second)}/s, modelled"


def _note(row: RowId, draft: Draft) -> str:
    if row in draft.off:
        return ""
    if row == "loads" and "latency" in draft.off:
        return "needs latency"
    if row == "cpus" and "cold_start" in draft.off:
        return "needs cold start"
    return ""


@dataclass(frozen=True, slots=True)
class Edit:
    """How one value of a plan is changed: what is asked, an example, what stands there now, and what typing gives."""

    title: str
    hint: str
    text: str
    parse: Callable[[str], Any]
    """None where it is not understood."""
    apply: Callable[[BenchPlan, Any], BenchPlan]
    row: RowId


def edit_of(what: str, draft: Draft) -> Edit | None:
    """Return how a row's value is changed, or the threads; None for what is only switched."""
    found = _EDITS.get(what)
    if found is None:
        return None
    title, hint, field, write, parse = found
    row: Any = what
    return Edit(title, hint, write(_value(draft.plan, field)), parse, lambda old, value: _with(old, field, value), row)


_EDITS: dict[str, tuple[str, str, str, Callable[[Any], str], Callable[[str], Any]]] = {
    "cold_start": ("page cache", "cold, warm or both", "caches", ", ".join, values.caches),
    "latency": ("batch sizes", "such as 1,8,32", "batches", values.numbers_text, values.batches),
    "threads": ("threads", "such as 1,2; all: as many as there are", "threads", values.threads_typed, values.threads),
    "loads": ("open loop", "percent of capacity, such as 50,70,90", "loads", values.shares_typed, values.loads),
    "cpus": ("CPU quotas", "processors, such as 1,0.5,0.25", "cpus", values.numbers_text, values.cpus),
    "budget": ("budget", "for everything, such as 60s or 5m", "budget_seconds", values.seconds_typed, values.seconds),
    "ready": ("ready when", "http://HOST:PORT/path, log:TEXT, exit, or nothing", "image.ready", str, values.ready),
    "command": ("command", "nothing: the image's own", "image.command", values.command_typed, values.command),
    "bandwidth": (
        "bandwidth of the transfer",
        "a second, such as 1Gbit or 125MB",
        "image.bytes_per_second",
        values.bandwidth_typed,
        values.bandwidth,
    ),
}
"""Title, hint, field of the plan, and how its value is written and read."""


def _value(plan: BenchPlan, field: str) -> Any:
    owner, _, name = field.rpartition(".")
    return getattr(plan.image if owner else plan, name)


def _with(plan: BenchPlan, field: str, value: Any) -> BenchPlan:
    owner, _, name = field.rpartition(".")
    return replace(plan, image=replace(plan.image, **{name: value})) if owner else replace(plan, **{name: value})


def row_help(row: PlanRow, kind: Kind) -> Iterator[str]:
    """Yield what a row of the plan means, in sentences."""
    yield from _HELP[kind if (kind, row.id) == ("image", "cold_start") else row.id]


_HELP: dict[str, tuple[str, ...]] = {
    "image": (
        "A fresh container a sample: the transfer is modelled from compressed bytes and a stated bandwidth; unpacking,"
        " creating, starting and getting ready are measured.",
        "Cold: every layer is pulled and unpacked. Warm: the engine has them.",
        "This needs a container engine, the one that DOCKER_HOST names. Without one, bytes and the modelled transfer are told.",
    ),
    "cold_start": (
        "A fresh process a sample, stamped from before it is spawned until it answers steadily.",
        "Cold: the files of model and runtime are out of the page cache, which is verified. Warm: they are in it.",
    ),
    "latency": (
        "One request after another, once warm; percentiles only with enough samples.",
        "e changes the batch sizes: a run is made for each of them with each number of threads.",
    ),
    "threads": ("Of a session; all: as many as the runtime takes by itself. Starts are measured with the first of them.",),
    "loads": (
        "Requests arrive at random, at these shares of capacity; latency counts from when each was meant to start.",
        "It shows what waiting in a queue adds.",
    ),
    "cpus": ("The cold start once more with so much processor time granted a second, where this machine lets us.",),
    "node_times": ("The runtime's own profiler tells what each node takes; h in the graph shows it. m measures it at once.",),
    "compare": (
        "Both are measured side by side in random order, with the original against itself as the noise floor.",
        "It is the model that steps on the Optimize tab came to, or what v names.",
    ),
    "device": ("auto takes a GPU where the runtime can use it; cuda never falls back to the CPU. g changes it.",),
    "budget": ("What all of it may take; runs end sooner where the interval is tight.",),
    "ready": ("What counts as ready: an address that answers, a line of the log, or that it ends well.",),
    "command": ("What is started in the container.",),
    "bandwidth": ("At which the transfer of the compressed layers is modelled: nothing is sent.",),
}
