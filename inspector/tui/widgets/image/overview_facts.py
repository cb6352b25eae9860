"""The cards of an image's overview about facts: what it runs, how it is stored, what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from inspector.records.image import Healthcheck, Image, Manifest
from inspector.records.image_inspection import ImageInspection
from inspector.report.figures import bytes_text, plural, whole_text
from inspector.tui.actions import Where
from inspector.tui.plain_text import fit, plain
from inspector.tui.tabs import PANES, key_of, kind_of
from inspector.tui.widgets.image.image_text import shown_name
from inspector.tui.widgets.text_rows import labeled

_MOST_NAMES = 6
_MOST_MANIFESTS = 8
_TILE_CELLS = 13
_TAB_PURPOSES: Mapping[Where, str] = {
    "blobs": "see every blob",
    "files": "walk layers and files",
    "packages": "see packages by size",
    "waste": "see what could go",
}


def artifact_lines(inspection: ImageInspection, width: int) -> list[Content]:
    """Return what an OCI artifact that is no image calls itself, how large it is, and what its blobs hold."""
    image = inspection.image
    roles: dict[str, int] = {}
    for blob in image.blobs:
        roles[blob.role or "other"] = roles.get(blob.role or "other", 0) + blob.size_bytes
    tiles = [(bytes_text(sum(blob.size_bytes for blob in image.blobs)), "in all"), (whole_text(len(image.blobs)), "blobs")]
    tiles += [(bytes_text(size), role) for role, size in sorted(roles.items(), key=lambda item: -item[1])]
    tiles = tiles[: max(1, width // _TILE_CELLS)]
    cells = width // len(tiles)
    values = Content.assemble(*((fit(value, cells), "$accent-text bold") for value, _ in tiles))
    labels = Content.assemble(*((fit(label, cells), "$soft") for _, label in tiles))
    named = [plain(shown_name(image), "$ink bold"), *labeled("type", image.artifact_type, width)]
    return [values, labels, Content(), *named]


def runs_lines(inspection: ImageInspection, width: int) -> list[Content]:
    """Return what a container made from the image runs, as whom, and what it opens."""
    config = inspection.image.config
    user = config.user or "root"
    is_root = user.partition(":")[0] in ("root", "0")
    note = "" if config.user else "  (nobody is named)"
    rows = labeled("user", Content.assemble(plain(user, "$medium" if is_root else "$ink"), (note, "$soft")), width)
    rows += labeled("entrypoint", _words(config.entrypoint), width, 11)
    rows += labeled("command", _words(config.command), width, 11)
    rows += labeled("works in", config.working_dir or "/", width, 11)
    rows += labeled("ports", ", ".join(config.ports) or plain("none", "$soft"), width, 11)
    if config.volumes:
        rows += labeled("volumes", ", ".join(config.volumes), width, 11)
    rows += labeled("health", _health(config.healthcheck), width, 11)
    names = [name for name, _ in config.environment]
    if names:
        more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        rows += labeled("environ", f"{', '.join(names[:_MOST_NAMES])}{more}", width, 11)
    if config.labels:
        rows += labeled("labels", plural(len(config.labels), "label"), width, 11)
    return rows


def _words(words: Sequence[str]) -> str | Content:
    return " ".join(words) if words else plain("none", "$soft")


def _health(check: Healthcheck | None) -> str | Content:
    if check is None:
        return plain("no check", "$medium")
    if check.test[:1] == ("NONE",):
        return plain("switched off", "$medium")
    every = f", every {check.interval:g} s" if check.interval else ""
    return f"{' '.join(check.test[1:])}{every}"


def file_facts(inspection: ImageInspection, width: int) -> list[Content]:
    """Return where the image is, how it is stored, which digests it has, and what lies beside it."""
    image = inspection.image
    rows = labeled("path", image.artifact.path, width)
    rows += labeled("source", image.source, width)
    if image.layers:
        rows += labeled("layers", _compressions(image), width)
        rows += labeled("verified", _verified(image), width)
    rows += labeled("manifest", plain(image.digest or "not said", "$soft"), width)
    if image.config.digest:
        rows += labeled("image ID", plain(image.config.digest, "$soft"), width)
    if image.artifact.sha256:
        rows += labeled("sha256", plain(image.artifact.sha256, "$soft"), width)
    if len(image.references) > 1:
        rows += labeled("names", ", ".join(image.references[:_MOST_NAMES]), width)
    if len(image.manifests) > 1:
        for manifest in image.manifests[:_MOST_MANIFESTS]:
            rows += labeled("beside" if not manifest.chosen else "this one", _manifest(manifest), width)
    return rows


def _compressions(image: Image) -> str:
    counts: Mapping[str, int] = {}
    for layer in image.layers:
        counts = {**counts, layer.compression: counts.get(layer.compression, 0) + 1}
    return ", ".join(f"{count:,} {'plain' if kind == 'none' else kind}" for kind, count in counts.items())


def _verified(image: Image) -> Content:
    if image.source == "engine":
        return plain("the engine's word is taken", "$soft")
    wrong = sum(layer.verification == "mismatch" for layer in image.layers)
    if wrong:
        return plain(f"{plural(wrong, 'layer')} differ from the digest", "$high bold")
    done = sum(layer.verification == "verified" for layer in image.layers)
    if done == len(image.layers):
        return plain("every layer", "$good")
    return plain(f"{done:,} of {plural(len(image.layers), 'layer')}: d verifies all", "$soft")


def _manifest(manifest: Manifest) -> str:
    what = manifest.platform or manifest.kind
    return f"{what}{'' if manifest.kind == 'image' else f' ({manifest.kind})'}  {', '.join(manifest.references[:2])}".rstrip()


def next_lines(inspection: ImageInspection, width: int) -> list[Content]:
    """Return what is worth pressing next."""
    kind = kind_of(inspection)
    tabs = PANES[kind]
    steps: list[tuple[str, str]] = [("↵", "open the marked model in a workbench of its own")] if inspection.models else []
    steps += [(key_of(inspection, tab), text) for tab, text in _TAB_PURPOSES.items() if tab in tabs]
    steps += [("d", "verify digests")] if kind == "image" else []
    if inspection.findings:
        steps.append((key_of(inspection, "findings"), f"see {plural(len(inspection.findings), 'finding')}"))
    steps.append(("?", "see every key"))
    rows: list[Content] = []
    for key, text in steps:
        rows += labeled(f" {key}", text, width, label_cells=4)
    return [row.stylize("$accent-text bold", 0, 3) for row in rows]
