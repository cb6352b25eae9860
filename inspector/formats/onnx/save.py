"""Saving a model: a copy of the file and its external data with other metadata, whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError, OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.save_child import SaveRequest
from inspector.formats.onnx.save_draft import remove_leftovers
from inspector.formats.onnx.save_failures import failed
from inspector.isolation.child import run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.event import Steps, finish

ENTRY: Final = "inspector.formats.onnx.save_child:save_in_child"


def check_target(target: Path, inputs: Iterable[Path] = ()) -> None:
    """Raise UsageError where target is no place for a model: a folder, in no folder, or one of the inputs by whatever name.

    Raises OperationFailed where the system does not tell, or target is a device or the like.
    """
    label = one_line(target)
    try:
        folder = target.resolve().parent
        if not folder.is_dir():
            raise UsageError(f"cannot write {label}: there is no folder {one_line(folder)}", "make it first")
        status = target.stat()
    except FileNotFoundError:
        return
    except (OSError, ValueError, RuntimeError) as error:
        raise failed(target, error if isinstance(error, OSError) else OSError(str(error))) from error
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"cannot write {label}: it is a folder", "name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"cannot write {label}: it is no regular file", "name another one")
    for path in inputs:
        if _is_file(path, status):
            raise UsageError(f"writing {label} would overwrite {one_line(path)}, which is read", "name another file")


def save_model(
    source: str,
    target: Path,
    properties: Mapping[str, str],
    cancel: CancelToken,
    limits: Limits,
    protected: Iterable[Path] = (),
) -> Steps[None]:
    """Copy the model at source to target with metadata properties set, those of the same key replaced, all else as it is.

    External data goes to TARGET.data beside it (TARGET-xxxxxxxx.data where a file of that name is there), each weight once,
    on a boundary of 4,096 bytes; weights of less than 1 KiB move into the model, and where that would be beyond protobuf's
    2 GiB, large ones out of it. A file at target is replaced in one moment, and its own data file removed afterwards.
    protected are further files that must be neither overwritten nor removed. Progress is in bytes.

    Raises UsageError as check_target() does, OperationFailed where source cannot be read or target not be written: target is
    then as it was.
    """
    inputs = (Path(source), *protected)
    check_target(target, inputs)
    real = target.resolve()
    request = SaveRequest(
        os.fsencode(Path(source).absolute()), os.fsencode(real), dict(properties), tuple(os.fsencode(path) for path in inputs)
    )
    try:
        yield from finish(run_child(ENTRY, request, int, limits, cancel, title=f"writing {one_line(target)}"))
    except (OperationFailed, UsageError):
        raise
    except InspectorError as error:
        raise OperationFailed(error.message, error.hint) from error
    finally:
        remove_leftovers(real)


def _is_file(path: Path, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), status)
    except OSError:
        return False
