"""Publishing a SavedModel as a numbered version of a serving folder: a server that polls it sees all of it or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from inspector.errors import InspectorError, OperationFailed, UnreadableArtifact, UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.saved_model.publish_draft import remove_stale_drafts
from inspector.formats.saved_model.publish_places import check_serving_folder, check_version
from inspector.formats.saved_model.read import summarize
from inspector.formats.saved_model.serving_folder import VersionFolder, version_folders
from inspector.formats.saved_model.signature_drift import Drift, SignatureDrift, drift_of
from inspector.isolation.child import run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.records.event import Event, Started, Steps, Warned, finish
from inspector.records.publishing import PublishedVersion, WarmUpPlan
from inspector.records.saved_model import SignatureFacts

if TYPE_CHECKING:
    from inspector.formats.saved_model.publish_child import WrittenVersion

ENTRY: Final = "inspector.formats.saved_model.publish_child:publish_in_child"
LIMITS: Final = Limits(wall_seconds=3600.0)
_MOST_COMPARED: Final = 10
"""Versions that are tried until one can be read."""

_MOST_NAMED: Final = 3
_MOST_TOLD: Final = 20
"""Differences that are warned of one by one."""


class PlannedVersion(NamedTuple):
    """The real path of the serving folder, the version to write there, and what differs from the one it is compared with."""

    serving: Path
    version: int
    compared_with: int | None
    differences: tuple[str, ...]
    warnings: tuple[str, ...]


def publish(
    source: Path,
    serving: Path,
    version: int | None,
    warm_up: WarmUpPlan | None,
    contract: bytes | None,
    allow_drift: bool,
    cancel: CancelToken,
    limits: Limits = LIMITS,
) -> Steps[PublishedVersion]:
    """Copy the SavedModel in the folder source to serving/version and return what was published; None: the next version.

    The copy is made in a hidden folder, flushed, read back, and renamed in one moment; source is only read. warm_up None
    keeps the warm-up requests of the source. contract is JSON that goes along in assets.extra/. Progress is in bytes.

    Raises UsageError where serving is no place for versions or has this one already, SignatureDrift (exit code 1) where clients
    of the version before would notice and allow_drift is not given, UnreadableArtifact where source is no SavedModel,
    OperationFailed where the system refuses; serving is then as it was.
    """
    from inspector.formats.saved_model.publish_child import VersionOrder, WrittenVersion

    plan = plan_version(source, serving, version, allow_drift)
    for warning in plan.warnings:
        yield Warned(warning)
    order = VersionOrder(os.fsencode(source.absolute()), os.fsencode(plan.serving), plan.version, warm_up, contract)
    path = str(serving / str(plan.version))
    title = f"publishing {one_line(path)}"
    yield Started(title)
    child = run_child(ENTRY, order, WrittenVersion, limits, cancel, title=title, environment=NUMPY_ON_ONE_THREAD)
    written = yield from _cleaned_up(child, plan.serving)
    notes = (*written.notes, *_note_of_larger(plan.serving, plan.version))
    found = (written.files, written.size_bytes, written.warm_up_requests)
    return PublishedVersion(path, plan.version, *found, plan.compared_with, plan.differences, notes)


def check_place(serving: Path, version: int | None) -> int:
    """Return the version that would be published in a folder now, whatever it is of; raises what publish() says of it."""
    return check_version(check_serving_folder(serving), version, one_line(serving))


def check_drift(source: Path, serving: Path, version: int) -> None:
    """Raise SignatureDrift where publish() would for the SavedModel at source, whatever lies around it."""
    compared, drift, _ = _drift(source, serving, version)
    _refuse(one_line(serving), version, compared, drift)


def plan_version(source: Path, serving: Path, version: int | None, allow_drift: bool) -> PlannedVersion:
    """Return what publish() is going to do; nothing is written, and it raises what publish() does."""
    real = check_serving_folder(serving, source)
    label = one_line(serving)
    number = check_version(real, version, label)
    compared, drift, unread = _drift(source, real, number)
    if not allow_drift:
        _refuse(label, number, compared, drift)
    differences = (*drift.breaking, *drift.harmless)
    told = tuple(f"{label}: unlike version {compared}, {difference}" for difference in differences[:_MOST_TOLD])
    return PlannedVersion(real, number, compared, differences, (*unread, *told))


def _cleaned_up(child: Iterator[Event[WrittenVersion]], serving: Path) -> Steps[WrittenVersion]:
    """Run the child, and remove what is left of it where it was killed: its draft, and a serving folder made for that."""
    is_new = not serving.exists()
    try:
        return (yield from finish(child)).result
    except (OperationFailed, UsageError):
        raise
    except InspectorError as error:
        raise OperationFailed(error.message, error.hint) from error
    finally:
        remove_stale_drafts(serving)
        if is_new:
            with suppress(OSError):  # a version is in it
                serving.rmdir()


def _drift(source: Path, serving: Path, version: int) -> tuple[int | None, Drift, tuple[str, ...]]:
    """Return the version that clients know, how the signatures of the source differ from its, and what could not be read."""
    ours = summarize(source).signatures
    unread: list[str] = []
    for folder in _before(version_folders(serving), version)[:_MOST_COMPARED]:
        theirs: tuple[SignatureFacts, ...] | None = None
        try:
            theirs = summarize(folder.path).signatures
        except UnreadableArtifact as error:
            unread.append(f"signatures were not compared with version {folder.version}: {error.message}")
        if theirs is not None:
            return folder.version, drift_of(ours, theirs), tuple(unread)
    return None, Drift((), ()), tuple(unread)


def _before(folders: Sequence[VersionFolder], version: int) -> list[VersionFolder]:
    """Return the versions below one, newest first, then those above it, of which the newest is served now."""
    return [one for one in folders if one.version < version] + [one for one in folders if one.version > version]


def _refuse(label: str, version: int, compared: int | None, drift: Drift) -> None:
    """Raise SignatureDrift where clients of the version before would notice."""
    if not drift.breaking:
        return
    more = len(drift.breaking) - _MOST_NAMED
    named = "; ".join(drift.breaking[:_MOST_NAMED]) + (f"; {more} more" if more > 0 else "")
    message = f"{label}: version {version} was not published, since it differs from version {compared}: {named}"
    raise SignatureDrift(message, "--allow signature-drift publishes it all the same")


def _note_of_larger(serving: Path, version: int) -> tuple[str, ...]:
    largest = max((one.version for one in version_folders(serving)), default=version)
    return (f"servers go on with version {largest}, which is larger",) if largest > version else ()
