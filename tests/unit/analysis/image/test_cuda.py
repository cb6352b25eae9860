"""CUDA twice, and CUDA that nothing uses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.analysis.image.cuda import library_name
from tests.unit.analysis.image.content_making import Content, image_of, kind, layer, leftovers_of

SITE = "usr/lib/python3.11/site-packages"


def package(name: str, version: str = "1.0") -> dict[str, Content]:
    return {f"{SITE}/{name}-{version}.dist-info/METADATA": f"Name: {name}\nVersion: {version}\n".encode()}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("usr/local/cuda/lib64/libcudart.so.12.1.105", "libcudart"),
        (f"{SITE}/torch/lib/libcudart-d0da41ae.so.11.0", "libcudart"),
        (f"{SITE}/nvidia/cublas/lib/libcublasLt.so.12", "libcublasLt"),
        ("usr/lib/libcudnn_cnn_infer.so.8", "libcudnn_cnn_infer"),
        ("usr/lib/libcurl.so.4", ""),
        ("usr/lib/libcuda_like.so", ""),
    ],
)
def test_names_of_libraries(path: str, name: str) -> None:
    assert library_name(path) == name


def test_a_library_in_the_system_and_in_a_wheel() -> None:
    files: dict[str, Content] = {
        "usr/local/cuda-12.1/lib64/libcudart.so.12.1": 100,
        "usr/local/cuda-12.1/lib64/libnpp.so.12": 3,
        "usr/lib/x86_64-linux-gnu/libcudnn.so.8.9": 70,
        f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.12": 101,
        f"{SITE}/torch/lib/libcudart-d0da41ae.so.11.0": 99,
    }
    found = kind(leftovers_of(image_of(layer(files))), "CUDA twice")
    assert found is not None
    assert set(found.paths) == {"usr/local/cuda-12.1/lib64/libcudart.so.12.1", f"{SITE}/torch/lib/libcudart-d0da41ae.so.11.0"}
    assert found.bytes == 199
    assert found.note.endswith("lie in package nvidia; counted: package torch, system folders")


def test_one_copy_is_not_twice() -> None:
    files: dict[str, Content] = {"usr/local/cuda/lib64/libcudart.so.12": 100, "usr/local/cuda/lib64/libcublas.so.12": 100}
    assert kind(leftovers_of(image_of(layer(files))), "CUDA twice") is None


CUDA: dict[str, Content] = {"usr/local/cuda-12/lib64/libcublas.so.12": 500, "usr/local/cuda-12/include/cublas.h": 9}


def test_cuda_for_a_server_on_the_cpu() -> None:
    found = kind(leftovers_of(image_of(layer(CUDA | package("onnxruntime", "1.20.0")))), "CUDA without use")
    assert found is not None
    assert found.bytes == 509
    assert "onnxruntime 1.20.0 runs on the CPU" in found.note
    assert "other programs were not examined" in found.note


def test_a_build_for_the_cpu_is_told_by_its_version() -> None:
    assert kind(leftovers_of(image_of(layer(CUDA | package("torch", "2.4.0+cpu")))), "CUDA without use") is not None


@pytest.mark.parametrize(
    "user",
    [
        package("onnxruntime_gpu"),
        package("torch", "2.4.0"),
        package("cupy-cuda12x"),
        package("tensorflow"),
        package("nvidia-tensorrt") | {"opt/tritonserver/bin/tritonserver": 5},
        {f"{SITE}/onnxruntime/capi/libonnxruntime_providers_cuda.so": 10},
    ],
)
def test_anything_that_may_use_cuda_says_no(user: dict[str, Content]) -> None:
    files = CUDA | package("onnxruntime") | user
    assert kind(leftovers_of(image_of(layer(files))), "CUDA without use") is None


def test_without_a_known_server_nothing_is_claimed() -> None:
    assert kind(leftovers_of(image_of(layer(CUDA | package("flask")))), "CUDA without use") is None


def test_a_cpu_server_without_cuda_has_no_leftover() -> None:
    assert kind(leftovers_of(image_of(layer(package("onnxruntime") | {"usr/lib/libm.so.6": 5}))), "CUDA without use") is None


def test_asking_for_gpus_is_mentioned() -> None:
    image = image_of(layer(CUDA | package("onnxruntime")), environment=(("NVIDIA_VISIBLE_DEVICES", "all"),))
    found = kind(leftovers_of(image), "CUDA without use")
    assert found is not None
    assert "NVIDIA_VISIBLE_DEVICES is set" in found.note


def test_nothing_is_claimed_of_layers_that_were_not_read() -> None:
    image = image_of(replace(layer(CUDA | package("onnxruntime")), problem="truncated"))
    assert kind(leftovers_of(image), "CUDA without use") is None
