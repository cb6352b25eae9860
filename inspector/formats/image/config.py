"""The configuration of an image (image-spec, config.md): what runs, as whom, and which layers make the root."""

from __future__ import annotations

from typing import Final

from inspector.formats.image.digests import is_digest
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.platforms import Platform
from inspector.records.image import Healthcheck, ImageConfig

_NANOSECONDS: Final = 1_000_000_000


def read_config(document: JsonObject, digest: str = "") -> ImageConfig:
    """Return the configuration that a document holds; digest is that of the document."""
    inner = document.item("config")
    return ImageConfig(
        user=inner.text("User"),
        environment=tuple(_pair(text) for text in inner.texts("Env")),
        entrypoint=inner.texts("Entrypoint"),
        command=inner.texts("Cmd"),
        working_dir=inner.text("WorkingDir"),
        ports=inner.keys("ExposedPorts"),
        volumes=inner.keys("Volumes"),
        labels=inner.mapping("Labels"),
        healthcheck=_healthcheck(inner),
        stop_signal=inner.text("StopSignal"),
        author=document.text("author"),
        created=document.text("created"),
        digest=digest,
    )


def read_platform(document: JsonObject) -> Platform:
    """Return the platform that a configuration, or the platform of a descriptor, names."""
    return Platform(document.text("os"), document.text("architecture"), document.text("variant"))


def read_diff_ids(document: JsonObject) -> tuple[str, ...]:
    """Return the digests of the uncompressed layers, base first; empty texts, with a finding, for what is no digest."""
    root = document.item("rootfs")
    found = root.raw_texts("diff_ids")
    for index, text in enumerate(found):
        if not is_digest(text):
            root.notes.add("digest-malformed", "high", f"{root.place}: diff_ids[{index}] is no digest", root.place)
    return tuple(text if is_digest(text) else "" for text in found)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _healthcheck(inner: JsonObject) -> Healthcheck | None:
    if "Healthcheck" not in inner:
        return None
    check = inner.item("Healthcheck")
    test = check.texts("Test")
    if not test:
        return None
    seconds = [(check.number(key) or 0) / _NANOSECONDS for key in ("Interval", "Timeout")]
    return Healthcheck(test, seconds[0], seconds[1], check.number("Retries") or 0)
