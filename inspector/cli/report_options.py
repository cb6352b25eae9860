"""The options that say which reports are written: --report, as often as one likes, and --format."""

from __future__ import annotations

import os

from inspector.errors import UsageError
from inspector.workflows.reporting import FORMATS, format_of, suffix_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

STDOUT = "-"


class ReportTarget:
    """Where one report goes, and in which format."""

    __slots__ = ("path", "report_format")

    def __init__(self, path: str = STDOUT, report_format: str = "text") -> None:
        self.path = path
        """A path, or "-" for standard output."""
        self.report_format = report_format
        """One of workflows.reporting.FORMATS."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReportTarget) and (self.path, self.report_format) == (other.path, other.report_format)

    def __hash__(self) -> int:
        return hash((self.path, self.report_format))

    def __repr__(self) -> str:
        return f"ReportTarget({self.path!r}, {self.report_format!r})"


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add --report and --format to the parser."""
    parser.add_argument("--report", action="append", nargs="?", const=STDOUT, metavar="FILE")
    parser.add_argument("--format", choices=FORMATS, metavar="FORMAT")


def reports_of(paths: Sequence[str], named: str | None) -> tuple[ReportTarget, ...]:
    """Return the reports to write, one to standard output where no path is named; a format that is named overrides the suffix.

    Raises UsageError for an empty path, two reports in one place, and where it is not clear which report a format is for.
    """
    if "" in paths:
        raise UsageError("an empty path names nothing", "--report FILE, or --report alone for standard output")
    for index, path in enumerate(paths):
        if path in paths[:index]:
            place = "standard output" if path == STDOUT else path
            raise UsageError(f"two reports would both be written to {place}", "name each file once")
    if named is not None and len(paths) > 1 and STDOUT not in paths:
        raise UsageError(f"--format {named} does not say for which of {len(paths)} reports", "the suffix picks the format")
    many = len(paths) > 1
    return tuple(_target(path, None if many and path != STDOUT else named) for path in paths or (STDOUT,))


def _target(path: str, named: str | None) -> ReportTarget:
    return ReportTarget(path, named or ("text" if path == STDOUT else format_of(path)))


def artifact_among(reports: Sequence[str]) -> tuple[str, list[str]]:
    """Return the artifact that `--report PATH` without another one means, and the reports that are left.

    A report that is still to be written is no artifact: UsageError where nothing else is named.
    """
    named = [path for path in reports if path != STDOUT and (suffix_format(path) is None or os.path.lexists(path))]
    if not named:
        path = next(path for path in reports if path != STDOUT)
        raise UsageError(f"which artifact shall be reported to {path}?", f"modelpack-tui ARTIFACT --report {path}")
    rest = list(reports)
    rest.remove(named[0])
    return named[0], rest or [STDOUT]
