"""The one exception a user is meant to see, and the exit codes the command line promises."""

from __future__ import annotations

EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_USAGE = 2
EXIT_UNREADABLE = 3
EXIT_OPERATION_FAILED = 4
EXIT_OUR_BUG = 101
EXIT_INTERRUPTED = 130


class InspectorError(Exception):
    """A problem worth one line: what is wrong (with the file or node named) and a hint what to do about it."""

    exit_code = EXIT_OPERATION_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(InspectorError):
    """The options, the configuration or a missing package prevent the work."""

    exit_code = EXIT_USAGE


class UnreadableArtifact(InspectorError):
    """The artifact cannot be read: truncated, hostile, of no known format, or not there."""

    exit_code = EXIT_UNREADABLE


class OperationFailed(InspectorError):
    """The artifact was read, but what was asked of it failed."""

    exit_code = EXIT_OPERATION_FAILED
