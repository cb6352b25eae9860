"""Compare finds exactly the differences that were planted, in either direction, and calls equals the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from onnx import ModelProto

from inspector.records.difference import ArtifactComparison, SideBySide
from inspector.records.event import Finished
from inspector.records.finding import Finding
from inspector.records.opened import Opened
from inspector.records.review import Review
from inspector.workflows.compare import compare, compare_reviews
from inspector.workflows.examine import examine
from inspector.workflows.review import review
from tests.compared import images, onnx_models, saved_models
from tests.images.build import File, ImageSpec, Symlink, build_layer, oci_archive

Told = list[tuple[str, str, str]]

MIRRORED = {"added": "removed", "removed": "added"}


def opened(path: Path) -> Opened:
    *_, last = examine(path)
    assert isinstance(last, Finished)
    return last.result


def side_by_side(before: Opened, after: Opened) -> SideBySide:
    *_, last = compare(before, after, run=False)
    assert isinstance(last, Finished)
    return last.result


def told(comparison: ArtifactComparison) -> Told:
    """Return all differences but figures of cost, which follow from the others."""
    return sorted((one.area, one.way, one.what) for one in comparison.differences if one.area != "cost")


def check(before: Opened, after: Opened, expected: Told, back: Told | None = None, same: bool = False) -> ArtifactComparison:
    """Compare in both directions; back is what the way back tells where it is not the mirror image."""
    forth = side_by_side(before, after).comparison
    assert told(forth) == sorted(expected)
    mirrored = [(area, MIRRORED.get(way, way), what) for area, way, what in expected]
    assert told(side_by_side(after, before).comparison) == sorted(mirrored if back is None else back)
    assert forth.same is same
    assert (forth.summary == "the same" or forth.summary.startswith("the same:")) is same
    return forth


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened(onnx_models.write(onnx_models.base(), tmp_path_factory.mktemp("base") / "m"))


RENAMED = [
    ("structure", "renamed", f"{kind} {name}") for kind, name in (("Conv", "stem"), ("Relu", "stem_relu"), ("Conv", "left"))
]


@pytest.mark.parametrize(
    "change",
    [onnx_models.renamed_tensors, onnx_models.reordered, onnx_models.typed, onnx_models.constants, onnx_models.external],
)
def test_models_written_otherwise_are_the_same(model: Opened, tmp_path: Path, change: Callable[[ModelProto], None]) -> None:
    other = opened(onnx_models.write(onnx_models.base(), tmp_path / "m", change))
    found = check(model, other, [], same=True)
    assert found.summary == "the same"


def test_names_of_nodes_are_told_and_do_not_matter(model: Opened, tmp_path: Path) -> None:
    other = opened(onnx_models.write(onnx_models.base(), tmp_path / "m", onnx_models.renamed_nodes))
    fresh = [(area, way, what.replace(" ", " other_")) for area, way, what in RENAMED]
    found = check(model, other, fresh, RENAMED, same=True)
    assert found.summary == "the same: 3 nodes are named otherwise"


PLANTED = [
    (onnx_models.one_element, [("weights", "changed", "w1")], None),
    (onnx_models.half, [("weights", "changed", "hw")], None),
    (
        onnx_models.swapped_operator,
        [
            ("structure", "changed", "LeakyRelu stem_relu"),
            ("operators", "added", "LeakyRelu"),
            ("operators", "removed", "Relu"),
        ],
        [("structure", "changed", "Relu stem_relu"), ("operators", "removed", "LeakyRelu"), ("operators", "added", "Relu")],
    ),
    (onnx_models.attribute, [("structure", "changed", "Flatten flatten")], None),
    (onnx_models.inserted, [("structure", "added", "Neg fresh"), ("operators", "added", "Neg")], None),
    (onnx_models.removed, [("structure", "removed", "Tanh squash"), ("operators", "removed", "Tanh")], None),
    (onnx_models.swapped_branches, [("structure", "changed", "Sub difference")], None),
    (
        onnx_models.swapped_weights_of_equals,
        [("structure", "changed", "Sigmoid gate"), ("structure", "changed", "Tanh squash")],
        None,
    ),
    (onnx_models.raised_opset, [("opsets", "changed", "ai.onnx")], None),
    (onnx_models.renamed_input, [("signatures", "changed", "input pixels")], [("signatures", "changed", "input image")]),
    (
        onnx_models.output_dtype,
        [("signatures", "changed", "output scores"), ("findings", "added", "shape-contradiction")],
        None,
    ),
    (onnx_models.metadata, [("artifact", "added", "metadata license"), ("findings", "removed", "no-contract")], None),
]


@pytest.mark.parametrize(("change", "expected", "back"), PLANTED, ids=[change.__name__ for change, _, _ in PLANTED])
def test_what_was_planted_in_a_model_is_all_that_is_found(
    model: Opened, tmp_path: Path, change: Callable[[ModelProto], None], expected: Told, back: Told | None
) -> None:
    check(model, opened(onnx_models.write(onnx_models.base(), tmp_path / "m", change)), expected, back)


def test_how_far_a_weight_has_changed_is_told(model: Opened, tmp_path: Path) -> None:
    one = side_by_side(model, opened(onnx_models.write(onnx_models.base(), tmp_path / "one", onnx_models.one_element)))
    figures = one.comparison.differences[0].figures
    assert (figures["elements"], figures["changed elements"]) == (108, 1)
    assert figures["largest error"] == pytest.approx(1.0, abs=1e-6)
    assert figures["mean error"] == pytest.approx(1 / 108, abs=1e-6)
    half = side_by_side(model, opened(onnx_models.write(onnx_models.base(), tmp_path / "half", onnx_models.half)))
    assert half.comparison.differences[0].detail.startswith("float32 -> float16; ")
    assert half.comparison.differences[0].figures["SQNR dB"] > 60


def test_a_change_inside_a_branch_stays_inside(tmp_path: Path) -> None:
    before = opened(onnx_models.write(onnx_models.with_branches(), tmp_path / "a"))
    after = opened(onnx_models.write(onnx_models.with_branches(), tmp_path / "b", onnx_models.in_a_branch))
    expected = [("structure", "changed", "Mul node 1"), ("operators", "changed", "Add"), ("operators", "added", "Mul")]
    back = [("structure", "changed", "Add node 1"), ("operators", "changed", "Add"), ("operators", "removed", "Mul")]
    found = check(before, after, expected, back)
    (changed,) = [one for one in found.differences if one.area == "structure"]
    assert changed.place == "/0.then_branch"
    assert changed.detail == "operator Add -> Mul"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened(saved_models.write(tmp_path_factory.mktemp("saved") / "m"))


def test_a_saved_model_exported_again_is_the_same(saved: Opened, tmp_path: Path) -> None:
    check(saved, opened(saved_models.write(tmp_path / "m", number=731)), [], same=True)


def test_one_variable_changed(saved: Opened, tmp_path: Path) -> None:
    values = [*saved_models.VALUES[:-1], 99.0]
    found = check(saved, opened(saved_models.write(tmp_path / "m", values)), [("weights", "changed", "w")])
    assert found.differences[0].figures["changed elements"] == 1


def test_a_signature_added(saved: Opened, tmp_path: Path) -> None:
    check(saved, opened(saved_models.write(tmp_path / "m", signatures=2)), [("signatures", "added", "signature classify")])


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened(images.write(tmp_path_factory.mktemp("image") / "i.tar"))


LAYER = ("layers", "changed", "layer 1")


def app(**changed: File | None) -> images.Files:
    files = {**images.APP, **{f"app/{name}": one for name, one in changed.items()}}
    return {path: one for path, one in files.items() if one is not None}


def test_one_file_changed_in_a_layer(image: Opened, tmp_path: Path) -> None:
    other = images.write(tmp_path / "i.tar", [images.package("1.0"), app(settings=File(b"a=2\n"))])
    check(image, opened(other), [LAYER, ("files", "changed", "/app/settings")])


def test_a_package_upgraded(image: Opened, tmp_path: Path) -> None:
    info = f"/{images.SITE}/pkg-"
    names = ("METADATA", "RECORD")
    expected = [
        ("layers", "changed", "layer 0"),
        ("packages", "changed", "python package pkg"),
        *(("files", "removed", f"{info}1.0.dist-info/{name}") for name in names),
        *(("files", "added", f"{info}1.1.dist-info/{name}") for name in names),
    ]
    found = check(image, opened(images.write(tmp_path / "i.tar", [images.package("1.1"), images.APP])), expected)
    assert next(one.detail for one in found.differences if one.area == "packages") == "upgraded"


def test_the_environment_changed(image: Opened, tmp_path: Path) -> None:
    config = {**images.CONFIG, "Env": ["PATH=/bin", "MODE=slow"]}
    check(image, opened(images.write(tmp_path / "i.tar", config=config)), [("configuration", "changed", "variable MODE")])


def test_the_same_content_in_other_layers(image: Opened, tmp_path: Path) -> None:
    other = opened(images.write(tmp_path / "i.tar", [{**images.package("1.0"), **images.APP}]))
    found = check(
        image,
        other,
        [("layers", "changed", "layer 0"), ("layers", "removed", "layer 1")],
        [("layers", "changed", "layer 0"), ("layers", "added", "layer 1")],
    )
    assert next(area for area in found.areas if area.area == "files").same


def test_a_file_moved(image: Opened, tmp_path: Path) -> None:
    other = images.write(tmp_path / "i.tar", [images.package("1.0"), app(data=None, moved=images.APP["app/data"])])
    check(image, opened(other), [LAYER, ("files", "moved", "/app/moved")], [LAYER, ("files", "moved", "/app/data")])


def test_a_mode_changed(image: Opened, tmp_path: Path) -> None:
    other = images.write(tmp_path / "i.tar", [images.package("1.0"), app(settings=File(b"a=1\n", 0o600))])
    found = check(image, opened(other), [LAYER, ("files", "changed", "/app/settings")])
    assert found.differences[-1].detail == "mode 644 -> 600; the content is the same"


def test_an_owner_changed(image: Opened, tmp_path: Path) -> None:
    other = images.write(tmp_path / "i.tar", [images.package("1.0"), app(settings=File(b"a=1\n", uid=7, gid=8))])
    found = check(image, opened(other), [LAYER, ("files", "changed", "/app/settings")])
    assert found.differences[-1].detail == "owner 0:0 -> 7:8; the content is the same"


def test_a_symlink_that_leads_elsewhere(tmp_path: Path) -> None:
    sides = [opened(images.write(tmp_path / f"{to}.tar", [{"app/now": Symlink(to)}])) for to in ("v1", "v2")]
    found = check(sides[0], sides[1], [("layers", "changed", "layer 0"), ("files", "changed", "/app/now")])
    assert found.differences[-1].detail == "link v1 -> v2"


def test_layers_compressed_otherwise_are_the_same(tmp_path: Path) -> None:
    sides = []
    for compression in ("gzip", "zstd"):
        layers = [build_layer(images.APP, compression)]
        sides.append(opened(oci_archive(tmp_path / f"{compression}.tar", [ImageSpec(layers, images.CONFIG)])))
    check(sides[0], sides[1], [], same=True)


@pytest.fixture(scope="module")
def reviewed(model: Opened) -> Review:
    return review(model)


def test_a_review_is_the_same_as_itself(reviewed: Review) -> None:
    assert compare_reviews(reviewed, reviewed).summary == "the same"


def test_a_new_finding_in_a_review(reviewed: Review) -> None:
    later = replace(reviewed, findings=(*reviewed.findings, Finding("planted", "high", "something new")))
    assert told(compare_reviews(reviewed, later)) == [("findings", "added", "planted")]
    assert told(compare_reviews(later, reviewed)) == [("findings", "removed", "planted")]
    assert not compare_reviews(reviewed, later).same


def test_one_number_changed_in_a_review(reviewed: Review) -> None:
    assert reviewed.graph is not None
    later = replace(reviewed, graph=replace(reviewed.graph, parameter_count=1))
    (found,) = compare_reviews(reviewed, later).differences
    assert (found.area, found.way, found.what, found.after) == ("cost", "changed", "parameters", "1")
