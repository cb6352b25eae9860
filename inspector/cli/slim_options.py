"""The options that make an image smaller: --apply slim, and those that belong to it."""

from __future__ import annotations

from inspector.cli.quantities import words
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from inspector.records.optimization import OptimizerName
    from inspector.records.slimming import SlimLevel
    from inspector.records.written_image import LayerCompression

SLIM = "slim"

LEVELS: tuple[SlimLevel, ...] = ("flatten", "clean", "trace")
COMPRESSIONS: tuple[LayerCompression, ...] = ("gzip", "zstd")

_OWN = ("slim_level", "slim_keep", "slim_drop", "exercise", "layer_compression")
"""What has no meaning without --apply slim."""

_OF_MODELS = ("allow", "keep_fp32")
_REPEATED = ("slim_keep", "slim_drop", "exercise")
MOST_REPEATED = 256


class SlimOptions:
    """How an image is made smaller, as it was typed; None where the user left the choice to the program."""

    __slots__ = (
        *("budget_seconds", "compression", "data", "drop", "exercises", "keep", "levels", "memory_bytes", "named", "output"),
        "seed",
    )

    def __init__(self, parsed: argparse.Namespace) -> None:
        self.levels: tuple[SlimLevel, ...] = tuple(one for one in LEVELS if one in (parsed.slim_level or LEVELS))
        """Each once, the one that leaves out least first."""
        self.named: bool = parsed.slim_level is not None
        """Whether the user named them: then one that cannot run is a failure."""
        self.keep: tuple[str, ...] = tuple(parsed.slim_keep or ())
        self.drop: tuple[str, ...] = tuple(parsed.slim_drop or ())
        self.exercises: tuple[str, ...] = tuple(parsed.exercise or ())
        self.compression: LayerCompression = parsed.layer_compression or "gzip"
        self.output: str | None = parsed.output
        """An archive, a layout's folder, or docker://name:tag; None: nothing is written."""
        self.data: str | None = parsed.data
        """Path of an .npz with inputs for exercises of the contract."""
        self.budget_seconds: float | None = parsed.budget
        self.memory_bytes: int | None = parsed.memory
        self.seed: int | None = parsed.seed


def add_slim_options(parser: argparse.ArgumentParser) -> None:
    """Add what belongs to --apply slim alone to the parser."""
    add = parser.add_argument
    add("--slim-level", type=lambda text: words(text, {level: level for level in LEVELS}), metavar="LEVELS")
    add("--slim-keep", action="append", metavar="WHAT")
    add("--slim-drop", action="append", metavar="WHAT")
    add("--exercise", action="append", metavar="WHAT")
    add("--layer-compression", choices=COMPRESSIONS, metavar="HOW")


def slim_of(parsed: argparse.Namespace, steps: Sequence[OptimizerName]) -> SlimOptions | None:
    """Return what --apply slim and its options ask for; None where slim is not among the steps.

    UsageError where an option belongs to it, and it is not there, or where other steps or options are that it has no use for.
    """
    if SLIM not in steps:
        for name in _OWN:
            if getattr(parsed, name) is not None:
                option = _option(name)
                raise UsageError(f"{option} belongs to --apply slim", f"IMAGE --apply slim {option} ...")
        return None
    if len(steps) > 1:
        other = next(step for step in steps if step != SLIM)
        raise UsageError(f"--apply: slim is for images and {other} for ONNX models", "apply them to one each: --apply slim")
    _check(parsed)
    return SlimOptions(parsed)


def _check(parsed: argparse.Namespace) -> None:
    for name in _OF_MODELS:
        if getattr(parsed, name) is not None:
            raise UsageError(f"{_option(name)} is about ONNX models: slim has no use for it", "leave the option out")
    if parsed.threads is not None and not parsed.bench:
        raise UsageError("--threads is about sessions of a model: slim has no use for it", "leave the option out")
    if "" in (parsed.output, parsed.data):
        raise UsageError("an empty --output or --data names nothing", "leave the option out")
    if parsed.output == "-":
        raise UsageError("an image cannot go to standard output", "name a file: --output image.tar")
    for name in _REPEATED:
        _check_repeated(_option(name), getattr(parsed, name) or ())


def _check_repeated(option: str, texts: Sequence[str]) -> None:
    if not all(text.strip() for text in texts):
        raise UsageError(f"an empty {option} names nothing", "leave the option out")
    if len(texts) > MOST_REPEATED:
        raise UsageError(f"{option} is given {len(texts):,} times", f"{MOST_REPEATED} times at most; patterns may be globs")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
