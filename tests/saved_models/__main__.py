"""Make every artifact and write down what TensorFlow says of it: `python -m tests.saved_models FOLDER [NAME...]`.

FOLDER gets NAME/ and NAME.json for each, or NAME.failed with the traceback.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.saved_models import by_hand, graphs, keras_models, modules, planted, published, servable, serving, signatures
from tests.saved_models.truth import truth_of

MAKERS: dict[str, Callable[[Path], None]] = {
    **published.MAKERS,
    **keras_models.MAKERS,
    **modules.MAKERS,
    **graphs.MAKERS,
    **servable.MAKERS,
    **serving.MAKERS,
    **signatures.MAKERS,
    **by_hand.MAKERS,
    **planted.MAKERS,
}


def make(name: str, folder: Path) -> None:
    """Make one artifact and its truth."""
    target = folder / name
    MAKERS[name](target)
    truth = truth_of(target, by_command_line=not name.startswith("planted"))
    (folder / f"{name}.json").write_text(json.dumps(truth, indent=1, sort_keys=True))


def main() -> int:
    """Make the artifacts named, or all; a maker that fails does not stop the others."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    os.chdir(scratch)
    for name in sys.argv[2:] or MAKERS:
        try:
            make(name, folder)
        except Exception:
            (folder / f"{name}.failed").write_text(traceback.format_exc())
    return 0


if __name__ == "__main__":
    sys.exit(main())
