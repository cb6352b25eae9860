"""Saving a SavedModel as a folder of its own: a copy with its contract inside, there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.save_draft import flush_folder
from inspector.formats.saved_model.assets import EXTRA_ASSETS
from inspector.formats.saved_model.publish_child import CONTRACT_FILE
from inspector.formats.saved_model.publish_copy import SourceFolder, copy_files, flush_tree, source_folder, write_file
from inspector.records.event import Progress, Steps

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken


def check_folder_target(target: Path) -> None:
    """Raise UsageError where target is no place for a SavedModel: anything that holds something, or is in no folder."""
    label = one_line(target)
    try:
        if not target.resolve().parent.is_dir():
            raise UsageError(f"cannot write {label}: there is no folder {one_line(target.resolve().parent)}", "make it first")
        if target.is_dir() and not target.is_symlink():
            if any(target.iterdir()):
                raise UsageError(f"cannot write {label}: it is a folder that holds something", "name a new one")
        elif os.path.lexists(target):
            raise UsageError(f"cannot write {label}: a SavedModel is a folder, and that is none", "name a new folder")
    except (OSError, ValueError, RuntimeError) as error:
        raise _refused(target, error) from None


def save_folder(source: Path, target: Path, contract: str, cancel: CancelToken) -> Steps[None]:
    """Copy the SavedModel in a folder to target with its contract in assets.extra, all files flushed, renamed when complete.

    Progress is in bytes. Raises UsageError as check_folder_target() does, OperationFailed where the system refuses or the
    token was cancelled: target is then as it was.
    """
    check_folder_target(target)
    found = source_folder(source)
    draft = target.resolve().parent / f".{target.name}.draft-{os.urandom(4).hex()}"
    try:
        draft.mkdir()
        yield from _filled(draft, found, contract, cancel)
        draft.rename(target.resolve())
        flush_folder(draft.parent)
    except OSError as error:
        raise _refused(target, error) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _filled(draft: Path, found: SourceFolder, contract: str, cancel: CancelToken) -> Steps[None]:
    """Put everything into the draft that the target is to hold."""
    yield Progress(0, found.total_bytes, "bytes")

    def told(_: int) -> None:
        if cancel.cancelled:
            raise OperationFailed("cancelled")

    copy_files(found, draft, frozenset({CONTRACT_FILE}), told)
    (draft / EXTRA_ASSETS).mkdir(exist_ok=True)
    write_file(draft / CONTRACT_FILE, contract.encode())
    flush_tree(draft)
    yield Progress(found.total_bytes, found.total_bytes, "bytes")


def _refused(target: Path, error: Exception) -> OperationFailed:
    reason = getattr(error, "strerror", None) or str(error)
    return OperationFailed(f"cannot write {one_line(target)}: {one_line(reason)}", "choose another place")
