"""What the command line accepts, checked before any work begins; help_text.py explains it to people."""

from __future__ import annotations

import argparse
import os

from inspector import __version__
from inspector.cli import output
from inspector.cli.bench_options import BenchOptions, add_bench_options, bench_of
from inspector.cli.help_text import HELP
from inspector.cli.optimization_options import OptimizationOptions, add_optimization_options, optimization_of, steps_of
from inspector.cli.publish_options import PublishOptions, add_publish_options, publishing_of
from inspector.cli.quantities import length, lengths
from inspector.cli.slim_options import SlimOptions, add_slim_options, slim_of
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

PROGRAM = "modelpack-tui"

STDOUT = "-"

FORMATS = {".txt": "text", ".md": "md", ".json": "json"}
"""Report formats by the suffix that picks them."""

CONTRACT_SUFFIXES = (".yaml", ".yml", ".json")


class Options:
    """What the user asked for; paths and names as they were typed."""

    __slots__ = (
        *("artifact", "batch", "bench", "contract", "contract_target", "digest", "dimensions", "optimization", "platform"),
        *("publishing", "report_format", "slim", "target", "wants_report"),
    )

    def __init__(
        self,
        artifact: str | None,
        wants_report: bool,
        target: str = STDOUT,
        report_format: str = "text",
        batch: int = 1,
        dimensions: dict[str, int] | None = None,
        digest: bool = False,
        platform: str | None = None,
        contract: str | None = None,
        contract_target: str | None = None,
        optimization: OptimizationOptions | None = None,
        bench: BenchOptions | None = None,
        slim: SlimOptions | None = None,
        publishing: PublishOptions | None = None,
    ) -> None:
        self.artifact = artifact
        self.wants_report = wants_report
        """Whether anything that only a report can carry was asked for."""
        self.target = target
        """Where the report goes: a path, or "-" for standard output."""
        self.report_format = report_format
        """One of "text", "md" and "json"."""
        self.batch = batch
        self.dimensions = dimensions or {}
        self.digest = digest
        self.platform = platform
        """os/architecture[/variant] of the image to choose from an index; None: the one for this machine."""
        self.contract = contract
        """Path of the contract to hold the artifact against."""
        self.contract_target = contract_target
        """Where the derived contract goes: a path, or "-" for standard output; None: nowhere."""
        self.optimization = optimization
        """What --apply and the options that belong to it ask of a model; None where there are none of them."""
        self.bench = bench
        """What --bench and the options that belong to it ask for; None where there are none of them."""
        self.slim = slim
        """What --apply slim and the options that belong to it ask for; None where slim is not applied."""
        self.publishing = publishing
        """Which version of a serving folder to write, of the SavedModel or what the steps make of it; None: none."""


def parse(arguments: Sequence[str]) -> Options:
    """Return the checked options; UsageError where they make no sense, SystemExit(0) after --version or --schema."""
    parsed = build_parser().parse_args(list(arguments))
    artifact, report = parsed.artifact, parsed.report
    if artifact is None and report not in (None, STDOUT) and parsed.replay is None:
        artifact, report = _artifact_named_by_report(report), STDOUT
    if artifact is None and parsed.write_contract not in (None, STDOUT):
        artifact, parsed.write_contract = _artifact_named_by_contract(parsed.write_contract), STDOUT
    if "" in (artifact, report, parsed.contract, parsed.write_contract):
        raise UsageError("an empty path names nothing", f"see {PROGRAM} --help")
    asked = (report, parsed.format, parsed.contract, parsed.apply, parsed.replay)
    wants_report = parsed.digest or parsed.bench or any(one is not None for one in asked)
    headless = wants_report or parsed.write_contract is not None
    slim = slim_of(parsed, steps_of(parsed.apply))
    publishing = _publishing(parsed, slim is not None)
    bench = bench_of(parsed, headless, slim is not None) if publishing is None or parsed.apply is not None else None
    optimizes = slim is None and (publishing is None or parsed.apply is not None)
    optimization = optimization_of(parsed, headless, bench is not None and bench.wanted) if optimizes else None
    if parsed.replay is None:
        _check_artifact(artifact, wants_report, parsed)
    target = STDOUT if report is None else report
    return Options(
        artifact,
        wants_report,
        target,
        parsed.format or ("text" if target == STDOUT else _format_of(target)),
        parsed.batch[0],
        _settings(parsed.dim),
        parsed.digest,
        parsed.platform,
        parsed.contract,
        parsed.write_contract,
        optimization,
        bench,
        slim,
        publishing,
    )


