"""Figures of a container image: sizes, waste, packages, user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from inspector.records.image_contents import Package
from inspector.records.image_review import ImageReview
from inspector.records.review import Review
from inspector.records.slimming import SlimStep
from inspector.records.written_image import ImageBytes
from inspector.verify.rules.reading import Figure, Read, Reading, Side, Unit, nothing, one

_NO_IMAGE = "it is no container image"

_ROOT = ("", "0", "root")

_Of = Callable[[ImageReview], float | None]
_After = Callable[[ImageBytes], int | None]


def image_figures() -> tuple[Figure, ...]:
    """Return the figures whose names are fixed."""
    return (
        _figure("shipped_bytes", "bytes", "bytes of the files in all layers", lambda image: image.shipped_bytes),
        _figure("final_bytes", "bytes", "bytes of the files in the final file system", lambda image: image.final_bytes),
        _figure("compressed_bytes", "bytes", "what a pull moves", lambda i: i.compressed_bytes, lambda i: i.compressed_bytes),
        _figure("reclaimable_bytes", "bytes", "bytes shipped without need", lambda image: image.reclaimable_bytes),
        _figure("wasted_share", "share", "bytes shipped without need, as a share of those shipped", _wasted),
        _figure(
            "leftover_bytes", "bytes", "bytes that serving does not need, as an estimate", lambda i: i.leftovers.union_bytes
        ),
        _figure("layers", "count", "layers", lambda image: image.layer_count, lambda image: image.layers),
        _figure("files", "count", "files of the final file system", lambda image: image.file_count, lambda image: image.files),
        _figure("packages", "count", "installed packages", lambda image: image.package_count),
        Figure("user", "word", "whom a container runs as, root where the image does not say", _user, "an image"),
    )


def _wasted(image: ImageReview) -> float | None:
    return image.reclaimable_bytes / image.shipped_bytes if image.shipped_bytes else 0.0


def _figure(name: str, unit: Unit, what: str, of: _Of, after: _After | None = None) -> Figure:
    return Figure(f"image.{name}", unit, what, _reader(of, after), "an image")


def _reader(of: _Of, after: _After | None) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if review.image is None:
            return nothing(_NO_IMAGE)
        step = _accepted(review)
        if after is not None and step is not None and step.after is not None:
            slimmed = one(after(step.after), f"after {step.level}")
            return slimmed if side == "now" else _original(review.image, of)
        return () if side == "before" else _original(review.image, of)

    return read


def _original(image: ImageReview, of: _Of) -> Sequence[Reading]:
    return one(of(image)) if image.complete else nothing("not every layer could be read")


def _accepted(review: Review) -> SlimStep | None:
    steps = review.slimming.steps if review.slimming is not None else ()
    return next((step for step in reversed(steps) if step.status == "accepted"), None)


def _user(review: Review, side: Side) -> Sequence[Reading]:
    if side == "before":
        return ()
    if review.image is None:
        return nothing(_NO_IMAGE)
    name = review.image.config.user.partition(":")[0]
    return one("root" if name in _ROOT else name)


def package_figure(name: str, of: str) -> Figure:
    """Return presence ("" : how many packages have that name), version or bytes of a package."""
    if of == "version":
        return Figure(
            f"package.{name}.version", "version", f"version of the package {name}", _package(name, _version), "an image"
        )
    if of == "bytes":
        return Figure(f"package.{name}.bytes", "bytes", f"bytes of the package {name}", _package(name, _bytes), "an image")
    return Figure(f"package.{name}", "count", f"packages named {name}: 0 where it is not there", _present(name), "an image")


def _version(package: Package) -> str:
    return package.version


def _bytes(package: Package) -> int:
    return package.bytes


def _named(review: Review, name: str) -> list[Package]:
    return [one for one in review.image.packages if one.name.lower() == name.lower()] if review.image is not None else []


def _package(name: str, of: Callable[[Package], str | int]) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        if review.image is None:
            return nothing(_NO_IMAGE)
        found = [Reading(of(package), key=package.kind, where=package.kind) for package in _named(review, name)]
        return found or nothing(_absent(review.image, name))

    return read


def _present(name: str) -> Read:
    def read(review: Review, side: Side) -> Sequence[Reading]:
        if side == "before":
            return ()
        if review.image is None:
            return nothing(_NO_IMAGE)
        count = len(_named(review, name))
        if not count and _is_cut(review.image):
            return nothing(_absent(review.image, name))
        return one(count, ", ".join(package.version for package in _named(review, name)))

    return read


def _is_cut(image: ImageReview) -> bool:
    """Return whether packages may be there that the review does not list."""
    return not image.complete or image.package_count > len(image.packages)


def _absent(image: ImageReview, name: str) -> str:
    if _is_cut(image):
        return f"{name} is not among the {len(image.packages):,} packages that the review lists"
    near = get_close_matches(name, [package.name for package in image.packages], 1, 0.7)
    return f"there is no package {name}" + (f", there is {near[0]}" if near else "")
