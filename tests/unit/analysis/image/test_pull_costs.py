"""What moves on a pull when only one kind of content changes, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.pull_costs import pull_costs
from inspector.records.artifact import Artifact
from inspector.records.image import Entry, Image, ImageConfig, Layer
from inspector.records.image_contents import InsideArtifact, Package, Packages, PullCost
from tests.unit.analysis.image.layer_making import file, folder, stack

MB = 1_000_000
SITE = "usr/local/lib/python3.12/site-packages"
BASE = [file("etc/os-release", 200), file("var/lib/dpkg/status", 5000), file("usr/lib/libc.so.6", 30 * MB)]
DEPENDENCIES = [file(f"{SITE}/numpy/core.so", 60 * MB), file(f"{SITE}/numpy-2.0.dist-info/RECORD", 900)]
WEIGHTS = [folder("models"), file("models/net.onnx", 80 * MB), file("models/labels.txt", 100)]
CODE = [folder("app"), file("app/main.py", 4000)]
NUMPY = Package("python", "numpy", "2.0", 60 * MB, 2, place=f"{SITE}/numpy-2.0.dist-info/METADATA", layer=1)
NET = InsideArtifact("models/net.onnx", "onnx", 80 * MB, 2)


def costs_of(
    *layers: tuple[str, Iterable[Entry]],
    packages: Iterable[Package] = (NUMPY,),
    models: tuple[InsideArtifact, ...] = (NET,),
    config: ImageConfig | None = None,
) -> dict[str, PullCost]:
    made = [_sized(layer, created_by) for layer, (created_by, _) in zip(stack(*(e for _, e in layers)), layers, strict=True)]
    config = config or ImageConfig(working_dir="/app")
    image = Image(Artifact("image.tar", "image", 0), "docker archive", config, tuple(made))
    return {cost.change: cost for cost in pull_costs(image, merge(made), Packages(tuple(packages)), models)}


def _sized(layer: Layer, created_by: str) -> Layer:
    size = sum(entry.size for entry in layer.entries or ())
    return replace(layer, created_by=created_by, size_bytes=size, compressed_bytes=size // 2)


def test_the_best_order_moves_only_what_lies_above() -> None:
    costs = costs_of(
        ("ADD rootfs.tar /", BASE), ("RUN pip install", DEPENDENCIES), ("COPY models", WEIGHTS), ("COPY app", CODE)
    )
    assert {change: cost.layers for change, cost in costs.items()} == {
        "weights": (2, 3),
        "code": (3,),
        "dependencies": (1, 2, 3),
    }
    assert {change: cost.content_layers for change, cost in costs.items()} == {
        "weights": (2,),
        "code": (3,),
        "dependencies": (1,),
    }
    assert costs["weights"].needed_bytes == 80 * MB + 100
    assert costs["weights"].bytes == (80 * MB + 100) // 2 + 2000
    assert (costs["code"].bytes, costs["code"].needed_bytes) == (2000, 4000)
    assert (costs["weights"].advice, costs["code"].advice) == ("", "")
    assert costs["dependencies"].advice == (
        "80.0 MB of weights lie above the dependencies and move with each change of the dependencies: "
        "copied with COPY --link they would stay as they are."
    )


def test_weights_beside_code_in_one_layer() -> None:
    weights = [file("app/models/net.onnx", 80 * MB)]
    net = (replace(NET, path="app/models/net.onnx"),)
    costs = costs_of(("ADD", BASE), ("RUN pip install", DEPENDENCIES), ("COPY . /app", [*CODE, *weights]), models=net)
    assert costs["code"].advice == (
        "Code and weights share layer 2, so each change of the code moves 80.0 MB of weights too: "
        "put the weights into an instruction of their own before the code."
    )
    assert costs["weights"].advice == ""


def test_weights_below_dependencies() -> None:
    numpy = (replace(NUMPY, layer=2),)
    costs = costs_of(
        ("ADD", BASE), ("COPY models", WEIGHTS), ("RUN pip install", DEPENDENCIES), ("COPY app", CODE), packages=numpy
    )
    assert costs["weights"].layers == (1, 2, 3)
    assert costs["weights"].advice == (
        "60.0 MB of dependencies lie above the weights and move with each change of the weights: "
        "copy the weights after installing the dependencies."
    )


def test_code_below_weights() -> None:
    costs = costs_of(("ADD", BASE), ("RUN pip install", DEPENDENCIES), ("COPY app", CODE), ("COPY models", WEIGHTS))
    assert costs["code"].layers == (2, 3)
    assert costs["code"].advice.endswith("copy the code after copying the weights.")


def test_layers_copied_with_link_stay() -> None:
    costs = costs_of(
        ("ADD", BASE), ("RUN pip install", DEPENDENCIES), ("COPY --link models /models", WEIGHTS), ("COPY app", CODE)
    )
    assert costs["dependencies"].layers == (1, 3)
    assert costs["dependencies"].advice == ""


def test_a_list_of_dependencies_is_no_code() -> None:
    listed = ("COPY requirements.txt /app/", [folder("app"), file("app/requirements.txt", 50)])
    costs = costs_of(("ADD", BASE), listed, ("RUN pip install", DEPENDENCIES), ("COPY app", CODE), models=())
    assert costs["code"].content_layers == (3,)
    assert costs["dependencies"].content_layers == (1, 2)
    assert "weights" not in costs


def test_installers_of_the_base_image_are_no_dependencies() -> None:
    pip = [file(f"{SITE}/pip/main.py", 9 * MB), file(f"{SITE}/pip-25.dist-info/RECORD", 9)]
    described = Package("python", "pip", "25", 9 * MB, 2, place=f"{SITE}/pip-25.dist-info/METADATA", layer=0)
    costs = costs_of(("ADD", [*BASE, *pip]), ("RUN pip install", DEPENDENCIES), packages=(NUMPY, described), models=())
    assert costs["dependencies"].content_layers == (1,)


def test_without_python_packages_the_system_packages_above_the_base_count() -> None:
    installed = [file("var/lib/dpkg/status", 6000), file("usr/lib/libgomp.so.1", 2 * MB)]
    costs = costs_of(("ADD", BASE), ("RUN apt-get install", installed), ("COPY app", CODE), packages=(), models=())
    assert (costs["dependencies"].content_layers, costs["dependencies"].needed_bytes) == ((1,), 2 * MB + 6000)


def test_without_a_working_folder_the_command_tells_where_the_code_is() -> None:
    config = ImageConfig(command=("python", "/srv/main.py"))
    code = ("COPY main.py /srv/", [file("srv/main.py", 100), file("srv/util.py", 50)])
    costs = costs_of(("ADD", BASE), ("RUN pip install", DEPENDENCIES), code, models=(), config=config)
    assert costs["code"].needed_bytes == 150


def test_failing_that_what_was_copied_last_is_the_code() -> None:
    config = ImageConfig(command=("/usr/local/bin/serve",))
    layers = (
        ("ADD", BASE),
        ("RUN pip install", DEPENDENCIES),
        ("COPY serve /usr/local/bin/", [file("usr/local/bin/serve", 70)]),
    )
    assert costs_of(*layers, models=(), config=config)["code"].content_layers == (2,)


def test_weights_without_a_known_model_are_told_by_name_and_size() -> None:
    files = [file("data/net.safetensors", 5 * MB), file("data/tiny.safetensors", 5000), file("usr/share/x.bin", 5 * MB)]
    costs = costs_of(("ADD", BASE), ("COPY data", files), packages=(), models=())
    assert costs["weights"].needed_bytes == 5 * MB


def test_a_saved_model_counts_with_its_folder() -> None:
    files = [file("models/keras/saved_model.pb", 900), file("models/keras/variables/variables.index", 100)]
    model = InsideArtifact("models/keras", "saved_model", 1000, 1)
    costs = costs_of(("ADD", BASE), ("COPY models", files), packages=(), models=(model,))
    assert costs["weights"].needed_bytes == 1000


def test_models_that_a_package_brings_move_with_it() -> None:
    files = [*DEPENDENCIES, file(f"{SITE}/ocr/net.onnx", 7 * MB)]
    model = InsideArtifact(f"{SITE}/ocr/net.onnx", "onnx", 7 * MB, 1)
    costs = costs_of(("ADD", BASE), ("RUN pip install", files), models=(model,))
    assert "weights" not in costs
    assert costs["dependencies"].needed_bytes == 67 * MB + 900


def test_an_image_of_nothing_costs_nothing() -> None:
    assert costs_of(packages=(), models=()) == {}
