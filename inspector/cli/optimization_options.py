"""The options that make a model smaller and faster: --apply, and those that belong to it."""

from __future__ import annotations

from inspector.cli.quantities import byte_count, seconds, seed_number, thread_counts
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from inspector.records.optimization import OptimizerName, Permission

OPTIMIZERS: tuple[OptimizerName, ...] = (
    "simplify",
    "fp16",
    "int8",
    "int8-dynamic",
    "warmstart",
    "prune",
    "to-onnx",
    "to-litert",
    "slim",
)
PERMISSIONS: tuple[Permission, ...] = (
    "io-dtype",
    "static-dims",
    "opset",
    "growth",
    "cpu-bound",
    "signature-drift",
)

_BELONGING = ("output", "allow", "keep_fp32", "keep_signature")
"""What has no meaning without --apply or, all but the first, the workbench's tab that applies steps."""

_SHARED = ("data", "budget", "threads", "memory", "seed")
"""What steps and benchmarks both understand."""


class OptimizationOptions:
    """The steps to apply and how; None where the user left the choice to the program."""

    __slots__ = (
        "allow",
        "budget_seconds",
        "data",
        "keep_fp32",
        "keep_signatures",
        "memory_bytes",
        "output",
        "seed",
        "signature",
        "steps",
        "threads",
    )

    def __init__(
        self,
        steps: tuple[OptimizerName, ...],
        output: str | None = None,
        data: str | None = None,
        allow: frozenset[Permission] = frozenset(),
        keep_fp32: tuple[str, ...] = (),
        budget_seconds: float | None = None,
        threads: int | None = None,
        memory_bytes: int | None = None,
        seed: int | None = None,
        signature: str | None = None,
        keep_signatures: tuple[str, ...] = (),
    ) -> None:
        self.steps = steps
        """In order, none twice; empty where they are picked in the workbench."""
        self.output = output
        """Where the last accepted result goes; None: nothing is written."""
        self.data = data
        """Path of an .npz with real inputs."""
        self.allow = allow
        self.keep_fp32 = keep_fp32
        self.budget_seconds = budget_seconds
        """Seconds that the search of one step may take."""
        self.threads = threads
        self.memory_bytes = memory_bytes
        """Of one child process."""
        self.seed = seed
        self.signature = signature
        """Of a SavedModel: which one the data is for."""
        self.keep_signatures = keep_signatures
        """Of a SavedModel: those that the result has; empty: all."""


def add_optimization_options(parser: argparse.ArgumentParser) -> None:
    """Add --apply and what belongs to it to the parser."""
    add = parser.add_argument
    add("--apply", metavar="STEPS")
    add("--output", metavar="PATH")
    add("--data", metavar="FILE.npz")
    add("--allow", action="append", metavar="CHANGE")
    add("--keep-fp32", action="append", metavar="NODE")
    add("--keep-signature", action="append", metavar="NAME")
    add("--budget", type=seconds, metavar="TIME")
    add("--threads", type=thread_counts, metavar="N")
    add("--memory", type=byte_count, metavar="SIZE")
    add("--seed", type=seed_number, metavar="N")


def optimization_of(parsed: argparse.Namespace, wants_report: bool, measures: bool) -> OptimizationOptions | None:
    """Return what --apply and its options ask for, without steps where only the workbench can take those up; None for nothing.

    measures: --bench is there, which takes some of the options, too. UsageError where an option belongs to --apply, and that
    is not there.
    """
    if parsed.apply is None:
        named = [name for name in _BELONGING if getattr(parsed, name) is not None]
        shared = [name for name in _SHARED if getattr(parsed, name) is not None]
        if named and (wants_report or "output" in named):
            raise belongs_to_apply(named[0])
        if shared and wants_report and not measures:
            raise belongs_to_apply(shared[0], " or --bench")
        if not named and (measures or not shared):
            return None
    if "" in (parsed.output, parsed.data, *(parsed.keep_fp32 or ()), *(parsed.keep_signature or ())):
        raise UsageError("an empty --output, --data, --keep-fp32 or --keep-signature names nothing", "leave the option out")
    if parsed.output == "-":
        raise UsageError("a model cannot go to standard output", "name a file: --output PATH")
    return OptimizationOptions(
        steps_of(parsed.apply),
        parsed.output,
        parsed.data,
        _permissions(parsed.allow or ()),
        tuple(parsed.keep_fp32 or ()),
        parsed.budget,
        _one_thread_count(parsed.threads),
        parsed.memory,
        parsed.seed,
        parsed.signature,
        tuple(dict.fromkeys(parsed.keep_signature or ())),
    )


def belongs_to_apply(name: str, others: str = "") -> UsageError:
    """Return the error for an option that means nothing without --apply, or what else takes it."""
    option = f"--{name.replace('_', '-')}"
    return UsageError(f"{option} belongs to --apply{others}", f"--apply {OPTIMIZERS[0]} {option} ...")


def _one_thread_count(counts: tuple[int, ...] | None) -> int | None:
    """Return the threads that steps are judged with: the first of those to measure with."""
    return counts[0] if counts else None


def steps_of(text: str | None) -> tuple[OptimizerName, ...]:
    """Return the steps that --apply names, none for None; UsageError for what is no step, or twice there."""
    if text is None:
        return ()
    by_name: dict[str, OptimizerName] = {name: name for name in OPTIMIZERS}
    steps: list[OptimizerName] = []
    for name in (part.strip() for part in text.split(",")):
        if name not in by_name:
            raise UsageError(f"--apply: there is no optimizer {name or '(empty)'}", f"there are {', '.join(OPTIMIZERS)}")
        if by_name[name] in steps:
            raise UsageError(f"--apply: {name} is named twice", "name each step once")
        steps.append(by_name[name])
    return tuple(steps)


def _permissions(texts: Sequence[str]) -> frozenset[Permission]:
    by_name: dict[str, Permission] = {name: name for name in PERMISSIONS}
    named = [name.strip() for text in texts for name in text.split(",")]
    for name in named:
        if name not in by_name:
            raise UsageError(f"--allow: there is no {name or '(empty)'}", f"there are {', '.join(PERMISSIONS)}")
    return frozenset(by_name[name] for name in named)
