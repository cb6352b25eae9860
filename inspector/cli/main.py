"""The command `modelpack-tui`: from arguments to an exit code. Importing it loads nothing of weight."""

from __future__ import annotations

from inspector.cli import diagnostics, output
from inspector.cli.help_text import HELP, asks_for_help
from inspector.errors import EXIT_INTERRUPTED, EXIT_OK, InspectorError, OperationFailed, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector.cli.commands import Workbench


def run(argv: Sequence[str], workbench: Workbench) -> int:
    """Do what the arguments ask for and return the exit code; nothing is raised but SystemExit.

    workbench is the other front end, handed in because neither of the two knows the other.
    """
    try:
        return _run(list(argv), workbench)
    except InspectorError as error:
        return diagnostics.say_error(error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        output.drop()
        return EXIT_OK
    except MemoryError:
        return diagnostics.say_error(OperationFailed("the machine is out of memory"))
    except ModuleNotFoundError as error:
        return _missing_package(error)
    except Exception as error:
        return diagnostics.save_traceback(error)


def _run(arguments: list[str], workbench: Workbench) -> int:
    if asks_for_help(arguments):
        output.write_text(HELP)
        return EXIT_OK
    from inspector.cli.options import parse

    options = parse(arguments)
    from inspector.cli.commands import run_command

    return run_command(options, workbench)


def _missing_package(error: ModuleNotFoundError) -> int:
    package = (error.name or "").partition(".")[0]
    if package in ("", "inspector"):
        return diagnostics.save_traceback(error)
    return diagnostics.say_error(UsageError(f"the package {package} is missing", "pip install modelpack-tui"))
