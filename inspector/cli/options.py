"""What the command line accepts, checked before any work begins; help_text.py explains it to people."""

from __future__ import annotations

import argparse
import os

from inspector import __version__
from inspector.cli import output
from inspector.cli.bench_options import BenchOptions, add_bench_options, bench_of
from inspector.cli.gate_options import GateOptions, add_gate_options, gates_of
from inspector.cli.help_text import HELP
from inspector.cli.optimization_options import OptimizationOptions, add_optimization_options, optimization_of, steps_of
from inspector.cli.publish_options import PublishOptions, add_publish_options, publishing_of
from inspector.cli.quantities import job_count, length, lengths
from inspector.cli.report_options import STDOUT, ReportTarget, add_report_options, artifact_among, reports_of
from inspector.cli.slim_options import SlimOptions, add_slim_options, slim_of
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

PROGRAM = "modelpack-tui"

SHELLS = ("bash", "zsh", "fish")

CONTRACT_SUFFIXES = (".yaml", ".yml", ".json")


class Options:
    """What the user asked for; paths and names as they were typed."""

    __slots__ = (
        *("artifact", "artifacts", "batch", "bench", "contract", "contract_target", "digest", "dimensions", "gates"),
        *("jobs", "named_format", "optimization", "platform", "publishing", "reports", "slim", "wants_report"),
    )

    def __init__(
        self,
        artifact: str | None,
        wants_report: bool,
        reports: tuple[ReportTarget, ...] = (ReportTarget(),),
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
        gates: GateOptions | None = None,
        artifacts: tuple[str, ...] = (),
        jobs: int | None = None,
        named_format: str | None = None,
    ) -> None:
        self.artifact = artifact
        """The first that is named."""
        self.artifacts = artifacts or ((artifact,) if artifact is not None else ())
        """All that are named."""
        self.jobs = jobs
        """How many of several artifacts are reviewed at the same time; None: as this machine suggests."""
        self.named_format = named_format
        """The format that --format names, whatever a report's suffix."""
        self.wants_report = wants_report
        """Whether anything that only a report can carry was asked for."""
        self.reports = reports
        """Where each report goes, and in which format; at least one, at most one of them to standard output."""
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
        self.gates = gates or GateOptions()
        """What the options say of rules that the review has to keep; a file of rules may say more."""

    @property
    def prints_report(self) -> bool:
        """Whether a report goes to standard output."""
        return any(report.path == STDOUT for report in self.reports)


