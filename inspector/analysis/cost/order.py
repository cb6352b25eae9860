"""The order in which nodes can be costed: what they read is known before them."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.records.graph import Node


def execution_order(nodes: Sequence[Node]) -> Sequence[Node]:
    """Return the nodes, each after those it reads from as far as circles allow: in file order where that is such an order."""
    position = {name: place for place, node in enumerate(nodes) for name in node.outputs}
    if all(position.get(name, -1) < place for place, node in enumerate(nodes) for name in node.inputs):
        return nodes
    ordered: list[Node] = []
    state = bytearray(len(nodes))
    for start in range(len(nodes)):
        pending = [start]
        while pending:
            place = pending[-1]
            if state[place]:
                pending.pop()
                if state[place] == 1:
                    state[place] = 2
                    ordered.append(nodes[place])
                continue
            state[place] = 1
            sources = (position.get(name, -1) for name in reversed(nodes[place].inputs))
            pending.extend(source for source in sources if source >= 0 and not state[source])
    return ordered
