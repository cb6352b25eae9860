"""Entries and findings of a layer from what indexing gave: where the bytes of names become text that is safe to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import LIMIT, MOST_NAMES, TextCleaner
from inspector.formats.image.layer_answer import KINDS, WHITEOUTS, RawEntry, RawLayer, RawNote
from inspector.records.finding import Finding, Severity
from inspector.records.image import Entry
from inspector.records.making import quick_maker

_SHOWN: Final = 200

_make_entry: Final = quick_maker(Entry)

_RULES: Final[Mapping[str, tuple[Severity, str, str]]] = {
    "layer-path-outside": (
        "high",
        "{count} would lie outside the root and {was} left out, such as {name}",
        "whoever built this tried to write elsewhere: do not run it",
    ),
    "layer-link-outside": (
        "high",
        "{count} would link a file outside the root and {was} left out, such as {name}",
        "whoever built this tried to reach the host: do not run it",
    ),
    "layer-below-symlink": (
        "medium",
        "entries lie below {count} that the same layer makes a symlink, such as {name}",
        "an engine that follows the link writes elsewhere",
    ),
    "layer-path-upward": ("low", "{count} {has} .. in the name, such as {name}", "engines resolve it before they unpack"),
    "layer-path-impossible": ("medium", "{count} {has} a name that no file system takes; the first begins {name}", ""),
    "layer-odd-whiteout": ("medium", "{count} {is} a whiteout of nothing and {was} left out, such as {name}", ""),
    "layer-symlink-outside": ("low", "{count} {is} a symlink that climbs above the root, such as {name}", ""),
    "layer-absolute-path": ("info", "{count} {has} an absolute name, taken as below the root, such as {name}", ""),
    "layer-unknown-type": ("low", "{count} {is} of no known type and {was} taken as a file, such as {name}", ""),
    "layer-global-header": ("low", "a global header says something of entries, which engines ignore", ""),
    "layer-repeated-path": (
        "low",
        "{count} {is} in the layer more than once, such as {name}; the last one counts",
        "what came before is shipped for nothing",
    ),
    "layer-trailer": ("low", "something that is no part of the compressed layer follows it and was not read", ""),
    "layer-device": ("info", "{count} {is} a device node, such as {name}", "containers get their devices from the engine"),
}


@dataclass(frozen=True, slots=True)
class IndexedLayer:
    """One layer, indexed: what Layer has of it; sha256 is that of the uncompressed layer, empty where not all was read."""

    entries: tuple[Entry, ...]
    contents: Mapping[str, bytes]
    heads: Mapping[str, bytes]
    size_bytes: int
    sha256: str
    problem: str = ""
    findings: tuple[Finding, ...] = ()


def to_records(raw: RawLayer, cleaner: TextCleaner, place: str) -> IndexedLayer:
    """Return what was indexed with its text cleaned; place names the layer in findings. Empties raw.entries on the way."""
    problem = raw.problem
    try:
        entries = _entries(raw.entries, cleaner)
    except UnreadableArtifact as error:
        entries, problem = (), error.message
    names = cleaner.names
    contents = {names[path]: data for path, data in raw.contents}
    heads = {names[path]: data for path, data in raw.heads}
    findings = tuple(_finding(note, cleaner, place) for note in raw.notes)
    return IndexedLayer(entries, contents, heads, raw.size_bytes, raw.sha256, problem, findings)


def _entries(raw: list[RawEntry], cleaner: TextCleaner) -> tuple[Entry, ...]:
    names = cleaner.names
    built: list[Entry] = []
    _learn([entry[0] for entry in raw], names)
    raw.reverse()
    while raw:
        path, kind, size, mode, uid, gid, mtime, link, offset, stored, sha256, xattrs, device, sparse, whiteout = raw.pop()
        entry = _make_entry(
            names[path],
            KINDS[kind],
            size,
            mode,
            uid,
            gid,
            mtime,
            names[link] if link else "",
            offset,
            stored,
            sha256.decode("ascii", "replace") if sha256 else "",
            tuple([names[name] for name in xattrs]) if xattrs else (),
            device,
            sparse,
            WHITEOUTS[whiteout],
        )
        built.append(entry)
    return tuple(built)


def _learn(paths: Sequence[bytes], names: dict[bytes, str]) -> None:
    """Clean paths that need no cleaning all at once, as nearly all are, at a third of the time one after the other takes."""
    new = [path for path in paths if path not in names]
    if not new or len(names) + len(new) > MOST_NAMES or max(map(len, new)) > LIMIT:
        return
    whole = b"\n".join(new)
    if not whole.isascii() or b"\\" in whole:
        return
    texts = whole.decode("ascii").split("\n")
    if len(texts) == len(new) and "".join(texts).isprintable():
        names.update(zip(new, texts, strict=True))


def _finding(note: RawNote, cleaner: TextCleaner, place: str) -> Finding:
    severity, message, hint = _RULES[note.rule]
    one = note.count == 1
    name = cleaner.clean_value(note.names[0]) if note.names else ""
    text = message.format(
        count="1 path" if one else f"{note.count:,} paths",
        name=_start([name]),
        was="was" if one else "were",
        has="has" if one else "have",
        **{"is": "is" if one else "are"},
    )
    return Finding(note.rule, severity, text, place, hint)


def note_odd_names(cleaner: TextCleaner) -> tuple[Finding, ...]:
    """Return findings about names that are no valid text or made to deceive a terminal."""
    found: list[Finding] = []
    if cleaner.invalid_utf8:
        message = f"{_several(cleaner.invalid_utf8)} no valid UTF-8, such as {_start(cleaner.invalid_utf8)}"
        found.append(Finding("invalid-utf8", "low", message, "names"))
    if cleaner.harmful:
        message = f"{_several(cleaner.harmful)} written with control or invisible characters, such as {_start(cleaner.harmful)}"
        hint = "such names can write to a terminal or pass for another name"
        found.append(Finding("unprintable-name", "medium", message, "names", hint))
    return tuple(found)


def _several(texts: Sequence[str]) -> str:
    return "1 name is" if len(texts) == 1 else f"{len(texts):,} names are"


def _start(texts: Sequence[str]) -> str:
    return texts[0] if len(texts[0]) <= _SHOWN else texts[0][:_SHOWN] + "…"
