"""What the command line accepts, checked before any work begins. Loads argparse and nothing of weight."""

from __future__ import annotations

import argparse
import os

from inspector import __version__
from inspector.cli import output
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROGRAM = "modelpack-tui"

STDOUT = "-"

FORMATS = {".txt": "text", ".md": "md", ".json": "json"}
"""Report formats by the suffix that picks them."""

LARGEST = 2**31 - 1
"""Lengths beyond it exist in no runtime."""

DESCRIPTION = """\
Open a packaged model in the terminal and see what is inside: its graph, operators, weights, cost and
what a reader should know. Structure comes first, and gigabytes of weights are never loaded for it."""

EXAMPLES = """\
examples:
  modelpack-tui model.onnx                     open the workbench
  modelpack-tui model.onnx --report            print what it found
  modelpack-tui model.onnx --report out.md     write it for a pull request (.txt .md .json)
  modelpack-tui model.onnx --report - --format json | jq .graph.flops
  modelpack-tui model.onnx --report --dim sequence=128 --batch 8

Without a terminal the report is printed. stdout carries data only; progress and errors go to stderr.
exit codes: 0 fine, 2 usage or a missing package, 3 cannot read the artifact, 4 the operation failed,
130 interrupted, 101 our bug. NO_COLOR is honored."""


class Options:
    """What the user asked for; paths as they were typed."""

    __slots__ = ("artifact", "batch", "digest", "dimensions", "format", "report")

    def __init__(
        self,
        artifact: str | None,
        report: str | None,
        format: str | None,
        batch: int,
        dimensions: dict[str, int],
        digest: bool,
    ) -> None:
        self.artifact = artifact
        self.report = report
        """Where the report goes ("-": standard output), None where none was asked for."""
        self.format = format
        self.batch = batch
        self.dimensions = dimensions
        self.digest = digest

    @property
    def wants_report(self) -> bool:
        """Whether anything that only a report can carry was asked for."""
        return self.report is not None or self.digest or self.format is not None

    @property
    def target(self) -> str:
        """Where the report goes: a path, or "-" for standard output."""
        return STDOUT if self.report is None else self.report

    @property
    def report_format(self) -> str:
        """One of "text", "md" and "json": what --format says, else the suffix of the target."""
        if self.format is not None:
            return self.format
        return "text" if self.target == STDOUT else _format_of(self.target)


def parse(arguments: Sequence[str]) -> Options:
    """Return the checked options; UsageError where they make no sense, SystemExit(0) after --help, --version or --schema."""
    parsed = build_parser().parse_args(list(arguments))
    artifact, report = parsed.artifact, parsed.report
    if artifact is None and report not in (None, STDOUT):
        artifact, report = _artifact_named_by_report(report), STDOUT
    if artifact == "" or report == "":
        raise UsageError("an empty path names nothing", f"see {PROGRAM} --help")
    options = Options(artifact, report, parsed.format, parsed.batch, _settings(parsed.dim), parsed.digest)
    if options.wants_report and artifact is None:
        raise UsageError("a report needs an artifact", f"{PROGRAM} ARTIFACT --report")
    options.report_format  # noqa: B018  (an unknown suffix is a usage error, said before any work)
    return options


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(
        prog=PROGRAM,
        usage="%(prog)s [ARTIFACT] [--report [FILE]] [options]",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=_HelpLayout,
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument
    add("artifact", nargs="?", metavar="ARTIFACT", help="the model to open: an ONNX file")
    report_help = "write the report to FILE, or print it; the suffix picks the format"
    add("--report", nargs="?", const=STDOUT, metavar="FILE", help=report_help)
    add("--format", choices=("text", "md", "json"), help="the format of the report, whatever the suffix")
    add("--batch", type=_length, default=1, metavar="N", help="the batch size at which costs are evaluated (default 1)")
    add(
        "--dim",
        action="append",
        default=[],
        type=_dimension,
        metavar="NAME=N",
        help="the length of a symbolic dimension; repeatable",
    )
    add("--digest", action="store_true", help="read every byte: add sha256 digests and confirm duplicate weights")
    add("--schema", action=_Print, produce=_schema, help="print the JSON Schema of the report and exit")
    add("--version", action=_Print, produce=lambda: f"{PROGRAM} {__version__}\n", help="print the version and exit")
    add("-h", "--help", action="help", help="show this help and exit")
    return parser


class _HelpLayout(argparse.RawDescriptionHelpFormatter):
    """Help at a fixed width: asking the terminal for its own would import compression libraries."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=22, width=100)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and whose help leaves through the one writer of standard output."""

    color = False

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(message, f"see {PROGRAM} --help")

    def print_help(self, file: object = None) -> None:  # noqa: ARG002 - argparse's signature
        output.write_text(self.format_help())


class _Print(argparse.Action):
    """Writes a text and exits."""

    def __init__(self, option_strings: Sequence[str], dest: str, produce: Callable[[], str], help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)
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
    for name, length in dimensions:
        if settings.setdefault(name, length) != length:
            raise UsageError(f"--dim {name} is given as {settings[name]} and as {length}", "give it once")
    return settings


def _dimension(text: str) -> tuple[str, int]:
    name, equals, value = text.rpartition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=N, such as sequence=128")
    return name, _length(value)


def _length(text: str) -> int:
    digits = text.lstrip("0")
    if text.isascii() and text.isdigit() and digits and len(digits) <= len(str(LARGEST)) and int(digits) <= LARGEST:
        return int(digits)
    raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to {LARGEST}")
