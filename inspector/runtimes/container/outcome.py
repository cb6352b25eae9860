"""Why a container did not become ready, in one line each."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from inspector.isolation.plain_line import plain_line
from inspector.runtimes.container.output import MOST_BYTES, Output

_WRONG_FORMAT: Final = "exec format error"
_NOT_FOUND: Final = re.compile(r"executable file .{0,80}not found|no such file or directory|permission denied", re.IGNORECASE)
_EXEC: Final = re.compile(r"exec(?:utable file)?:? [\"`'](?P<name>[^\"`']{1,200})[\"`']")
_KILLED: Final = 137
_SHOWN: Final = 160


def refused(error: BaseException, doing: str) -> str:
    """Return why the engine did not do something, such as "start the container"."""
    said = said_by(error)
    if _WRONG_FORMAT in said.lower():
        return wrong_platform()
    named = _EXEC.search(said)
    if doing.startswith("start") and named is not None and _NOT_FOUND.search(said):
        return f"cannot run its command {plain_line(named['name'], 80)}: {plain_line(_innermost(said), _SHOWN)}"
    return f"the engine did not {doing}: {plain_line(said, _SHOWN)}"


def is_about_resource_limits(error: BaseException) -> bool:
    """Whether the engine may not give a container the limits on open files and processes that it gives by default."""
    return "setting rlimit" in said_by(error)


def said_by(error: BaseException) -> str:
    """Return the message in what the SDK raises."""
    explanation = getattr(error, "explanation", None)
    text = str(explanation or error)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return str(found.get("message") or found.get("cause") or text) if isinstance(found, dict) else text


def wrong_platform(platform: str = "") -> str:
    """Return the failure of a program for another processor."""
    made_for = f" (the image is for {platform})" if platform else ""
    return f"its program is for another platform than the engine's{made_for}: {_WRONG_FORMAT}"


def ended(
    state: dict[str, Any], code: int | None, output: Output, memory: str, platform: str, when: str = "before it was ready"
) -> str:
    """Return what the end of a container at the wrong time means; state is the engine's, memory the limit as text."""
    if output.says(_WRONG_FORMAT):
        return wrong_platform(platform)
    if state.get("OOMKilled"):
        return f"was killed for want of memory{f': its limit is {memory}' if memory else ''}"
    found = state.get("ExitCode") if code is None else code
    last = output.last_line()
    tail = f": {plain_line(last, _SHOWN)}" if last else ", printing nothing"
    for_want = f", perhaps for want of memory: its limit is {memory}" if memory else ""
    how = f"was killed (exit code 137{for_want})" if found == _KILLED else f"ended with exit code {found}"
    return f"{how} {when}{tail}"


def printed_too_much(when: str = "before it was ready") -> str:
    """Return the failure of a container that floods."""
    return f"printed more than {MOST_BYTES >> 20} MiB {when}"


def not_ready(what: str, seconds: float, output: Output, known: str = "") -> str:
    """Return the failure of a container that never became ready; known is what else is known, such as an HTTP status."""
    last = output.last_line()
    printed = f"last output: {plain_line(last, _SHOWN)}" if last else ""
    return "; ".join(part for part in (f"not ready within {seconds:g} s (waited for {what})", known, printed) if part)


def _innermost(said: str) -> str:
    """Return the end of a chain of messages, which names the command."""
    place = said.rfind("exec: ")
    return said[place:] if place >= 0 else said
