"""Writing a version as a child process does it: copied, given its warm-up requests, read back, and only then renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError, OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.save_failures import failed, no_room
from inspector.formats.saved_model.assets import EXTRA_ASSETS
from inspector.formats.saved_model.publish_copy import SourceFolder, copy_files, flush_tree, source_folder, write_file
from inspector.formats.saved_model.publish_draft import VersionDraft
from inspector.formats.saved_model.read import read, summarize
from inspector.formats.saved_model.warm_up_writing import WarmUpFile, warm_up_file
from inspector.formats.saved_model.warmup import WARM_UP
from inspector.records.artifact import Computation
from inspector.records.publishing import WarmUpPlan
from inspector.records.saved_model import SavedModelFacts

CONTRACT_FILE: Final = f"{EXTRA_ASSETS}/modelpack-tui.contract.json"
_BLOCK: Final = 4096
_FATAL: Final = frozenset({"checkpoint-unreadable", "shard-missing", "shard-size-mismatch"})
"""Rules of the reader for what no server can load."""

Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class VersionOrder:
    """The SavedModel's folder and the serving folder, absolute and in the file system's encoding, and what goes with it.

    warm_up None: the requests that the source has, if any. contract None: the one that it carries, if any.
    """

    source: bytes
    serving: bytes
    version: int
    warm_up: WarmUpPlan | None = None
    contract: bytes | None = None


@dataclass(frozen=True, slots=True)
class WrittenVersion:
    """What was written: files, their bytes, how many warm-up requests are among them, and what was left out."""

    files: int
    size_bytes: int
    warm_up_requests: int = 0
    notes: tuple[str, ...] = ()


def publish_in_child(order: VersionOrder, report: Report) -> WrittenVersion:
    """Write and rename the version. Raises OperationFailed; the serving folder is then as it was."""
    serving = Path(os.fsdecode(order.serving))
    target = serving / str(order.version)
    requests = warm_up_file(order.warm_up) if order.warm_up is not None else WarmUpFile(b"", 0)
    source = source_folder(Path(os.fsdecode(order.source)))
    added = _added(order, requests)
    try:
        draft = VersionDraft(serving, order.version)
        try:
            _check_room(draft.folder, source, added, target)
            _fill(draft.folder, source, added, report)
            facts = _read_back(source.path, draft.folder, requests.requests, target)
            draft.publish()
        finally:
            draft.close()
    except OSError as error:
        raise failed(target, error) from error
    kept = {location: size for location, size in source.files.items() if location not in added}
    size = sum(kept.values()) + sum(map(len, added.values()))
    hidden = (f"hidden entries were not copied: {', '.join(source.hidden[:5])}",) if source.hidden else ()
    replayed = facts.warm_up.request_count if facts.warm_up is not None else 0
    return WrittenVersion(len(kept) + len(added), size, replayed, (*requests.notes, *hidden))


def _added(order: VersionOrder, requests: WarmUpFile) -> dict[str, bytes]:
    """Return the files that the version gets beside or instead of those of the source."""
    added = {WARM_UP: requests.content} if requests.requests else {}
    return added if order.contract is None else {**added, CONTRACT_FILE: order.contract}


def _check_room(draft: Path, source: SourceFolder, added: dict[str, bytes], target: Path) -> None:
    needed = source.total_bytes + sum(map(len, added.values())) + _BLOCK * (len(source.files) + len(source.folders))
    status = os.statvfs(draft)
    if status.f_blocks and status.f_bavail * status.f_frsize < needed:
        raise no_room(target, needed, status.f_bavail * status.f_frsize)


def _fill(draft: Path, source: SourceFolder, added: dict[str, bytes], report: Report) -> None:
    """Write all files of the version, flushed to the disk with the folders that name them."""
    done, total = 0, source.total_bytes

    def told(count: int) -> None:
        nonlocal done
        done += count
        report(min(done, total), total, "bytes")

    copy_files(source, draft, frozenset(added), told)
    if added and EXTRA_ASSETS not in source.folders:
        (draft / EXTRA_ASSETS).mkdir()
    for location, content in added.items():
        write_file(draft / location, content)
    flush_tree(draft)


def _read_back(source: Path, draft: Path, requests: int, target: Path) -> SavedModelFacts:
    """Return what our reader finds in the draft; raises OperationFailed unless that is the whole SavedModel that was copied."""
    try:
        written = read(draft)
        same = summarize(source).signatures == summarize(draft).signatures
    except InspectorError as error:
        reason = error.message.replace(str(draft), one_line(target))
        raise OperationFailed(f"{one_line(target)} could not be read: {reason}", "open the SavedModel for details") from None
    facts = written.saved_model
    if facts is None or not same:
        raise OperationFailed(f"{one_line(target)} is not the SavedModel that was read", "it changed meanwhile: try again")
    for problem in _problems(written, facts, requests):
        raise OperationFailed(f"{one_line(target)} could not be served: {problem}", "mend the SavedModel first")
    return facts


def _problems(written: Computation, facts: SavedModelFacts, requests: int) -> list[str]:
    """Return what keeps a server from loading it: data and assets that are not there, requests that cannot be replayed."""
    found = [f"{one.location}: {one.problem}" for one in written.external_files if one.problem]
    found += [finding.message for finding in written.findings if finding.rule in _FATAL]
    found += [f"asset {one.path}: {one.problem}" for meta in facts.tag_sets for one in meta.assets if one.problem]
    if facts.warm_up is not None and facts.warm_up.problem:
        found.append(f"warm-up requests: {facts.warm_up.problem}")
    elif requests and (facts.warm_up is None or facts.warm_up.request_count != requests):
        found.append("warm-up requests: not all of them were written")
    return found
