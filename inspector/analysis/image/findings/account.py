"""Findings about how a container is run: as whom, on what base, and how its health is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inspector.analysis.findings.wording import short
from inspector.analysis.image.findings.evidence import ImageEvidence
from inspector.analysis.image.findings.wording import about
from inspector.analysis.image.packages_text import decoded, plain
from inspector.records.finding import Finding
from inspector.records.image import ImageConfig

_ROOT: Final = ("", "root", "0")
_BASE_LABELS: Final = ("org.opencontainers.image.base.name", "org.opencontainers.image.base.ref.name")
_FROM: Final = re.compile(r"^\s*(?:#\(nop\)\s*)?FROM\s+(?:--\S+\s+)*(\S+)", re.IGNORECASE)
_NO_BASE: Final = ("scratch",)
_ID: Final = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")


def findings(evidence: ImageEvidence) -> Iterator[Finding]:
    """Yield root or unknown users, moving bases, and absent health checks and commands."""
    config = evidence.image.config
    yield from _user(evidence, config)
    yield from _health(config)
    if not config.entrypoint and not config.command:
        yield about("no-command", "the image says neither what a container runs nor with what arguments", place="config")
    yield from _base(evidence)


def _user(evidence: ImageEvidence, config: ImageConfig) -> Iterator[Finding]:
    user = config.user.partition(":")[0]
    if user in _ROOT or (user.isdecimal() and not user.strip("0")):
        said = f"the user is {short(config.user)}" if config.user else "no user is set"
        yield about("runs-as-root", f"{said}, so the container runs as root", place="config User")
        return
    known = _accounts(evidence)
    if user.isdecimal() or known is None:
        return
    if user not in known:
        yield about("unknown-user", f"etc/passwd has no user {short(user)}: no container starts", place="config User")
    elif known[user] == "0":
        yield about("runs-as-root", f"user {short(user)} has ID 0, so the container runs as root", place="config User")


def _accounts(evidence: ImageEvidence) -> dict[str, str] | None:
    """Return the IDs of the users in etc/passwd by name, or None where the file was not kept."""
    place = evidence.symlinks.follow("etc/passwd")
    content = None if place is None else evidence.stored.whole_of(place)
    if content is None:
        return {} if place is None and evidence.is_whole else None
    rows = (line.split(":") for line in decoded(content).splitlines())
    return {row[0]: row[2].strip() for row in rows if len(row) > 2}


def _health(config: ImageConfig) -> Iterator[Finding]:
    check = config.healthcheck
    if check is None or not check.test:
        yield about("no-healthcheck", "nothing tells an engine whether the server is well", place="config Healthcheck")
    elif check.test[0].upper() == "NONE":
        yield about("no-healthcheck", "the health check of the base is switched off (NONE)", place="config Healthcheck")


def _base(evidence: ImageEvidence) -> Iterator[Finding]:
    for name in dict.fromkeys(_base_names(evidence)):
        if _moves(name):
            how = "by the tag latest" if name.endswith(":latest") else "without a tag, which means latest"
            yield about("latest-tagged-base", f"the base image {short(plain(name))} is named {how}", place="base image")


def _base_names(evidence: ImageEvidence) -> Iterator[str]:
    for label in _BASE_LABELS:
        if label in evidence.image.config.labels:
            yield evidence.image.config.labels[label]
    for step in evidence.image.history:
        for text in (step.created_by, step.comment):
            found = _FROM.match(text)
            if found:
                yield found.group(1)


def _moves(name: str) -> bool:
    """Tell whether an image's name leaves open which image it is; digests, IDs and other tags do not."""
    if not name or name in _NO_BASE or "@" in name or "$" in name or _ID.fullmatch(name):
        return False
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag in ("", "latest")
