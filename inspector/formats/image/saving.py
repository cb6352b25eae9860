"""Saves a written image where the user wants it: a tar that engines load, an OCI layout, or an engine; whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError, OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.image.digests import sha256_of
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.read import read
from inspector.formats.image.saving_archive import archive_files, layout_files
from inspector.formats.image.saving_engine import save_to_engine
from inspector.formats.image.saving_names import tagged, valid_names
from inspector.formats.onnx.save_failures import failed, no_room
from inspector.isolation.child import run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.private_folder import PrivateFolder
from inspector.records.event import Finished, Partial, Started, Steps, finish
from inspector.records.image import Image
from inspector.records.written_image import WrittenImage

SCHEME: Final = "docker://"
_ARCHIVE: Final = ".tar"
_COMPRESSED: Final = (".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.xz", ".tar.bz2")
_CHILD: Final = "inspector.formats.image.saving_child:save_in_child"
_LIMITS: Final = Limits(wall_seconds=3600.0)


def check_image_target(target: str, inputs: Iterable[Path | str] = ()) -> None:
    """Raise UsageError where an image cannot be saved to target: NAME.tar, docker://NAME:TAG, or else a folder.

    inputs are files, folders and docker:// names that are read, and must stay as they are. Raises OperationFailed where the
    system does not tell.
    """
    if target.startswith(SCHEME):
        _check_name(target, inputs)
        return
    if target.lower().endswith(_COMPRESSED):
        raise UsageError(f"cannot write {one_line(target)}: archives are not compressed as a whole", "end its name in .tar")
    if not target.strip("/ "):
        raise UsageError(
            f"cannot write {one_line(target) or 'the image'}: that is no name", "name a .tar, a folder or docker://"
        )
    from inspector.formats.onnx.save import check_target

    paths = [Path(one) for one in inputs if not str(one).startswith(SCHEME)]
    for path in paths:
        if path.is_dir() and Path(target).resolve().is_relative_to(path.resolve()):
            raise UsageError(
                f"cannot write {one_line(target)}: it lies in {one_line(path)}, which is read", "name another place"
            )
    if _is_archive(target):
        check_target(Path(target), paths)
    else:
        _check_folder(Path(target))


def save_image(
    written: WrittenImage, target: str, cancel: CancelToken, names: Sequence[str] = (), inputs: Iterable[Path | str] = ()
) -> Steps[str]:
    """Save a written image and return target; the image is called names, otherwise what the original was called.

    NAME.tar is what docker save writes and an OCI layout in one, docker://NAME:TAG goes to the engine that DOCKER_HOST names,
    anything else becomes the folder of an OCI layout. What was written is opened again and every digest verified before it
    gets its name. Raises UsageError as check_image_target() does, OperationFailed where it cannot be written or the engine
    does not take it, ChildFailed when cancelled: target is then as it was.
    """
    check_image_target(target, inputs)
    if target.startswith(SCHEME):
        yield from save_to_engine(written, tagged(target.removeprefix(SCHEME)), cancel)
        return target
    final = Path(target).resolve()
    try:
        mode = _mode_of(final)
        own = PrivateFolder(final.parent)
    except OSError as error:
        raise failed(Path(target), error) from None
    try:
        yield from _drafted(written, own.path / "draft", target, valid_names(names or written.references), mode, cancel)
        _rename(own.path / "draft", final, target)
    finally:
        own.close()
    return target


def _drafted(
    written: WrittenImage, draft: Path, target: str, names: Sequence[str], mode: int | None, cancel: CancelToken
) -> Steps[None]:
    """Write a draft, and open it again."""
    from inspector.formats.image.saving_child import SaveRequest

    files = archive_files(written, names) if _is_archive(target) else layout_files(written, names)
    needed = sum(file.size + 4096 for file in files)
    free = shutil.disk_usage(draft.parent).free
    if needed > free:
        raise no_room(Path(target), needed, free)
    label = one_line(target)
    yield Started(f"writing {label}")
    request = SaveRequest(files, os.fsencode(draft), label, not _is_archive(target), mode)
    yield from finish(run_child(_CHILD, request, int, _LIMITS, cancel, title=f"writing {label}"))
    yield Started(f"verifying {label}")
    yield from _verified(written, draft, label, cancel)


def _verified(written: WrittenImage, draft: Path, label: str, cancel: CancelToken) -> Steps[None]:
    """Raise OperationFailed unless the draft opens as the image that was written, with every digest right."""
    wrong = OperationFailed(f"{label}: what was written is not what should have been", "try again; check the disk")
    try:
        found: Image | None = None
        for event in index_layers(read(draft, cancel=cancel), cancel):
            if isinstance(event, Finished):
                found = event.result
            elif not isinstance(event, Partial):
                yield event
    except InspectorError as error:
        if isinstance(error, OperationFailed):
            raise
        raise wrong from error
    if found is None or found.config.digest != sha256_of(written.config):
        raise wrong
    said = [(layer.digest, layer.diff_id) for layer in written.layers]
    if [(layer.digest, layer.diff_id) for layer in found.layers] != said:
        raise wrong
    if any(layer.verification != "verified" or layer.problem for layer in found.layers):
        raise wrong


def _rename(draft: Path, final: Path, target: str) -> None:
    from inspector.formats.onnx.save_draft import flush_folder

    try:
        draft.rename(final)
    except OSError as error:
        raise failed(Path(target), error) from None
    flush_folder(final.parent)


def _is_archive(target: str) -> bool:
    return target.lower().endswith(_ARCHIVE)


def _mode_of(path: Path) -> int | None:
    """Return the permissions of the file to be replaced, None where there is none; raises PermissionError."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "it is write-protected")
    return stat.S_IMODE(mode)


def _check_folder(target: Path) -> None:
    label = one_line(target)
    try:
        final = target.resolve()
        if not final.parent.is_dir():
            raise UsageError(f"cannot write {label}: there is no folder {one_line(final.parent)}", "make it first")
        if final.is_dir() and any(final.iterdir()):
            raise UsageError(f"cannot write {label}: the folder is not empty", "name a new one, or a file that ends in .tar")
        if final.exists() and not final.is_dir():
            raise UsageError(f"cannot write {label}: a file is there", "name a new folder, or a file that ends in .tar")
    except (OSError, ValueError, RuntimeError) as error:
        raise failed(target, error if isinstance(error, OSError) else OSError(str(error))) from error


def _check_name(target: str, inputs: Iterable[Path | str]) -> None:
    name = tagged(target.removeprefix(SCHEME))
    if not name:
        raise UsageError(f"{one_line(target)} is no name for an image", "write docker://name:tag, in lower case")
    read_names = {tagged(str(one).removeprefix(SCHEME)) for one in inputs if str(one).startswith(SCHEME)}
    if name in read_names:
        raise UsageError(f"writing {one_line(target)} would take the name of the image that is read", "choose another tag")
