"""Digests of the artifact and of its external files, which take reading every byte."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.containment import Locator
from inspector.formats.onnx.open_file import open_regular
from inspector.records.artifact import Computation, ExternalFile
from inspector.records.event import Event, Finished, Progress, Warned
from inspector.records.finding import Finding

_CHUNK: Final = 8 * 1024 * 1024


def digest(computation: Computation, more_bytes: int = 0) -> Iterator[Event[Computation]]:
    """Yield progress in bytes, and at last the computation with the sha256 of the artifact and of each contained external file.

    more_bytes: what will be read after these files, counted into the total.
    A file whose SHA-1 is not the one that the model declares gives a finding; one that cannot be read is warned of and left
    without a digest. Raises OperationFailed if the artifact itself cannot be read.
    """
    artifact = computation.artifact
    readable = [file for file in computation.external_files if file.contained and file.size_bytes is not None]
    total = artifact.size_bytes + sum(file.size_bytes or 0 for file in readable) + more_bytes
    try:
        descriptor = open_regular(Path(computation.definition_path))
    except UnreadableArtifact as error:
        raise OperationFailed(error.message, error.hint) from error
    own, _ = yield from digest_file(descriptor, 0, total, Path(artifact.path).name)
    done = artifact.size_bytes
    locator = Locator(Path(computation.definition_path))
    digests: dict[str, str] = {}
    findings: list[Finding] = []
    for file in readable:
        try:
            sha256, sha1 = yield from digest_file(locator.open(file.location), done, total, file.location)
            digests[file.location] = sha256
            findings += _compare_declared(file, sha1)
        except OperationFailed as error:
            yield Warned(error.message, error.hint)
        done += file.size_bytes or 0
    files = tuple(_with_digest(file, digests) for file in computation.external_files)
    artifact = replace(artifact, sha256=own)
    yield Finished(replace(computation, artifact=artifact, external_files=files, findings=(*computation.findings, *findings)))


def _with_digest(file: ExternalFile, digests: dict[str, str]) -> ExternalFile:
    return replace(file, sha256=digests[file.location]) if file.location in digests else file


def _compare_declared(file: ExternalFile, sha1: str) -> list[Finding]:
    if not file.declared_sha1 or file.declared_sha1.lower() == sha1:
        return []
    message = f"{file.location} has not the SHA-1 that the model declares for it"
    hint = "the file was changed, or belongs to another model"
    return [Finding("external-data-checksum", "high", message, f"file {file.location}", hint)]


def digest_file(descriptor: int, done: int, total: int, note: str) -> Generator[Event[Computation], None, tuple[str, str]]:
    """Yield progress while the file is read; return its sha256 and its SHA-1 in hexadecimal and close it."""
    sha256, sha1 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
    try:
        while chunk := os.read(descriptor, _CHUNK):
            sha256.update(chunk)
            sha1.update(chunk)
            done += len(chunk)
            yield Progress(min(done, total), total, one_line(note))
    except OSError as error:
        raise OperationFailed(f"{one_line(note)}: cannot be read: {error.strerror}", "check the disk") from error
    finally:
        os.close(descriptor)
    return sha256.hexdigest(), sha1.hexdigest()
