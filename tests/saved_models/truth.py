"""What TensorFlow says of an artifact, as JSON: the protobufs by its own classes, its command, its checkpoint reader.

tag_sets: [{tags, tensorflow_version, stripped_default_attrs, node_count, object_count, operators, functions: {name: nodes},
assets: {tensor: filename}, signatures: {name: {method, inputs, outputs}}}]; inputs and outputs: {name: {dtype, shape, tensor,
default}}. command_line: {tags: {signature: …}} as `saved_model_cli show --all` prints it. variables: {key: {dtype, shape,
byte_count, sha256}}, the last two None for text. fingerprint: None without one.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.framework import meta_graph
from tensorflow.python.saved_model import constants, loader_impl
from tensorflow.python.tools import saved_model_cli

Json = dict[str, Any]


def truth_of(folder: Path, by_command_line: bool = True) -> Json:
    """Return the truth of one SavedModel, or of each version of a serving folder under its name."""
    if not any((folder / name).exists() for name in ("saved_model.pb", "saved_model.pbtxt")):
        return {"versions": {one.name: truth_of(one, by_command_line) for one in sorted(folder.iterdir())}}
    proto = loader_impl.parse_saved_model(str(folder))
    return {
        "tag_sets": [_tag_set(one) for one in proto.meta_graphs],
        "command_line": _shown(folder) if by_command_line else None,
        "variables": _variables(folder / "variables" / "variables"),
        "fingerprint": _fingerprint(folder),
    }


def _tag_set(one: meta_graph_pb2.MetaGraphDef) -> Json:
    return {
        "tags": list(one.meta_info_def.tags),
        "tensorflow_version": one.meta_info_def.tensorflow_version,
        "stripped_default_attrs": one.meta_info_def.stripped_default_attrs,
        "node_count": len(one.graph_def.node),
        "object_count": len(one.object_graph_def.nodes),
        "operators": sorted(meta_graph.ops_used_by_graph_def(one.graph_def)),
        "functions": {function.signature.name: len(function.node_def) for function in one.graph_def.library.function},
        "assets": {asset.tensor_info.name: asset.filename for asset in _assets(one)},
        "signatures": {name: _signature(signature) for name, signature in one.signature_def.items()},
    }


def _assets(one: meta_graph_pb2.MetaGraphDef) -> list[meta_graph_pb2.AssetFileDef]:
    packed = one.collection_def[constants.ASSETS_KEY].any_list.value if constants.ASSETS_KEY in one.collection_def else []
    of_collection = [meta_graph_pb2.AssetFileDef.FromString(value.value) for value in packed]
    return [*one.asset_file_def] or of_collection


def _signature(signature: meta_graph_pb2.SignatureDef) -> Json:
    inputs = {name: _tensor(info) | {"default": None} for name, info in signature.inputs.items()}
    for name, value in signature.defaults.items():
        inputs[name]["default"] = _plain(tf.make_ndarray(value))
    outputs = {name: _tensor(info) | {"default": None} for name, info in signature.outputs.items()}
    return {"method": signature.method_name, "inputs": inputs, "outputs": outputs}


def _plain(value: np.ndarray) -> Any:
    if value.dtype == object:
        return np.vectorize(lambda text: text.decode(), otypes=[object])(value).tolist()
    return value.tolist()


def _tensor(info: meta_graph_pb2.TensorInfo) -> Json:
    unknown = info.tensor_shape.unknown_rank
    shape = None if unknown else [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim]
    return {"dtype": _dtype(types_pb2.DataType.Name(info.dtype)), "shape": shape, "tensor": info.name}


def _dtype(name: str) -> str:
    return "undefined" if name == "DT_INVALID" else tf.as_dtype(types_pb2.DataType.Value(name)).name


def _variables(prefix: Path) -> Json:
    if not prefix.with_suffix(".index").exists():
        return {}
    reader = tf.train.load_checkpoint(str(prefix))
    return {key: _variable(reader, key, dtype) for key, dtype in reader.get_variable_to_dtype_map().items()}


def _variable(reader: Any, key: str, dtype: tf.DType) -> Json:
    value = np.asarray(reader.get_tensor(key))
    is_text = dtype == tf.string
    return {
        "dtype": dtype.name,
        "shape": reader.get_variable_to_shape_map()[key],
        "byte_count": None if is_text else value.nbytes,
        "sha256": None if is_text else hashlib.sha256(value.tobytes()).hexdigest(),
    }


def _fingerprint(folder: Path) -> Json | None:
    try:
        found = tf.saved_model.experimental.read_fingerprint(str(folder))
    except FileNotFoundError:
        return None
    names = (
        "saved_model_checksum",
        "graph_def_program_hash",
        "signature_def_hash",
        "saved_object_graph_hash",
        "checkpoint_hash",
    )
    return {name: getattr(found, name) for name in names}


_TAGS = re.compile(r"MetaGraphDef with tag-set: '(.*)' contains")
_SIGNATURE = re.compile(r"signature_def\['(.*)'\]:$")
_TENSOR = re.compile(r" +(inputs|outputs)\['(.*)'\] tensor_info:$")
_FACT = re.compile(r" +(dtype|shape|name): (.*)$")
_METHOD = re.compile(r"  Method name is: (.*)$")


def _shown(folder: Path) -> Json:
    """Return what the lines of `saved_model_cli show --all` say."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        saved_model_cli._show_all(str(folder))
    shown: Json = {}
    tags, signature, tensor = {}, {}, {}
    for line in out.getvalue().split("\n"):
        if match := _TAGS.match(line):
            tags = shown[match[1]] = {}
        elif match := _SIGNATURE.match(line):
            signature = tags[match[1]] = {"inputs": {}, "outputs": {}}
        elif match := _TENSOR.match(line):
            tensor = signature[match[1]][match[2]] = {}
        elif match := _FACT.match(line):
            tensor[match[1]] = match[2]
        elif match := _METHOD.match(line):
            signature["method"] = match[1]
    return shown
