"""The options that publish a SavedModel for model servers: --version N with --output FOLDER, and --warm-up."""

from __future__ import annotations

import argparse

from inspector.cli import output
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NEXT = "next"
DRIFT = "signature-drift"
DEFAULT_WARM_UP = 8
MOST_WARM_UP = 1000
"""TensorFlow Serving refuses files of more."""

LARGEST_VERSION = 2**63 - 1

_TAKEN_BY_STEPS = ("keep_fp32", "budget", "threads")
"""What means something only where steps are applied."""


class PublishOptions:
    """Which version to write, and how; what belongs to steps as well is in the options of those, where there are some."""

    __slots__ = ("allow_drift", "data", "memory_bytes", "seed", "serving", "signature", "version", "warm_up")

    def __init__(
        self,
        serving: str,
        version: int | None,
        warm_up: int = DEFAULT_WARM_UP,
        data: str | None = None,
        signature: str | None = None,
        allow_drift: bool = False,
        seed: int | None = None,
        memory_bytes: int | None = None,
    ) -> None:
        self.serving = serving
        """The folder that holds the versions, as it was typed."""
        self.version = version
        """None: the largest there is, plus 1."""
        self.warm_up = warm_up
        """Requests of each signature; 0: none are made."""
        self.data = data
        self.signature = signature
        self.allow_drift = allow_drift
        self.seed = seed
        self.memory_bytes = memory_bytes


class PrintOrTake(argparse.Action):
    """Prints a text and exits where no value follows; takes the version to publish otherwise."""

    def __init__(self, option_strings: Sequence[str], dest: str, produce: Callable[[], str]) -> None:
        super().__init__(option_strings, dest, nargs="?", default=None, metavar="N")
        self._produce = produce

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: object, *_: object) -> None:
        if value is None:
            output.write_text(self._produce())
            parser.exit()
        setattr(namespace, self.dest, _version(str(value)))


def add_publish_options(parser: argparse.ArgumentParser, produce_version: Callable[[], str]) -> None:
    """Add --version, which without a number prints what produce_version gives, and --warm-up to the parser."""
    parser.add_argument("--version", action=PrintOrTake, produce=produce_version)
    parser.add_argument("--warm-up", type=_count, metavar="N")


def publishing_of(parsed: argparse.Namespace, has_steps: bool) -> PublishOptions | None:
    """Return what to publish and where; None without --version N. UsageError where options do not go together."""
    if parsed.version is None:
        if parsed.warm_up is not None:
            raise UsageError("--warm-up belongs to --version", "--output serving/ --version 1 --warm-up 8")
        return None
    if parsed.output is None:
        raise UsageError("--version N says which version to write: --output says where", "--output serving/ --version 1")
    if "" in (parsed.output, parsed.data, parsed.signature) or parsed.output == "-":
        raise UsageError("--version needs a folder: --output FOLDER", "--output serving/ --version 1")
    if not has_steps:
        _refuse_of_steps(parsed)
    version = None if parsed.version == NEXT else int(parsed.version)
    return PublishOptions(
        parsed.output,
        version,
        DEFAULT_WARM_UP if parsed.warm_up is None else parsed.warm_up,
        parsed.data,
        parsed.signature,
        DRIFT in _allowed(parsed),
        parsed.seed,
        parsed.memory,
    )


def _refuse_of_steps(parsed: argparse.Namespace) -> None:
    """Refuse, where a SavedModel is published as it is, what only steps or measurements understand."""
    if parsed.bench or parsed.replay is not None or parsed.compare is not None:
        raise UsageError("--version publishes, and --bench measures", "do one after the other, or add --apply")
    for name in _TAKEN_BY_STEPS:
        if getattr(parsed, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} belongs to --apply", f"--apply prune {option} ... --version 1")
    for name in sorted(_allowed(parsed) - {DRIFT}):
        raise UsageError(f"--allow {name or '(empty)'} belongs to --apply", f"--version takes --allow {DRIFT}")


def _allowed(parsed: argparse.Namespace) -> frozenset[str]:
    return frozenset(name.strip() for text in parsed.allow or () for name in text.split(","))


def _version(text: str) -> str:
    """Return a version in the one way it is written, or the word for the next one."""
    number = text if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_VERSION)) else ""
    if text == NEXT or (number and str(int(number)) == number and 1 <= int(number) <= LARGEST_VERSION):
        return text
    raise UsageError(
        f"--version: '{text}' is no version to publish: a whole number from 1, without leading zeros, or next",
        "--version alone prints the program's own",
    )


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_WARM_UP)) and int(text) <= MOST_WARM_UP:
        return int(text)
    raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0 to {MOST_WARM_UP}")
