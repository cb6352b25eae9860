"""Weights of one model that lie in an image in several formats or precisions, told by names and sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

MODEL_SUFFIXES: Final = (
    ".onnx", ".safetensors", ".pt", ".pth", ".h5", ".hdf5", ".keras", ".tflite", ".gguf",
    ".bin", ".pb", ".msgpack", ".ot", ".ckpt",
)  # fmt: skip
_ALWAYS_WEIGHTS: Final = tuple(suffix for suffix in MODEL_SUFFIXES if suffix not in (".bin", ".pb", ".msgpack", ".ot", ".ckpt"))
_ENDINGS: Final = frozenset(suffix.removeprefix(".") for suffix in MODEL_SUFFIXES)
_EXTERNAL_ENDINGS: Final = ("onnx_data", "data")
_EXTERNAL: Final = re.compile(r"\.onnx(?:_data|\.data)(?:_\d+)?$")
_SHARD: Final = re.compile(r"-\d{5}-of-\d{5}$")
_PRECISION: Final = re.compile(
    r"(?:[-_.](?:fp16|fp32|fp8|f16|f32|float16|float32|half|bf16|bfloat16|int8|uint8|int4|q4|q4f16|q8|quantized|quant|bnb4))+$",
    re.IGNORECASE,
)
_HUB_STEMS: Final = {"pytorch_model": "model", "tf_model": "model", "flax_model": "model", "rust_model": "model"}
"""What Hugging Face's hub calls one model in different formats."""
_LONGEST_END: Final = 16
"""Characters that the longest suffix of weights fits into, such as .onnx_data_12."""
_LONGEST_NAME: Final = 255
_LEAST_RATIO: Final = 0.2
"""Between the smaller and the larger of two variants: int8 is a quarter of fp32, with something on top."""


def weights_twice(sizes: Mapping[str, int]) -> tuple[tuple[str, ...], str]:
    """Return the paths of weights that another variant of the same model stands in for, and what that rests on.

    sizes are the bytes of files by path. Variants are files of one folder (or its onnx/ folder) with the same name but for
    precision and suffix, and of similar size, shards and external data added up; the largest variant is kept.
    """
    families: dict[tuple[str, str], dict[str, list[str]]] = {}
    for path in sizes:
        found = _variant(path)
        if found:
            family, variant = found
            families.setdefault(family, {}).setdefault(variant, []).append(path)
    twice: list[str] = []
    kinds: set[str] = set()
    for variants in families.values():
        dispensable = _dispensable(variants, sizes)
        if dispensable:
            kinds.update(variants)
            twice.extend(path for name in dispensable for path in variants[name])
    note = (
        f"told by name and size ({', '.join(sorted(kinds))}); all but the largest variant of each is counted" if twice else ""
    )
    return tuple(twice), note


def may_be_weights(ending: str) -> bool:
    """Tell whether the name of a file of weights may end so: what follows the last dot of a path."""
    lowered = ending.lower()
    return lowered in _ENDINGS or lowered.startswith(_EXTERNAL_ENDINGS)


def is_weights(path: str) -> bool:
    """Tell whether a file holds weights, by its name."""
    return path.lower().endswith(_ALWAYS_WEIGHTS) or _variant(path) is not None


def _variant(path: str) -> tuple[tuple[str, str], str] | None:
    """Return the family of a file of weights, as folder and name, and which variant it is: suffix and precision."""
    end = path[-_LONGEST_END:].lower()
    if ".onnx" not in end and not end.endswith(MODEL_SUFFIXES):
        return None
    lowered = _EXTERNAL.sub(".onnx", path.lower())
    folder, _, name = lowered.rpartition("/")
    if not lowered.endswith(MODEL_SUFFIXES) or len(name) > _LONGEST_NAME:
        return None
    stem, _, suffix = name.rpartition(".")
    stem = _SHARD.sub("", stem)
    bare = _PRECISION.sub("", stem)
    precision = stem[len(bare) :].strip("-_.")
    if suffix == "pb" and bare != "frozen_inference_graph" and not precision:
        return None
    folder = folder.removesuffix("/onnx") if folder != "onnx" else ""
    return (folder, _HUB_STEMS.get(bare, bare)), f".{suffix} {precision}".rstrip()


def _dispensable(variants: Mapping[str, Iterable[str]], sizes: Mapping[str, int]) -> list[str]:
    """Return the variants to do without: those of a size near enough to the largest one's."""
    if len(variants) < 2 or not any(name.startswith(_ALWAYS_WEIGHTS) for name in variants):
        return []
    totals = {name: sum(sizes[path] for path in paths) for name, paths in variants.items()}
    kept = max(totals, key=lambda name: (totals[name], name))
    return [name for name, total in totals.items() if name != kept and total >= max(1, _LEAST_RATIO * totals[kept])]
