"""What the options mean where they name many artifacts: which of them apply, and where the reports and the index go."""

from __future__ import annotations

import os

from inspector.cli.report_options import STDOUT
from inspector.errors import UsageError
from inspector.report.index import INDEX_FORMATS
from inspector.workflows.reporting import suffix_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspector.cli.options import Options
    from inspector.cli.report_options import ReportTarget

DEFAULT_FORMAT = "html"
"""Of the reports in a folder."""


def names_many(options: Options) -> bool:
    """Return whether the options name several artifacts, or a folder or pattern that stands for what is in it."""
    if len(options.artifacts) > 1:
        return True
    if not options.artifact:
        return False
    from inspector.workflows.many.search import is_searched

    return is_searched(options.artifact)


def check_many_options(options: Options) -> None:
    """Raise UsageError for an option that is of one artifact."""
    bench = options.bench
    asked = {
        "--apply": options.optimization is not None or options.slim is not None,
        "--version": options.publishing is not None,
        "--bench": bench is not None and bench.wanted and bench.replay is None,
        "--replay": bench is not None and bench.replay is not None,
        "--compare": bench is not None and bench.compare is not None,
        "--contract": options.contract is not None,
        "--write-contract": options.contract_target is not None,
        "--baseline": options.gates.baseline is not None,
    }
    for option, wanted in asked.items():
        if wanted:
            raise UsageError(f"{option} is of one artifact, and {_named(options)}", "name one artifact")


def _named(options: Options) -> str:
    if len(options.artifacts) > 1:
        return f"{len(options.artifacts)} are named"
    return f"{options.artifact} stands for what is in it"


class ManyTargets:
    """Where the reports of each artifact go, and where the index does."""

    __slots__ = ("folders", "indexes", "report_format")

    def __init__(self, folders: tuple[str, ...], indexes: tuple[ReportTarget, ...], report_format: str) -> None:
        self.folders = folders
        self.indexes = indexes
        """Besides those in the folders."""
        self.report_format = report_format
        """Of the reports in the folders."""


def targets_of(options: Options) -> ManyTargets:
    """Return what is written where: a path with a suffix is an index, any other a folder; UsageError where no index can be."""
    folders = tuple(one.path for one in options.reports if one.path != STDOUT and _is_folder(one.path))
    indexes = tuple(one for one in options.reports if one.path not in folders)
    for one in indexes:
        if one.report_format not in INDEX_FORMATS:
            place = "standard output" if one.path == STDOUT else one.path
            hint = f"--report FOLDER/ --format {one.report_format} writes one for each artifact"
            raise UsageError(f"an index is text, Markdown, JSON or HTML: none can be written to {place}", hint)
    return ManyTargets(folders, indexes, options.named_format or DEFAULT_FORMAT)


def _is_folder(path: str) -> bool:
    return path.endswith("/") or suffix_format(path) is None or os.path.isdir(path)  # noqa: PTH112 - takes any text
