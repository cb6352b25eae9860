"""Graphs that call themselves, fork without end, name what is not there, or carry text that is no text."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.hostile.wire import field, tag, varint
from tests.e2e.hostile_saved_models import protos
from tests.e2e.hostile_saved_models.cases import Case, definition
from tests.e2e.hostile_saved_models.protos import (
    NODES,
    asset,
    call,
    entry,
    function,
    graph,
    meta_graph,
    node,
    of_function,
    of_text,
    saved_model,
    signature,
    small,
    tensor_info,
    text_tensor,
)

SAMPLE = (Path(__file__).parents[3] / "sample_models" / "digits_keras" / "saved_model.pb").read_bytes()


def _calling(*functions: bytes) -> bytes:
    """Return the small model whose output waits for a call of the first function, "f0"."""
    waiting = node(b"y", b"MatMul", [b"x", b"read", b"^start"], T=protos.of_type(protos.FLOAT))
    return saved_model(meta_graph(graph([*NODES[:3], waiting, call(b"start", b"f0")], list(functions))))


def _forking(depth: int) -> bytes:
    """Functions of which each calls the next one twice: as many paths as 2**depth."""
    levels = [function(b"f%d" % i, [call(b"a", b"f%d" % (i + 1)), call(b"b", b"f%d" % (i + 1))]) for i in range(depth)]
    return _calling(*levels, function(b"f%d" % depth, [node(b"done", b"NoOp")]))


def _chain(depth: int, last: bytes) -> bytes:
    levels = [function(b"f%d" % i, [call(b"next", b"f%d" % (i + 1))]) for i in range(depth)]
    return _calling(*levels, function(b"f%d" % depth, [last]))


def _everyone_calls_everyone(count: int) -> bytes:
    bodies = [[call(b"c%d" % j, b"f%d" % j) for j in range(count)] for _ in range(count)]
    return _calling(*(function(b"f%d" % i, body) for i, body in enumerate(bodies)))


def _nested(depth: int, wrap: int, inner: bytes = b"") -> bytes:
    for _ in range(depth):
        inner = field(wrap, inner)
    return inner


def _functions_in_attributes(depth: int) -> bytes:
    """An attribute that names a function with an attribute that names a function…"""
    value = of_function(b"f")
    for _ in range(depth):
        value = field(10, field(1, b"f") + entry(2, b"f", value))
    return small(nodes=[node(b"deep", b"NoOp", f=value)])


def _objects(*nodes: bytes) -> bytes:
    return small(field(7, b"".join(field(1, one) for one in nodes)))


def _variables(count: int) -> bytes:
    """An object graph of many variables that the checkpoint does not hold."""
    kind = field(7, field(1, protos.FLOAT) + field(2, protos.shape([2, 2])) + field(6, b"v"))
    return _objects(b"".join(_child(i + 1, b"v%d" % i) for i in range(count)), *[kind] * count)


def _child(index: int, name: bytes = b"child") -> bytes:
    return field(1, field(1, index) + field(2, name))


def _write_file(path: bytes) -> list[bytes]:
    constant = node(b"path", b"Const", dtype=protos.of_type(protos.STRING), value=field(8, text_tensor(path)))
    return [constant, node(b"write", b"WriteFile", [b"path", b"path"])]


def _loading(nodes: list[bytes]) -> bytes:
    """A model whose init op is the last of these nodes."""
    runs = entry(5, b"__saved_model_init_op", signature({}, {b"__saved_model_init_op": tensor_info(b"write", None, 0)}))
    return small(runs, nodes=nodes)


WHILE = {"cond": of_function(b"f0"), "body": of_function(b"f0")}
TEXT = b"\x1b]52;c;aGVsbG8=\x07\n\r\t\0[/foo][bold]\xe2\x80\xae\xed\xa0\x80\xff"

READ = {
    "call-of-itself": _calling(function(b"f0", [call(b"again", b"f0")])),
    "calls-in-a-circle": _calling(*(function(b"f%d" % i, [call(b"on", b"f%d" % ((i + 1) % 50))]) for i in range(50))),
    "while-of-itself": _calling(function(b"f0", [node(b"loop", b"While", **WHILE)])),
    "gradient-of-itself": _calling(function(b"f0", [call(b"again", b"f0")]))
    + field(2, field(2, field(2, field(2, field(1, b"f0") + field(2, b"f0"))))),
    "forking-2-to-the-64": _forking(64),
    "chain-of-3000-calls": _chain(3000, node(b"done", b"NoOp")),
    "everyone-calls-everyone": _everyone_calls_everyone(60),
    "function-twice": _calling(function(b"f0", [node(b"a", b"NoOp")]), function(b"f0", [node(b"b", b"NoOp")])),
    "function-without-name": _calling(function(b"", [call(b"a", b"")])),
    "node-twice": small(nodes=[NODES[0], NODES[0]]),
    "node-without-name": small(nodes=[node(b"", b"NoOp"), node(b"", b"")]),
    "loop-in-the-data": small(nodes=[node(b"a", b"Neg", [b"b"]), node(b"b", b"Neg", [b"a"]), node(b"c", b"Neg", [b"c"])]),
    "input-missing": small(
        nodes=[node(b"a", b"Neg", [b"nowhere:3"]), node(b"b", b"Neg", [b"^", b":", b"x:-1", b"x:y:z", b""])]
    ),
    "output-number-past-reason": small(nodes=[node(b"a", b"Neg", [b"x:99999999999999999999"])]),
    "escapes-everywhere": small(nodes=[node(TEXT, TEXT, [TEXT], label=of_text(TEXT))], functions=[function(TEXT, [])]),
    "name-of-a-megabyte": small(nodes=[node(b"n" * (1 << 20), b"NoOp")]),
    "inputs-100000": small(nodes=[node(b"wide", b"AddN", [b"x"] * 100_000)]),
    "attributes-10000": small(nodes=[node(b"many", b"NoOp", **{f"a{i}": of_text(b"v") for i in range(10_000)})]),
    "shape-of-rank-100000": small(nodes=[node(b"deep", b"NoOp", shape=protos.of_shape([1] * 100_000))]),
    "constant-that-claims-an-exabyte": small(nodes=[node(b"big", b"Const", value=field(8, protos.tensor(1, [2**40, 2**20])))]),
    "object-of-itself": _objects(_child(0), _child(1) + _child(0) + _child(1)),
    "object-past-the-end": _objects(_child(7) + _child(-1) + _child(2**31 - 1)),
    "objects-in-a-chain": _objects(*(_child(i + 1) for i in range(5000)), b""),
    "slots-of-nothing": _objects(field(3, field(1, 99) + field(2, b"m") + field(3, -5))),
    "objects-of-20000-variables": _variables(20_000),
    "objects-of-escapes": _objects(_child(1, TEXT), field(4, field(1, TEXT) + field(3, b'{"class_name": '))),
    "two-alike-tag-sets": saved_model(meta_graph(graph(NODES)), meta_graph(graph(NODES))),
    "no-tags": saved_model(meta_graph(graph(NODES), tags=())),
    "no-signatures": saved_model(meta_graph(graph(NODES), signatures={})),
    "signature-of-nothing": saved_model(
        meta_graph(graph(NODES), signatures={b"serving_default": signature({}, {b"y": tensor_info(b"nowhere:7", [-1])})})
    ),
    "signature-of-escapes": saved_model(
        meta_graph(
            graph(NODES), signatures={TEXT: signature({TEXT: tensor_info(TEXT, [-7, 2**62])}, {TEXT: tensor_info(b"", None)})}
        )
    ),
    "packed-and-groups": small() + tag(15, 3) + field(1, 5) + tag(15, 4),
}
"""Read, whatever is found."""

FOUND = {
    "asset-that-leaves-the-folder": (small(asset(b"../../../etc/passwd")), "asset-escapes"),
    "asset-with-an-absolute-name": (small(asset(b"/etc/passwd")), "asset-escapes"),
    "asset-that-is-not-there": (small(asset(b"vocabulary.txt")), "asset-missing"),
    "write-at-load": (_loading(_write_file(b"/etc/cron.d/x")), "writes-files"),
    "write-at-load-of-escapes": (_loading(_write_file(b"/tmp/" + TEXT)), "writes-files"),
    "write-behind-3000-calls": (_chain(3000, _write_file(b"/etc/x")[1]), "writes-files"),
    "call-of-nothing": (_calling(function(b"f0", [call(b"gone", b"nowhere")])), "function-missing"),
    "call-of-nothing-by-name": (_calling(function(b"f0", [node(b"gone", b"__inference_nowhere_1")])), "function-missing"),
    "call-of-escapes": (_calling(function(b"f0", [call(b"gone", TEXT)])), "function-missing"),
    "unknown-operator": (small(nodes=[node(b"odd", b"AcmeOp")]), "custom-operator"),
}
"""Read, with a finding of this rule."""

REFUSED = {
    "empty": b"",
    "zeros": bytes(4096),
    "ones": b"\xff" * 4096,
    "text": b"This is not the model you are looking for.\n" * 20,
    "no-meta-graph": field(1, 1),
    "deep-groups": tag(15, 3) * 100_000,
    "length-past-the-end": field(1, 1) + tag(2, 2) + varint(1 << 40) + b"x",
    "deep-unknown-messages": saved_model(meta_graph(graph([field(1, b"n") + tag(5, 2) + varint(1 << 33)]))),
}

EITHER = {
    "functions-in-attributes": _functions_in_attributes(3000),
    "deep-object-graph": small(field(7, _nested(20_000, 1))),
    "schema-of-tomorrow": saved_model(meta_graph(graph(NODES)), version=99),
    "meta-graphs-2000": saved_model(*[meta_graph(graph(NODES))] * 2000),
    "empty-asset-name": small(asset(b""), asset(b"."), asset(b".."), asset(b"a\0b"), asset(TEXT), asset(b"n" * 5000)),
    **{
        f"flipped-{at}": SAMPLE[:at] + bytes([SAMPLE[at] ^ 1 << at % 8]) + SAMPLE[at + 1 :]
        for at in range(3, len(SAMPLE), 25_013)
    },
}

CASES = [
    *(Case(f"graph-{name}", definition(data), sound=False) for name, data in READ.items()),
    *(Case(f"graph-{name}", definition(data), finds=(rule,)) for name, (data, rule) in FOUND.items()),
    *(Case(f"graph-{name}", definition(data), refused=True) for name, data in REFUSED.items()),
    *(Case(f"graph-{name}", definition(data)) for name, data in EITHER.items()),
]
