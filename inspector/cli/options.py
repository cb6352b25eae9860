"""What the command line accepts, checked before any work begins; help_text.py explains it to people."""

from __future__ import annotations

import argparse
import os

from inspector import __version__
from inspector.cli import output
from inspector.cli.help_text import HELP
from inspector.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

PROGRAM = "modelpack-tui"

STDOUT = "-"

FORMATS = {".txt": "text", ".md": "md", ".json": "json"}
"""Report formats by the suffix that picks them."""

LARGEST = 2**31 - 1
"""Lengths beyond it exist in no runtime."""


class Options:
    """What the user asked for; paths and names as they were typed."""

    __slots__ = ("artifact", "batch", "digest", "dimensions", "platform", "report_format", "target", "wants_report")

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


def parse(arguments: Sequence[str]) -> Options:
    """Return the checked options; UsageError where they make no sense, SystemExit(0) after --version or --schema."""
    parsed = build_parser().parse_args(list(arguments))
    artifact, report = parsed.artifact, parsed.report
    if artifact is None and report not in (None, STDOUT):
        artifact, report = _artifact_named_by_report(report), STDOUT
    if artifact == "" or report == "":
        raise UsageError("an empty path names nothing", f"see {PROGRAM} --help")
    wants_report = report is not None or parsed.digest or parsed.format is not None
    if wants_report and artifact is None:
        raise UsageError("a report needs an artifact", f"{PROGRAM} ARTIFACT --report")
    target = STDOUT if report is None else report
    report_format = parsed.format or ("text" if target == STDOUT else _format_of(target))
    settings = _settings(parsed.dim)
    return Options(artifact, wants_report, target, report_format, parsed.batch, settings, parsed.digest, parsed.platform)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(prog=PROGRAM, allow_abbrev=False, add_help=False)
    add = parser.add_argument
    add("artifact", nargs="?", metavar="ARTIFACT")
    add("--report", nargs="?", const=STDOUT, metavar="FILE")
    add("--format", choices=("text", "md", "json"), metavar="FORMAT")
    add("--batch", type=_length, default=1, metavar="N")
    add("--dim", action="append", default=[], type=_dimension, metavar="NAME=N")
    add("--platform", metavar="OS/ARCH")
    add("--digest", action="store_true")
    add("--schema", action=_Print, produce=_schema)
    add("--version", action=_Print, produce=lambda: f"{PROGRAM} {__version__}\n")
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
