"""The options that measure an artifact: --bench, and those that belong to it."""

from __future__ import annotations

from inspector.cli.quantities import bandwidth, shares, words
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from inspector.records.benchmark import BenchKind, BenchPlan, Device
    from inspector.records.measurement import CacheState

KINDS: dict[str, BenchKind] = {"cold-start": "cold_start", "latency": "latency"}
CACHES: dict[str, CacheState] = {"cold": "cold", "warm": "warm"}
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda")

MOST_CPUS = 1024

_OWN = ("measure", "device", "cache", "cpus", "load", "signature", "image_command", "ready", "bandwidth")
"""What has no meaning without --bench or the workbench's tab."""

_ABOUT_IMAGES = ("image_command", "ready", "bandwidth")
"""Those of them that slimming an image takes, too: it is started for its proof."""


class BenchOptions:
    """What to measure beside what, as it was typed; a plan is made of it once work begins."""

    __slots__ = ("compare", "fields", "replay", "wanted")

    def __init__(self, wanted: bool, fields: dict[str, object], compare: str | None = None, replay: str | None = None) -> None:
        self.wanted = wanted
        """Whether it was asked for, and not only described for the workbench."""
        self.fields = fields
        """Fields of a BenchPlan that the user chose."""
        self.compare = compare
        """Path of the artifact, or review, to compare with; with --bench it is measured side by side, too."""
        self.replay = replay
        """Path of the review whose plan is done again."""

    def plan(self) -> BenchPlan:
        """Return the plan that the options amount to."""
        from inspector.records.benchmark import BenchPlan, ImageStart

        fields = dict(self.fields)
        image = {name: fields.pop(name) for name in ("command", "ready", "bytes_per_second") if name in fields}
        return BenchPlan(**fields, image=ImageStart(**image))  # type: ignore[arg-type]


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Add --bench and what belongs to it alone to the parser."""
    add = parser.add_argument
    add("--bench", action="store_true")
    add("--compare", metavar="OTHER")
    add("--replay", metavar="REVIEW.json")
    add("--measure", type=lambda text: words(text, KINDS), metavar="KINDS")
    add("--device", choices=DEVICES, metavar="DEVICE")
    add("--cache", type=lambda text: words(text, CACHES), metavar="STATES")
    add("--cpus", type=lambda text: shares(text, MOST_CPUS), metavar="N")
    add("--load", type=lambda text: shares(text, 0.99), metavar="SHARES")
    add("--signature", metavar="NAME")
    add("--image-command", metavar="COMMAND")
    add("--ready", type=_readiness, metavar="HOW")
    add("--bandwidth", type=bandwidth, metavar="RATE")


def bench_of(parsed: argparse.Namespace, wants_report: bool, slims: bool = False) -> BenchOptions | None:
    """Return what --bench and its options ask for; None for nothing.

    wants_report: something else that only a report can carry was asked for; slims: --apply slim, which takes what is about
    images. UsageError where an option belongs to --bench, and that is not there.
    """
    wanted = parsed.bench or parsed.replay is not None
    own = [name for name in _OWN if getattr(parsed, name) is not None]
    if not wanted:
        if parsed.compare is not None and parsed.apply is not None:
            raise belongs_to_bench("compare")
        taken = (*(_ABOUT_IMAGES if slims else ()), *(("signature",) if parsed.apply is not None else ()))
        refused = [name for name in own if name not in taken]
        if refused and (wants_report or parsed.apply is not None):
            raise belongs_to_bench(refused[0])
        has_several = len(parsed.batch) > 1 or len(parsed.threads or ()) > 1
        if not own and not has_several and parsed.compare is None:
            return None
        if wants_report and has_several:
            option = "--batch" if len(parsed.batch) > 1 else "--threads"
            raise UsageError(f"several values of {option} belong to --bench", f"--bench {option} ...")
    if parsed.replay is not None:
        _refuse_beside_replay(parsed, own)
    if "" in (parsed.compare, parsed.replay, parsed.data, parsed.signature, parsed.image_command):
        raise UsageError("an empty --compare, --replay, --data, --signature or --image-command names nothing")
    return BenchOptions(wanted, _fields(parsed), parsed.compare, parsed.replay)


def belongs_to_bench(name: str) -> UsageError:
    """Return the error for an option that means nothing without --bench."""
    option = f"--{name.replace('_', '-')}"
    return UsageError(f"{option} belongs to --bench", f"--bench {option} ...")


def _refuse_beside_replay(parsed: argparse.Namespace, own: list[str]) -> None:
    taken = [*own, *(name for name in ("data", "budget", "threads", "seed", "compare", "apply") if getattr(parsed, name))]
    if taken or len(parsed.batch) > 1 or parsed.batch[0] != 1:
        option = f"--{(taken or ['batch'])[0].replace('_', '-')}"
        raise UsageError(f"{option} says what the plan of a review says already", "leave it out, or say --bench, not --replay")


def _fields(parsed: argparse.Namespace) -> dict[str, object]:
    chosen = {
        "kinds": parsed.measure,
        "device": parsed.device,
        "batches": parsed.batch,
        "threads": parsed.threads,
        "caches": parsed.cache,
        "cpus": parsed.cpus,
        "loads": parsed.load,
        "budget_seconds": parsed.budget,
        "memory_bytes": parsed.memory,
        "seed": parsed.seed,
        "data": parsed.data,
        "signature": parsed.signature,
        "command": _command(parsed.image_command),
        "ready": parsed.ready,
        "bytes_per_second": parsed.bandwidth,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _command(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    import shlex

    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--image-command cannot be split into words: {error}", "write it as for a shell") from None


def _readiness(text: str) -> str:
    from argparse import ArgumentTypeError

    if text == "exit" or (text.startswith("log:") and len(text) > 4) or _is_http(text):
        return text
    raise ArgumentTypeError(f"'{text}' is none of http://HOST:PORT/PATH, log:TEXT and exit")


def _is_http(text: str) -> bool:
    from urllib.parse import urlsplit

    try:
        address = urlsplit(text)
        return address.scheme == "http" and bool(address.hostname) and address.port != 0
    except ValueError:
        return False
