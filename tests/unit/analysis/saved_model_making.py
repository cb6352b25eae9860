"""SavedModels written in a few lines, for tests of what analysis makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from inspector.records.artifact import Artifact, Computation
from inspector.records.graph import Attribute, Call, Function, Graph, Node, NodeRef
from inspector.records.saved_model import (
    TENSORFLOW,
    EntryKind,
    EntryPoint,
    MetaGraphFacts,
    SavedModelFacts,
    SignatureFacts,
    SignatureTensor,
    WarmUp,
)
from inspector.records.tensor import Shape, Storage, TensorSpec, Weight

AROUND = "graph:serve"
WARM_UP = WarmUp("assets.extra/tf_serving_warmup_requests", 100, 1, {"predict": 1}, ("",))


def node(
    operator: str,
    inputs: str = "",
    outputs: str = "",
    *,
    name: str = "",
    calls: Mapping[str, str] | None = None,
    after: str = "",
    **attributes: Any,
) -> Node:
    """Return a node, numbered when its graph is made; "_" is an empty input, calls are functions by attribute."""
    kinds: dict[type, Any] = {int: "int", float: "float", str: "string", tuple: "ints", list: "strings"}
    given = tuple(
        Attribute(key, kinds[type(value)], tuple(value) if isinstance(value, list) else value)
        for key, value in attributes.items()
    )
    made = tuple(outputs.split())
    read = tuple("" if part == "_" else part for part in inputs.split())
    called = tuple(Call(attribute, f"function:{function}") for attribute, function in (calls or {}).items())
    return Node(
        -1,
        name or (made[0] if made else operator),
        operator,
        TENSORFLOW,
        read,
        made,
        given,
        calls=called,
        control_inputs=tuple(after.split()),
    )


def const(name: str, text: str = "") -> tuple[Node, str]:
    """Return a string constant with its text."""
    return node("Const", outputs=name), text


def graph(path: str, *nodes: Node | tuple[Node, str], inputs: str = "", outputs: str = "", values: str = "") -> Graph:
    """Return a graph; inputs and values are written as "x:float32[batch,3,?]"."""
    plain = [one[0] if isinstance(one, tuple) else one for one in nodes]
    numbered = tuple(replace(one, index=index) for index, one in enumerate(plain))
    fed = tuple(map(spec, inputs.split()))
    known = {one.name: one for one in (*map(spec, values.split()), *fed)}
    given = tuple(known.get(name, TensorSpec(name)) for name in outputs.split())
    return Graph(path, path.removeprefix("function:") if path.startswith("function:") else "", fed, given, numbered, known)


def spec(text: str) -> TensorSpec:
    """Return a tensor from "x:float32[batch,3,?]"; without brackets its rank is unknown."""
    name, _, described = text.partition(":")
    dtype, bracket, dims = (described or "float32").partition("[")
    shape: Shape = tuple(
        None if dim == "?" else int(dim) if dim.isdigit() else dim for dim in dims.rstrip("]").split(",") if dim
    )
    return TensorSpec(name, dtype, shape if bracket else None)


def function(name: str, *nodes: Node | tuple[Node, str], inputs: str = "", outputs: str = "", values: str = "") -> Graph:
    """Return the body of a function."""
    return graph(f"function:{name}", *nodes, inputs=inputs, outputs=outputs, values=values)


def entry(kind: EntryKind, name: str, *nodes: int, graphs: Sequence[str] = ()) -> EntryPoint:
    """Return an entry at nodes around the main graph, or at whole graphs ("" or the names of functions)."""
    paths = tuple(f"function:{one}" if one else "" for one in graphs)
    return EntryPoint(kind, name, tuple(NodeRef(AROUND, index) for index in nodes), paths)


def signature(*inputs: str, name: str = "serving_default", path: str | None = "", wrapper: str = "") -> SignatureFacts:
    """Return a signature whose inputs are written as spec() reads them."""
    fed = tuple(SignatureTensor(one.name, one.dtype, one.shape, f"serving_{one.name}:0") for one in map(spec, inputs))
    return SignatureFacts(
        name, "tensorflow/serving/predict", fed, (SignatureTensor("y", "float32", (None,)),), path, "", wrapper
    )


def computation(
    main: Graph,
    *functions: Graph,
    around: Graph | None = None,
    texts: Mapping[tuple[str, str], str] | None = None,
    entries: Sequence[EntryPoint] = (),
    weights: Sequence[Weight] = (),
    values: Mapping[tuple[str, str], tuple[int, ...]] | None = None,
    facts: Mapping[str, Any] | None = None,
    **meta: Any,
) -> Computation:
    """Return a SavedModel in which nothing but what the test is about could be found: served, with warm-up requests."""
    paths = (AROUND,) if around is not None else ()
    tag_set = MetaGraphFacts(
        **{
            "tags": ("serve",),
            "is_main": True,
            "graphs": paths,
            "signatures": (signature("x:float32[?,4]"),),
            "entries": tuple(entries),
        }
        | meta
    )
    about: dict[str, Any] = {"warm_up": WARM_UP} | dict(facts or {})
    about.setdefault("tag_sets", (tag_set,))
    return Computation(
        Artifact("m", "saved_model", 1000),
        (),
        main,
        tuple(Function("", body.name, "", body) for body in functions),
        weights=tuple(weights),
        small_values=dict(values or {}),
        small_texts={place: (text,) for place, text in (texts or {}).items()},
        surroundings=(around,) if around is not None else (),
        saved_model=SavedModelFacts(folder="m", definition="saved_model.pb", schema_version=1, **about),
    )


def variable(name: str, *shape: int, dtype: str = "float32", path: str = "") -> Weight:
    """Return the stored values of a variable."""
    return Weight(name, dtype, shape, Storage("external", "variables/variables.data-00000-of-00001"), "variable", path)
