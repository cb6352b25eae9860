"""A contract as YAML for people: its parts in order, each with a line that says what it is for."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from inspector.formats.contract_file.plain import plain_values

if TYPE_CHECKING:
    from inspector.records.contract import Contract

_WIDTH: Final = 120
_LONGEST_IN_BRACES: Final = 80

_HEAD: Final = """\
# What this artifact promises to whoever serves it.
# Check one against it: modelpack-tui ARTIFACT --contract THIS_FILE
"""

_COMMENTS: Final = {
    "inputs": "In order. shape: a number is a fixed length, a name one that may vary, null one that is not known.\n"
    "range: {low, high} bounds the values that make sense; description says what they mean.",
    "outputs": "As inputs.",
    "preprocessing": "What happens to raw data before it is an input, in order.",
    "provenance": "What the artifact was made of, with what, and how.",
    "runtime": "What it takes to run it; operator sets are the newest that may be used.",
    "conformance": "The metric on labelled data (.npz) that a change may lose at most margin of, shown at confidence.",
    "tolerances": "How far outputs may be from the original's, where each optimizer's default does not do.",
    "limits": "What the artifact must stay within.",
}

_EXAMPLES: Final = {
    "conformance": "conformance: {metric: accuracy, labels: label, margin: 0.005, confidence: 0.95}",
    "limits": "limits: {size_bytes: 50000000, latency_ms: 20, cold_start_ms: 500}",
}
"""What is worth adding to a contract that was derived, in comments where it is missing."""


def contract_text(contract: Contract) -> str:
    """Return the contract as YAML that read_contract reads back as it was; parts that are empty are left out."""
    values = plain_values(contract)
    parts = [_HEAD + _dump({"contract": values.pop("contract")})]
    if "name" in values:
        parts[0] += _dump({"name": values.pop("name")})
    for key, comment in _COMMENTS.items():
        if key in values:
            parts.append(_commented(comment) + _dump({key: values[key]}))
        elif key in _EXAMPLES:
            parts.append(_commented(f"{comment} Such as:\n  {_EXAMPLES[key]}"))
    return "\n".join(parts)


def _commented(text: str) -> str:
    return textwrap.indent(text, "# ") + "\n"


def _dump(values: dict[str, Any]) -> str:
    import yaml

    # Without a style of their own, mappings of nothing but scalars stand in braces, which a document must not begin with.
    flow = None if any(isinstance(value, list | dict) for value in values.values()) else False
    text: str = yaml.dump(values, Dumper=_dumper(), sort_keys=False, allow_unicode=True, default_flow_style=flow, width=_WIDTH)
    return text


def _readable(node: Any) -> Any:
    """Put what is too long for one line in braces or brackets on lines of its own."""
    items = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    if node.flow_style and sum(len(item.value) + len(", ") for item in items) > _LONGEST_IN_BRACES:
        node.flow_style = False
    return node


def _dumper() -> type[Any]:
    """Return a dumper that quotes what either YAML 1.1 or 1.2 would take for something other than text."""
    import yaml

    from inspector.formats.contract_file.yaml_values import FLOAT, INTEGER

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

        def represent_mapping(self, *arguments: Any, **options: Any) -> Any:
            return _readable(super().represent_mapping(*arguments, **options))

        def represent_sequence(self, *arguments: Any, **options: Any) -> Any:
            return _readable(super().represent_sequence(*arguments, **options))

    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+.0123456789"))
    Dumper.add_implicit_resolver("tag:yaml.org,2002:int", INTEGER, list("-+0123456789"))
    return Dumper
