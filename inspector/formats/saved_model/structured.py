"""StructuredValue: the Python arguments and results of a traced function, and where in them each tensor sits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from inspector.formats.clean_text import TextCleaner

MOST_LEAVES: Final = 10_000
_LISTS: Final = {"list_value": "list_value", "tuple_value": "tuple_value"}
_SPECS: Final = frozenset({"tensor_spec_value", "bounded_tensor_spec_value"})


def spec_places(message: Any, cleaner: TextCleaner) -> dict[str, str]:
    """Return where each tensor sits in the arguments of a function, by the tensor's name: "args[0]['x']", "kwargs['y']"."""
    places: dict[str, str] = {}
    for number, (path, value) in enumerate(_leaves(message, "", cleaner)):
        if number >= MOST_LEAVES:
            break
        if value.WhichOneof("kind") in _SPECS:
            name = cleaner.names[getattr(value, value.WhichOneof("kind")).name]
            places.setdefault(name, _named(path))
    return places


def result_places(message: Any, cleaner: TextCleaner) -> dict[str, str]:
    """Return where each tensor sits in the results of a function that returns a dictionary, by its key."""
    return {key: path for path, _, key in _results(message, cleaner)}


def is_traced_for_training(message: Any) -> bool:
    """Tell whether a function was traced with its argument training, or the one after the inputs, being true."""
    if message.WhichOneof("kind") != "tuple_value" or len(message.tuple_value.values) != 2:
        return False
    args, kwargs = message.tuple_value.values
    named = any(one.key == b"training" and one.value.bool_value for one in kwargs.dict_value.fields)
    positional = args.tuple_value.values[1:]
    return named or any(one.WhichOneof("kind") == "bool_value" and one.bool_value for one in positional)


def _results(message: Any, cleaner: TextCleaner) -> Iterator[tuple[str, Any, str]]:
    for number, (path, value) in enumerate(_leaves(message, "", cleaner)):
        if number >= MOST_LEAVES:
            return
        kind = value.WhichOneof("kind")
        if kind in _SPECS:
            yield path, value, cleaner.names[getattr(value, kind).name]


def _leaves(message: Any, path: str, cleaner: TextCleaner) -> Iterator[tuple[str, Any]]:
    """Yield every value that holds no others; protobuf's own limit bounds how deep they nest."""
    kind = message.WhichOneof("kind")
    if kind in _LISTS:
        for position, value in enumerate(getattr(message, kind).values):
            yield from _leaves(value, f"{path}[{position}]", cleaner)
    elif kind == "dict_value":
        for entry in message.dict_value.fields:
            yield from _leaves(entry.value, f"{path}['{cleaner.clean_value(entry.key)}']", cleaner)
    elif kind == "named_tuple_value":
        for entry in message.named_tuple_value.values:
            yield from _leaves(entry.value, f"{path}.{cleaner.clean_value(entry.key)}", cleaner)
    elif kind == "type_spec_value":
        yield from _leaves(message.type_spec_value.type_state, path, cleaner)
    else:
        yield path, message


def _named(path: str) -> str:
    """Return the path with the pair of arguments and keyword arguments named: they are always the first two."""
    if path.startswith("[0]"):
        return f"args{path[3:]}"
    return f"kwargs{path[3:]}" if path.startswith("[1]") else path