def _publishing(parsed: argparse.Namespace, slims: bool) -> PublishOptions | None:
    """Return which version to publish; UsageError where there is nothing that has versions."""
    publishing = publishing_of(parsed, parsed.apply is not None)
    if publishing is not None and slims:
        raise UsageError("--version publishes SavedModels, and --apply slim works on images", "leave out --version")
    if publishing is not None and parsed.artifact is None:
        raise UsageError("which SavedModel shall be published?", f"{PROGRAM} MODEL --output {publishing.serving} --version 1")
    return publishing


def _check_artifact(artifact: str | None, wants_report: bool, parsed: argparse.Namespace) -> None:
    """Refuse what lacks an artifact, and two things on standard output."""
    if wants_report and artifact is None:
        raise UsageError("a report needs an artifact", f"{PROGRAM} ARTIFACT --report")
    if parsed.write_contract is None:
        return
    if artifact is None:
        raise UsageError("a contract is of an artifact", f"{PROGRAM} ARTIFACT --write-contract")
    if parsed.write_contract == STDOUT and wants_report and parsed.report in (None, STDOUT):
        raise UsageError("the report and the contract cannot both go to standard output", "name a file: --write-contract FILE")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(prog=PROGRAM, allow_abbrev=False, add_help=False)
    add = parser.add_argument
    add("artifact", nargs="?", metavar="ARTIFACT")
    add("--report", nargs="?", const=STDOUT, metavar="FILE")
    add("--format", choices=("text", "md", "json"), metavar="FORMAT")
    add("--batch", type=lengths, default=(1,), metavar="N")
    add("--dim", action="append", default=[], type=_dimension, metavar="NAME=N")
    add("--platform", metavar="OS/ARCH")
    add("--digest", action="store_true")
    add("--contract", metavar="FILE")
    add("--write-contract", nargs="?", const=STDOUT, metavar="FILE")
    add_optimization_options(parser)
    add_slim_options(parser)
    add_bench_options(parser)
    add("--schema", action=_Print, produce=_schema)
    add_publish_options(parser, lambda: f"{PROGRAM} {__version__}\n")
    add("-h", "--help", action=_Print, produce=lambda: HELP)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"see {PROGRAM} --help")


class _Print(argparse.Action):
    """Writes a text and exits."""

    def __init__(self, option_strings: Sequence[str], dest: str, produce: Callable[[], str]) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS)
        self._produce = produce

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        output.write_text(self._produce())
        parser.exit()


def _schema() -> str:
    from inspector.report.schema_file import schema_text

    return schema_text()


def _artifact_named_by_report(path: str) -> str:
    """Return the artifact that `--report PATH` without another one means; a report to be written is no artifact."""
    from pathlib import Path

    if Path(path).suffix.lower() in FORMATS and not os.path.lexists(path):
        raise UsageError(f"which artifact shall be reported to {path}?", f"{PROGRAM} ARTIFACT --report {path}")
    return path


def _artifact_named_by_contract(path: str) -> str:
    """Return the artifact that `--write-contract PATH` without another one means; a contract to be written is no artifact."""
    from pathlib import Path

    if Path(path).suffix.lower() in CONTRACT_SUFFIXES or not os.path.lexists(path):
        raise UsageError(f"of which artifact shall {path} be the contract?", f"{PROGRAM} ARTIFACT --write-contract {path}")
    return path


def _format_of(target: str) -> str:
    from pathlib import Path

    suffix = Path(target).suffix.lower()
    if not suffix:
        return "text"
    if suffix not in FORMATS:
        raise UsageError(f"no report format has the suffix of {target}", f"there are {' '.join(FORMATS)}, or say --format")
    return FORMATS[suffix]


def _settings(dimensions: Sequence[tuple[str, int]]) -> dict[str, int]:
    settings: dict[str, int] = {}
    for name, value in dimensions:
        if settings.setdefault(name, value) != value:
            raise UsageError(f"--dim {name} is given as {settings[name]} and as {value}", "give it once")
    return settings


def _dimension(text: str) -> tuple[str, int]:
    name, equals, value = text.rpartition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=N, such as sequence=128")
    return name, length(value)
