"""How an interpreter is made: the one place that knows both packages. On the child's side only: LiteRT is imported here."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.litert.availability import installed_package, not_installed


@cache
def import_litert() -> Any:
    """Return the class Interpreter of LiteRT where that is installed, else TensorFlow's.

    Raises UsageError where there is neither, OperationFailed where it cannot be imported.
    """
    package = installed_package()
    if package is None:
        raise not_installed()
    try:
        with silent():
            if package == "ai_edge_litert":
                from ai_edge_litert.interpreter import Interpreter

                return Interpreter
            import tensorflow

            return tensorflow.lite.Interpreter
    except ImportError as error:
        raise OperationFailed(f"LiteRT cannot be imported: {plain_line(str(error))}", "install it again") from None


def make_interpreter(path: str, threads: int) -> tuple[Any, Exception | None]:
    """Return an interpreter of so many threads (0: as many as it has by default, one), and why no tensors can be allocated.

    Only allocating the main graph applies the delegates that LiteRT has by default: a signature's runner alone would run
    without XNNPACK. It fails where that graph cannot be had at the lengths in the file, and a call at others may not. Raises
    what LiteRT raises where it cannot read the file.
    """
    interpreter = import_litert()
    with silent():
        made = interpreter(model_path=path, num_threads=threads or None)
        try:
            made.allocate_tensors()
        except Exception as error:
            return made, error
    return made, None


def bare_interpreter(path: str) -> Any:
    """Return an interpreter that knows what the file says of its tensors, none of which it has allocated."""
    interpreter = import_litert()
    with silent():
        return interpreter(model_path=path)


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Let nothing be printed: LiteRT tells of delegates on standard error, TensorFlow that its interpreter is deprecated."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
