"""What can go wrong with an engine that does answer, in one line each."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from typing import Final

from inspector.engines.connection import Engine
from inspector.errors import UnreadableArtifact
from inspector.isolation.plain_line import plain_line

_CLOSEST: Final = 3
_ASK_AGAIN: Final = "see what the engine logged, and try again"


def no_such_image(label: str, name: str, engines: Sequence[Engine], known: Sequence[str]) -> UnreadableArtifact:
    """Return the error for an image that no engine has, with those it may have meant."""
    where = " or ".join(engine.title for engine in engines)
    close = [plain_line(text) for text in closest(name, known)]
    pull = f"{engines[0].command} pull {plain_line(name)}"
    hint = f"closest there: {', '.join(close)}; or {pull}" if close else f"get it with {pull}"
    return UnreadableArtifact(f"{label}no such image on {where}", hint)


def closest(name: str, known: Sequence[str]) -> list[str]:
    """Return names like the one asked for: the same repository under other tags first, then similar spellings."""
    repository = _short(name).partition("@")[0]
    bare = repository.rpartition(":")[0] if ":" in repository.rpartition("/")[2] else repository
    same = [text for text in known if _short(text).rpartition(":")[0] == bare]
    by_short = {_short(text): text for text in known}
    wanted = repository if bare != repository else f"{repository}:latest"
    similar = [by_short[text] for text in difflib.get_close_matches(wanted, by_short, _CLOSEST, 0.6)]
    return list(dict.fromkeys([*sorted(same)[:_CLOSEST], *similar]))[:_CLOSEST]


def refused(label: str, engine: Engine, answer: object) -> UnreadableArtifact:
    """Return the error for a request that the engine refuses, with what it says."""
    return UnreadableArtifact(f"{label}{engine.title} refuses: {_said(answer)}", _ASK_AGAIN)


def broken(label: str, engine: Engine, error: object) -> UnreadableArtifact:
    """Return the error for a conversation that broke off."""
    return UnreadableArtifact(f"{label}{engine.title} stopped answering: {plain_line(str(error))}", _ASK_AGAIN)


def _said(answer: object) -> str:
    """Return the message in an answer, which is JSON of the form {"message": …}."""
    text = answer if isinstance(answer, str) else str(answer)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    message = found.get("message") or found.get("cause") if isinstance(found, dict) else None
    return plain_line((message if isinstance(message, str) else text).strip())


def _short(name: str) -> str:
    """Return a name as people write it: podman puts docker.io/library or localhost in front."""
    return name.removeprefix("docker.io/").removeprefix("library/").removeprefix("localhost/")
