"""What a frozen SavedModel is called by how it was made."""

from __future__ import annotations

from typing import Final

FROZEN: Final = "frozen"
REWRITTEN: Final = "frozen, then Grappler"

RECIPES: Final = {
    FROZEN: ("variables frozen to constants (convert_variables_to_constants_v2), functions inlined",),
    REWRITTEN: (
        "variables frozen to constants (convert_variables_to_constants_v2), functions inlined",
        "Grappler: functions inlined, pruning, constant folding, shapes, arithmetic, dependencies",
    ),
}
SHARED: Final = "all signatures in one graph, equal constants once"
