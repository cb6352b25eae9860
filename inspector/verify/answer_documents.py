"""What an answer holds, as something that can be compared part by part: JSON, lines of text, or bytes by their digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from inspector.records.serving import Answer
from inspector.verify.json_comparison import NoDocument, Place, parse_document, shown_place

BodyKind = Literal["json", "text", "bytes"]


@dataclass(frozen=True, slots=True)
class Document:
    """The body of an answer: a JSON document, a list of lines, or (bytes, and what is too long to hold) size and digest."""

    kind: BodyKind
    content: Any

    def shown(self, place: Place) -> str:
        """Return a place in it for a person."""
        if self.kind == "json":
            return shown_place(place)
        if self.kind == "text" and place and isinstance(place[0], int):
            return f"line {place[0] + 1}"
        return "body"


def document_of(answer: Answer) -> Document:
    """Return what an answer holds."""
    body = answer.body
    if answer.body_bytes > len(body):
        return _as_bytes(answer)
    if "json" in answer.content_type.lower() or body.lstrip()[:1] in (b"{", b"["):
        try:
            return Document("json", parse_document(body))
        except NoDocument:
            pass
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _as_bytes(answer)
    return _as_bytes(answer) if "\0" in text else Document("text", text.split("\n"))


def _as_bytes(answer: Answer) -> Document:
    return Document("bytes", f"{answer.body_bytes:,} bytes, sha256 {answer.sha256}")
