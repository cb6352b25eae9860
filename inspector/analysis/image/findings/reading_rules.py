"""Rules that match while an image is read, shown beside those of analysis; each match carries a hint of its own."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.rule import Rule

IMAGE_READING_RULES: Final[tuple[Rule, ...]] = (
    Rule("archive-cut-short", "high", "an archive that ends before its last file does"),
    Rule("blob-missing", "high", "a manifest, configuration or blob of an artifact that is not there"),
    Rule("digest-malformed", "high", "what is given as a digest is none"),
    Rule("digest-mismatch", "high", "a manifest, configuration or blob that is not what its digest says"),
    Rule("index-cycle", "high", "an index that leads back to itself"),
    Rule("index-disagrees", "high", "an image that manifest.json lists and index.json does not: engines read either"),
    Rule("index-too-deep", "high", "indexes nested deeper than is followed"),
    Rule("layer-count-mismatch", "high", "a configuration that tells of more or fewer layers than the manifest"),
    Rule("layer-cut-short", "high", "a layer whose end is missing"),
    Rule("layer-digest-mismatch", "high", "a layer that is not what its digest says"),
    Rule("layer-escapes", "high", "a layer that is said to lie outside the archive, and was not opened"),
    Rule("layer-link-outside", "high", "hard links to files outside the root"),
    Rule("layer-missing", "high", "a layer that is not there"),
    Rule("layer-path-outside", "high", "files that would lie outside the root"),
    Rule("layer-unreadable", "high", "a layer that cannot be read, or not to its end"),
    Rule("metadata-ambiguous", "high", "a manifest or configuration that says one thing in several spellings"),
    Rule("metadata-unreadable", "high", "a manifest or configuration that cannot be read"),
    Rule("platform-mismatch", "high", "an index and a configuration that name different platforms"),
    Rule("size-mismatch", "high", "a blob that is larger or smaller than its descriptor says"),
    Rule("history-too-long", "medium", "a history of more steps than are shown"),
    Rule("index-too-long", "medium", "an index of more manifests than are listed"),
    Rule("index-unusable", "medium", "an index.json that leads to no image, so that manifest.json was read"),
    Rule("layer-below-symlink", "medium", "files below what the same layer makes a symbolic link"),
    Rule("layer-odd-whiteout", "medium", "whiteouts of nothing"),
    Rule("layer-path-impossible", "medium", "names that no file system takes"),
    Rule("media-type-mismatch", "medium", "a layer compressed otherwise than its media type says"),
    Rule("member-repeated", "medium", "a name that an archive holds more than once"),
    Rule("metadata-malformed", "medium", "a value of the wrong type in a manifest or configuration"),
    Rule("unprintable-name", "medium", "names with control or invisible characters"),
    Rule("history-mismatch", "low", "a history that tells of more or fewer layers than there are"),
    Rule("invalid-utf8", "low", "names that are no valid UTF-8"),
    Rule("layer-global-header", "low", "a global tar header about entries, which engines ignore"),
    Rule("layer-path-upward", "low", "names with .. in them that stay inside the root"),
    Rule("layer-repeated-path", "low", "paths that one layer holds more than once"),
    Rule("layer-symlink-outside", "low", "symbolic links that climb above the root"),
    Rule("layer-trailer", "low", "something behind the end of a compressed layer"),
    Rule("layer-unknown-type", "low", "entries of no known type"),
    Rule("layer-absolute-path", "info", "absolute names, taken as below the root"),
    Rule("layer-device", "info", "device nodes"),
    Rule("layer-encrypted", "info", "an encrypted layer, whose files cannot be seen"),
    Rule("layer-foreign", "info", "a layer that may not be handed on and is not in the archive"),
    Rule("manifest-absent", "info", "a manifest that an index lists and the archive does not hold"),
    Rule("platform-chosen", "info", "several platforms, of which one was chosen"),
    Rule("several-images", "info", "several images, of which the first is shown"),
)
"""Most severe first, by the worst a rule gives."""