def parse(arguments: Sequence[str]) -> Options:
    """Return the checked options; UsageError where they make no sense, SystemExit(0) after --version or --schema."""
    parsed = _parsed(arguments)
    _name_artifact(parsed)
    if "" in (parsed.artifact, parsed.contract, parsed.write_contract, *parsed.artifacts):
        raise UsageError("an empty path names nothing", f"see {PROGRAM} --help")
    reports = reports_of(parsed.report or (), parsed.format)
    gates = gates_of(parsed)
    asked = (parsed.report, parsed.format, parsed.contract, parsed.apply, parsed.replay, gates)
    wants_report = parsed.digest or parsed.bench or any(one is not None for one in asked)
    headless = wants_report or parsed.write_contract is not None
    slim = slim_of(parsed, steps_of(parsed.apply))
    publishing = _publishing(parsed, slim is not None)
    bench = bench_of(parsed, headless, slim is not None) if publishing is None or parsed.apply is not None else None
    optimizes = slim is None and (publishing is None or parsed.apply is not None)
    optimization = optimization_of(parsed, headless, bench is not None and bench.wanted) if optimizes else None
    if parsed.replay is None:
        _check_artifact(parsed, wants_report, any(report.path == STDOUT for report in reports))
    return Options(
        parsed.artifact,
        wants_report,
        reports,
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
        gates,
        tuple(parsed.artifacts),
        parsed.jobs,
        parsed.format,
    )


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the parser makes of the arguments, with artifacts before, between and after the options."""
    parser = build_parser()
    parsed, rest = parser.parse_known_args(list(arguments))
    end = rest.index("--") if "--" in rest else len(rest)
    unknown = [argument for argument in rest[:end] if argument.startswith("-") and argument != STDOUT]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    parsed.artifacts += [*rest[:end], *rest[end + 1 :]]
    return parsed


def _name_artifact(parsed: argparse.Namespace) -> None:
    """Take the artifact that only --report or --write-contract names for what the user meant."""
    parsed.artifact = parsed.artifacts[0] if parsed.artifacts else None
    if parsed.artifact is None and any(path != STDOUT for path in parsed.report or ()) and parsed.replay is None:
        parsed.artifact, parsed.report = artifact_among(parsed.report)
    if parsed.artifact is None and parsed.write_contract not in (None, STDOUT):
        parsed.artifact, parsed.write_contract = _artifact_named_by_contract(parsed.write_contract), STDOUT


def _publishing(parsed: argparse.Namespace, slims: bool) -> PublishOptions | None:
    """Return which version to publish; UsageError where there is nothing that has versions."""
    publishing = publishing_of(parsed, parsed.apply is not None)
    if publishing is not None and slims:
        raise UsageError("--version publishes SavedModels, and --apply slim works on images", "leave out --version")
    if publishing is not None and parsed.artifact is None:
        raise UsageError("which SavedModel shall be published?", f"{PROGRAM} MODEL --output {publishing.serving} --version 1")
    return publishing


def _check_artifact(parsed: argparse.Namespace, wants_report: bool, prints_report: bool) -> None:
    """Refuse what lacks an artifact, and two things on standard output."""
    if wants_report and parsed.artifact is None:
        raise UsageError("a report needs an artifact", f"{PROGRAM} ARTIFACT --report")
    if parsed.write_contract is None:
        return
    if parsed.artifact is None:
        raise UsageError("a contract is of an artifact", f"{PROGRAM} ARTIFACT --write-contract")
    if parsed.write_contract == STDOUT and wants_report and prints_report:
        raise UsageError("the report and the contract cannot both go to standard output", "name a file: --write-contract FILE")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(prog=PROGRAM, allow_abbrev=False, add_help=False)
    add = parser.add_argument
    add("artifacts", nargs="*", metavar="ARTIFACT")
    add_report_options(parser)
    add("--jobs", type=job_count, metavar="N")
    add("--batch", type=lengths, default=(1,), metavar="N")
    add("--dim", action="append", default=[], type=_dimension, metavar="NAME=N")
    add("--platform", metavar="OS/ARCH")
    add("--digest", action="store_true")
    add("--contract", metavar="FILE")
    add("--write-contract", nargs="?", const=STDOUT, metavar="FILE")
    add_optimization_options(parser)
    add_slim_options(parser)
    add_gate_options(parser)
    add_bench_options(parser)
    add("--schema", action=_Print, produce=_schema)
    add("--completion", action=_Completion, choices=SHELLS, metavar="SHELL")
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


class _Completion(argparse.Action):
    """Writes the script that completes this command line in a shell, and exits."""

    def __call__(self, parser: argparse.ArgumentParser, _namespace: object, shell: object, *_: object) -> None:
        from inspector.cli.completion import completion_script

        output.write_text(completion_script(build_parser(), str(shell)))
        parser.exit()


def _schema() -> str:
    from inspector.report.schema_file import schema_text

    return schema_text()


def _artifact_named_by_contract(path: str) -> str:
    """Return the artifact that `--write-contract PATH` without another one means; a contract to be written is no artifact."""
    from pathlib import Path

    if Path(path).suffix.lower() in CONTRACT_SUFFIXES or not os.path.lexists(path):
        raise UsageError(f"of which artifact shall {path} be the contract?", f"{PROGRAM} ARTIFACT --write-contract {path}")
    return path


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
