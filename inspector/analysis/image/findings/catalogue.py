"""Every rule about images in one table: what it looks for, how bad its worst matches are, and what to do about them."""

from __future__ import annotations

from typing import Final

from inspector.analysis.findings.rule import Rule

IMAGE_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "entrypoint-missing",
        "high",
        "the program a container is to run, or what that program needs to start, is not in the image",
        "the container cannot start: check ENTRYPOINT, CMD, WORKDIR and PATH",
    ),
    Rule(
        "secret-like-file",
        "high",
        "a file that looks like a key, a password or a token, also where a later layer deletes it",
        "whoever pulls the image can read it: revoke it, mount secrets while building, and build again without the file",
    ),
    Rule(
        "secret-like-environment",
        "high",
        "a variable or build step that looks as if it held a password or a token",
        "whoever pulls the image can read it: revoke it, and pass it when the container starts",
    ),
    Rule(
        "wrong-architecture",
        "high",
        "programs or libraries built for another processor than the image's platform",
        "they cannot run there: build or install them for the platform of the image",
    ),
    Rule("unknown-user", "high", "a user that the image's etc/passwd does not know", "create the user, or name a numeric ID"),
    Rule(
        "runs-as-root",
        "medium",
        "the container runs as root",
        "add USER with an unprivileged ID, and give it the folders it writes to",
    ),
    Rule(
        "setuid-file",
        "medium",
        "programs that run with the rights of their owner or group, whoever starts them",
        "a server needs none of them: remove the bits (chmod a-s)",
    ),
    Rule(
        "world-writable-path",
        "medium",
        "files and folders that every user may change",
        "take the right away (chmod o-w), or set the sticky bit on shared folders",
    ),
    Rule(
        "missing-bytecode",
        "medium",
        "Python modules without bytecode, which every start compiles anew",
        "compile them while building (python -m compileall, pip without --no-compile)",
    ),
    Rule(
        "gzip-on-weights",
        "medium",
        "a gzip layer of weights, which hardly shrink",
        "export layers with zstd or uncompressed: they unpack about three times as fast, at nearly the same size",
    ),
    Rule(
        "duplicate-weights",
        "medium",
        "the same weights more than once: equal files, other formats or precisions",
        "ship the variant that the server loads",
    ),
    Rule(
        "unused-cuda",
        "medium",
        "CUDA libraries in an image whose server computes on the CPU",
        "start from a base image without CUDA",
    ),
    Rule(
        "reclaimable-bytes",
        "medium",
        "bytes shipped in some layer that are not in the final file system",
        "delete in the instruction that creates, copy with the right owner, or flatten",
    ),
    Rule(
        "latest-tagged-base",
        "low",
        "a base image named by a tag that moves",
        "name a version and its digest, so that building again gives the same base",
    ),
    Rule(
        "no-healthcheck",
        "low",
        "no health check",
        "add HEALTHCHECK, or rely on the probes of what runs the container",
    ),
    Rule(
        "no-command",
        "low",
        "neither an entrypoint nor a command",
        "say what a container runs, unless this is a base for other images",
    ),
    Rule(
        "file-capability",
        "low",
        "programs that gain capabilities of root when started",
        "remove those that serving does not need",
    ),
)
"""Most severe first; reading adds findings of its own about layers, digests and names."""

IMAGE_RULE: Final[dict[str, Rule]] = {rule.name: rule for rule in IMAGE_RULES}
